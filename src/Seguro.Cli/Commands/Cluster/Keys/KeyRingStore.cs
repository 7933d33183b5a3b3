using System.Text;
using Seguro.Balancer;
using Seguro.Core;
using Seguro.Files;

namespace Seguro.Cli.Commands.Cluster.Keys;

/// <summary>The balancer's ring of keys in a cluster's folder: changed as a whole, in one step.</summary>
internal static class KeyRingStore
{
    private const UnixFileMode Secret = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Changes the ring; one that is not there yet is empty. Keys whose time is over are left out.</summary>
    public static KeyRing Change(string root, Func<KeyRing, KeyRing> change)
    {
        string path = Path.Combine(root, ClusterFolder.RingFile);
        KeyRing ring = File.Exists(path) ? KeyFiles.LoadRing(path).Current : new KeyRing([]);
        KeyRing changed = change(ring.At(DateTimeOffset.UtcNow));
        DurableFile.Write(path, Encoding.ASCII.GetBytes(changed.ToSecretText()), Secret);
        return changed;
    }

    /// <summary>Puts a member's own key in its place.</summary>
    public static void WriteKey(string path, MemberKey key) => DurableFile.Write(path, Encoding.ASCII.GetBytes(key.ToSecretText() + "\n"), Secret);
}
