using System.Security.Cryptography;
using System.Text;
using Seguro.Core;

namespace Seguro.Files;

/// <summary>A small text file that a promise rests on: it is there whole, with a checksum over it, or not at all; an empty, torn, zeroed or changed one is found out.</summary>
/// <remarks>
/// The last line is <c># sha256 DIGITS</c>, over all before it. Files without that line, as older versions wrote them, are taken where the caller
/// says so and they end with a line's end.
/// </remarks>
public static class SealedFile
{
    private const string Mark = "# sha256 ";
    private const int LongestFile = 64 << 10;

    /// <summary>Writes or replaces it; durable when it returns.</summary>
    /// <param name="path">Where.</param>
    /// <param name="text">Lines in ASCII, the last one with its end.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.FileAccess"/>.</exception>
    public static void Write(string path, string text) => DurableFile.Write(
        path, Encoding.ASCII.GetBytes($"{text}{Mark}{Digest(text)}\n"), UnixFileMode.UserRead | UnixFileMode.UserWrite);

    /// <summary>Reads it; <see langword="null"/> where there is none.</summary>
    /// <param name="path">Where.</param>
    /// <param name="takesUnsealed">A file without a checksum is taken as it is: what it says is checked by the caller.</param>
    /// <param name="nextStep">What to do about a damaged one.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.Corrupt"/>, <see cref="ErrorCode.FileAccess"/>.</exception>
    public static string? Read(string path, bool takesUnsealed, string nextStep)
    {
        byte[] bytes;
        try
        {
            FileInfo info = new(path);
            if (!info.Exists)
                return null;
            if (info.Length > LongestFile)
                throw Damaged($"has {info.Length:N0} bytes");
            bytes = File.ReadAllBytes(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw FileFault.Reading(path, error);
        }
        if (bytes.Length == 0)
            throw Damaged("is empty");
        string all = Encoding.Latin1.GetString(bytes);
        if (all.Contains('\0', StringComparison.Ordinal) || !Ascii.IsValid(bytes))
            throw Damaged("is not text");
        if (!all.EndsWith('\n'))
            throw Damaged("ends in the middle of a line");
        int mark = all.LastIndexOf(Mark, StringComparison.Ordinal);
        if (mark < 0)
            return takesUnsealed ? all : throw Damaged("has no checksum");
        string text = all[..mark];
        return all[(mark + Mark.Length)..^1] == Digest(text) ? text : throw Damaged("does not match its checksum");

        SeguroException Damaged(string how) => new(ErrorCode.Corrupt, $"{path} is damaged: it {how}", nextStep);
    }

    private static string Digest(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(text)));
}
