using System.Globalization;

namespace Seguro.Stores.Dqlite;

/// <summary>The command line of <c>seguro dqlite-node</c>, as the supervisor writes it; the command reads it.</summary>
public static class NodeArguments
{
    /// <summary>The verb.</summary>
    public const string Verb = "dqlite-node";

    /// <summary>The verb and its options.</summary>
    public static IReadOnlyList<string> Write(DqliteNodeOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        List<string> arguments =
        [
            Verb,
            "--folder", options.Folder,
            "--id", options.Id.ToString(CultureInfo.InvariantCulture),
            "--address", options.Address.ToString(),
            "--cluster", options.Cluster,
            "--latency-ms", Number(options.NetworkLatency.TotalMilliseconds),
            "--snapshot-threshold", Number(options.SnapshotThreshold),
            "--snapshot-trailing", Number(options.SnapshotTrailing),
            "--max-connections", Number(options.MaxConnections),
            "--connect-ms", Number(options.ConnectTime.TotalMilliseconds),
        ];
        arguments.AddRange(options.Certificates is { } folder ? ["--certificates", folder] : ["--plain"]);
        if (options.Listen is { } listen)
            arguments.AddRange(["--listen", listen.ToString()]);
        if (options.Bootstrap)
            arguments.Add("--bootstrap");
        if (options.MustExist)
            arguments.Add("--existing");
        if (options.Supervised)
            arguments.Add("--supervised");
        return arguments;

        static string Number(double value) => ((int)value).ToString(CultureInfo.InvariantCulture);
    }
}
