using System.Globalization;
using System.Text;
using Seguro.Core;
using Seguro.Files;

namespace Seguro.Piers.LocalLogs;

/// <summary>
/// In a member's folder, the file <c>damaged-log</c>: its own log was found to be damaged, and is to be made anew from the cluster. It holds what was
/// found; once the damaged log lies aside, three lines before
/// that: the word <c>moved</c>, where to, and up to which event the new one has to reach. It goes when the new one has reached there, so that no end of the process in between loses it.
/// </summary>
/// <param name="Found">What was found.</param>
/// <param name="Aside">Where the damaged log lies; <see langword="null"/> where that is not recorded: it may be in its place still.</param>
/// <param name="Until">Where the cluster's log ended when it was moved.</param>
public sealed record DamageMark(string Found, string? Aside, EventNumber Until)
{
    /// <summary>The file's name.</summary>
    public const string FileName = "damaged-log";

    private const int LongestText = 4096;

    private const string Moved = "moved\n";

    /// <summary>The mark; <see langword="null"/> where there is none.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.FileAccess"/>.</exception>
    public static DamageMark? Read(string folder)
    {
        string path = PathOf(folder);
        try
        {
            using FileStream file = File.OpenRead(path);
            byte[] bytes = new byte[LongestText];
            string text = Encoding.UTF8.GetString(bytes, 0, file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)).Trim();
            if (text.StartsWith(Moved, StringComparison.Ordinal) && text[Moved.Length..].Split('\n', 3) is [var aside, var until, var found]
                && ulong.TryParse(until, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number))
                return new DamageMark(found, aside, new EventNumber(number));
            return new DamageMark(text.Length > 0 ? text : "it was found to be damaged", null, EventNumber.None); // a mark that was torn is one
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

    /// <summary>The damaged log lies aside: makes the mark say so, durably.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.FileAccess"/>, <see cref="ErrorCode.DiskFull"/>.</exception>
    public static void WriteMoved(string folder, string aside, EventNumber until, string found) =>
        Write(folder, string.Create(CultureInfo.InvariantCulture, $"{Moved}{aside}\n{until}\n{found}"));

    /// <summary>Takes the mark away.</summary>
    public static void Remove(string folder)
    {
        File.Delete(PathOf(folder));
        FolderSync.Flush(folder);
    }

    private static string PathOf(string folder) => Path.Combine(folder, FileName);
}
