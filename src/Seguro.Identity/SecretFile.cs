using Seguro.Core;

namespace Seguro.Identity;

/// <summary>Files that must stay secret: private keys, the keys of the balancer, tokens.</summary>
public static class SecretFile
{
    private const UnixFileMode Everybody = UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    /// <summary>Refuses a file that every user of the machine may read or write. One that is missing is not refused here.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.ExposedSecret"/>; <see cref="ErrorCode.FileAccess"/>.</exception>
    public static void Check(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            if (!File.Exists(path) || (File.GetUnixFileMode(path) & Everybody) == UnixFileMode.None)
                return;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new SeguroException(ErrorCode.FileAccess, $"{path} can't be looked at: {error.Message}", "Give the user that runs Seguro the right to read it.", error);
        }
        throw new SeguroException(ErrorCode.ExposedSecret, $"{path} holds a secret, and every user of this machine can read or change it", $"chmod 600 {path}; if others were on this machine, make a new one.");
    }
}
