using System.Runtime.InteropServices;
using LightningDB.Native;
using Seguro.Core;

namespace Seguro.Piers;

/// <summary>
/// Makes LightningDB use the system's liblmdb 0.9. The one in its package is LMDB 1.0, whose files have data version 3: it can't open what vere
/// made, and vere could not open what it made (and it wants a newer C library than Debian 12 has).
/// </summary>
internal static class LmdbLibrary
{
    private const string FileName = "liblmdb.so.0";
    private static readonly Lazy<string?> Loaded = new(Load);

    /// <summary>Must be called before the first use of <see cref="Lmdb"/>.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.MissingLibrary"/>.</exception>
    public static void Require()
    {
        if (Loaded.Value is { } why)
        {
            throw new SeguroException(
                ErrorCode.MissingLibrary,
                $"LMDB's library {FileName} (0.9) can't be used: {why}",
                "Install it: apt-get install liblmdb0");
        }
    }

    private static string? Load()
    {
        if (!NativeLibrary.TryLoad(FileName, out nint library))
            return "it is not installed";
        NativeLibrary.SetDllImportResolver(typeof(Lmdb).Assembly, (name, _, _) => name == "lmdb" ? library : 0);
        Lmdb.mdb_version(out int major, out int minor, out int patch);
        return major == 0 && minor == 9 ? null : $"it is of version {major}.{minor}.{patch}";
    }
}
