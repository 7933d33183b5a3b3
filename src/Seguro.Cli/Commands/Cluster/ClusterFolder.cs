using System.Text;
using Seguro.Core;

namespace Seguro.Cli.Commands.Cluster;

/// <summary>What <c>cluster init</c> and <c>cluster add</c> write.</summary>
internal static class ClusterFolder
{
    public const string KeyFile = "cluster.key";
    public const string Loopback = "127.0.0.1";
    public const int UsualPort = 7500;

    private const UnixFileMode Secret = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>The names by which a member's certificate is good.</summary>
    public static string[] Reached(string host) => host == Loopback ? [host, "localhost"] : [host];

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
