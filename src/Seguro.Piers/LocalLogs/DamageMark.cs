using System.Text;
using Seguro.Core;
using Seguro.Files;

namespace Seguro.Piers.LocalLogs;

/// <summary>In a member's folder, the file <c>damaged-log</c>: its own log was found to be damaged while it ran, in a place that opening it does not look at. Holds what was found.</summary>
public static class DamageMark
{
    /// <summary>The file's name.</summary>
    public const string FileName = "damaged-log";

    private const int LongestText = 4096;

    /// <summary>What was found; <see langword="null"/> where there is no mark.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.FileAccess"/>.</exception>
    public static string? Read(string folder)
    {
        string path = PathOf(folder);
        try
        {
            using FileStream file = File.OpenRead(path);
            byte[] bytes = new byte[LongestText];
            string text = Encoding.UTF8.GetString(bytes, 0, file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)).Trim();
            return text.Length > 0 ? text : "it was found to be damaged"; // a mark that was torn is one
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw FileFault.Reading(path, refused);
        }
    }

    /// <summary>Makes the mark, durably.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.FileAccess"/>, <see cref="ErrorCode.DiskFull"/>.</exception>
    public static void Write(string folder, string found) =>
        DurableFile.Write(PathOf(folder), Encoding.UTF8.GetBytes(found + "\n"), UnixFileMode.UserRead | UnixFileMode.UserWrite);

    /// <summary>Takes the mark away.</summary>
    public static void Remove(string folder)
    {
        File.Delete(PathOf(folder));
        FolderSync.Flush(folder);
    }

    private static string PathOf(string folder) => Path.Combine(folder, FileName);
}
