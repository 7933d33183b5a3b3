using System.Globalization;
using Seguro.Core;

namespace Seguro.Stores.Dqlite;

/// <summary>The command line of <c>seguro dqlite-node</c>, both ways.</summary>
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
        if (options.Supervised)
            arguments.Add("--supervised");
        return arguments;

        static string Number(double value) => ((int)value).ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>Reads what follows the verb.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.Usage"/>.</exception>
    public static DqliteNodeOptions Read(IReadOnlyList<string> arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        Dictionary<string, string> values = new(StringComparer.Ordinal);
        for (int i = 0; i < arguments.Count; i++)
        {
            string name = arguments[i];
            if (name is "--plain" or "--bootstrap" or "--supervised")
                values[name] = "";
            else if (name.StartsWith("--", StringComparison.Ordinal) && i + 1 < arguments.Count)
                values[name] = arguments[++i];
            else
                throw Usage($"'{name}' is not understood");
        }
        DqliteNodeOptions options = new()
        {
            Folder = Need("--folder"),
            Id = ulong.TryParse(Need("--id"), NumberStyles.None, CultureInfo.InvariantCulture, out ulong id) ? id : throw Usage("--id is not a number"),
            Address = NodeAddress.Parse(Need("--address")),
            Bootstrap = values.Remove("--bootstrap"),
            Supervised = values.Remove("--supervised"),
            Listen = Take("--listen") is { } listen ? NodeAddress.Parse(listen) : null,
            Certificates = Take("--certificates"),
        };
        bool plain = values.Remove("--plain");
        if (plain == options.Certificates is not null)
            throw Usage("give either --certificates FOLDER or --plain");
        options = options with
        {
            Cluster = Take("--cluster") ?? options.Cluster,
            NetworkLatency = TimeSpan.FromMilliseconds(Number("--latency-ms", (int)options.NetworkLatency.TotalMilliseconds)),
            SnapshotThreshold = Number("--snapshot-threshold", options.SnapshotThreshold),
            SnapshotTrailing = Number("--snapshot-trailing", options.SnapshotTrailing),
            MaxConnections = Number("--max-connections", options.MaxConnections),
            ConnectTime = TimeSpan.FromMilliseconds(Number("--connect-ms", (int)options.ConnectTime.TotalMilliseconds)),
        };
        return values.Count == 0 ? options : throw Usage($"there is no option {values.Keys.First()}");

        string? Take(string name) => values.Remove(name, out string? value) ? value : null;
        string Need(string name) => Take(name) ?? throw Usage($"{name} is missing");
        int Number(string name, int otherwise) => Take(name) is not { } text ? otherwise
            : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value
            : throw Usage($"{name} is not a number");
    }

    private static SeguroException Usage(string what) => new(ErrorCode.Usage, $"seguro {Verb}: {what}",
        $"Write: seguro {Verb} --folder FOLDER --id N --address HOST:PORT (--certificates FOLDER | --plain) [--bootstrap] [--cluster NAME] [--latency-ms N].");
}
