using Seguro.Core;

namespace Seguro.Files;

/// <summary>Files that hold a secret: not for everybody on the machine.</summary>
public static class SecretFile
{
    /// <summary>A group may read, as that of Debian's <c>ssl-cert</c> does.</summary>
    private const UnixFileMode Everybody = UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>Refuses a file that everybody on the machine may read, or others than its owner may write.</summary>
    /// <param name="path">An existing file.</param>
    /// <param name="what">What it holds, for the message: <c>private key</c>.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.ExposedSecret"/>, with the command that mends it; <see cref="ErrorCode.FileAccess"/>.</exception>
    public static void RefuseShared(string path, string what)
    {
        UnixFileMode mode;
        try
        {
            mode = File.GetUnixFileMode(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw FileFault.Reading(path, error);
        }
        if ((mode & Everybody) != UnixFileMode.None)
        {
            throw new SeguroException(
                ErrorCode.ExposedSecret, $"{path} holds a {what}, and others may read or write it (mode {Convert.ToString((int)mode, 8)})",
                $"Run: chmod 600 {path}. Where others may have read it, make a new one.");
        }
    }

    /// <summary>The first line of a file that nobody else may read.</summary>
    /// <param name="path">The file.</param>
    /// <param name="what">What it holds, for messages.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.NotFound"/>, <see cref="ErrorCode.FileAccess"/>, <see cref="ErrorCode.ExposedSecret"/>.</exception>
    public static string ReadLine(string path, string what)
    {
        if (!File.Exists(path))
            throw new SeguroException(ErrorCode.NotFound, $"there is no file {path} with a {what}", "Check the path after the '@'.");
        RefuseShared(path, what);
        try
        {
            using StreamReader file = new(path);
            return file.ReadLine()?.Trim() ?? "";
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw FileFault.Reading(path, error);
        }
    }
}
