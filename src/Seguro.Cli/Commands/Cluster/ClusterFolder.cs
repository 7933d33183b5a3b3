using System.Globalization;
using System.Text;
using Seguro.Balancer;
using Seguro.Core;
using Seguro.Files;
using Seguro.Node.Configuration;

namespace Seguro.Cli.Commands.Cluster;

/// <summary>What <c>cluster init</c> and <c>cluster add</c> write.</summary>
internal static class ClusterFolder
{
    public const string KeyFile = "balancer.key";
    public const string RingFile = "balancer.keys";
    public const string Client = "client";
    public const string Loopback = "127.0.0.1";
    public const int UsualPort = 7500;

    private const UnixFileMode Secret = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private const string NumberFile = "last-dqlite-number";

    /// <summary>The next number for a dqlite node, which was never given out: a member's folder may have been moved away meanwhile.</summary>
    /// <param name="root">The cluster's folder.</param>
    /// <param name="known">The highest that the configurations in it name.</param>
    public static ulong NextNumber(string root, ulong known)
    {
        string path = Path.Combine(root, NumberFile);
        string said = SealedFile.Read(path, takesUnsealed: false, "Write down the highest number that `seguro cluster list` shows or that ever was given, plus one, in the new member's configuration by hand; then remove the file.") ?? "0\n";
        ulong next = Math.Max(known, ulong.Parse(said.TrimEnd('\n'), CultureInfo.InvariantCulture)) + 1;
        SealedFile.Write(path, string.Create(CultureInfo.InvariantCulture, $"{next}\n"));
        return next;
    }

    /// <summary>The names by which a member's certificate is good.</summary>
    public static string[] Reached(string host) => host == Loopback ? [host, "localhost"] : [host];

    /// <summary>The configurations of the members whose folders are in a cluster's folder, in the order of their names.</summary>
    public static IEnumerable<NodeConfiguration> Members(string root) => Directory.Exists(root)
        ? Directory.EnumerateDirectories(root).Select(static folder => Path.Combine(folder, ConfigurationReader.DefaultFile))
            .Where(File.Exists).Order(StringComparer.Ordinal)
            .Select(static file => ConfigurationReader.Read(file, []))
        : [];

    /// <summary>Makes the members' keys at the balancer: each one's into its own folder, and all of them into the balancer's file.</summary>
    public static void WriteKeys(string root, IReadOnlyList<string> members)
    {
        KeyRing keys = new([.. members.Select(static member => new KeyRingEntry(member, MemberKey.Create(), null))]);
        Write(Path.Combine(root, RingFile), keys.ToSecretText());
        foreach (KeyRingEntry entry in keys.Entries)
            Write(Path.Combine(root, entry.Member, KeyFile), entry.Key.ToSecretText() + "\n");
    }

    /// <summary>Writes a new file that only its owner may read.</summary>
    public static void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!, Secret | UnixFileMode.UserExecute);
        if (File.Exists(path))
            throw new SeguroException(ErrorCode.AlreadyExists, $"{path} exists already", "Move it away, or use another folder.");
        using FileStream stream = new(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = Secret });
        stream.Write(Encoding.UTF8.GetBytes(text));
    }
}
