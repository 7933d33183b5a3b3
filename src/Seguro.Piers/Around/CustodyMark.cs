using System.Text;
using Seguro.Core;
using Seguro.Files;

namespace Seguro.Piers;

/// <summary>
/// The file <c>.urb/seguro.custody</c>: the pier is of a ship that a cluster computes, and which store that cluster keeps its log in. A log that is
/// made of the pier elsewhere says the same, so that no second
/// cluster begins with it unasked. vere does not know the file.
/// </summary>
public static class CustodyMark
{
    /// <summary>The file, relative to the pier.</summary>
    public const string File = ".urb/seguro.custody";

    /// <summary>What the mark says, as <see cref="Custody.ToBytes"/> has it, on a line.</summary>
    public static byte[] ToBytes(Custody custody)
    {
        ArgumentNullException.ThrowIfNull(custody);
        return Encoding.UTF8.GetBytes($"{custody}\n");
    }

    /// <summary>Marks a pier that is there, durably. Where it says so already, nothing is written.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.FileAccess"/>, <see cref="ErrorCode.DiskFull"/>.</exception>
    public static void Write(string pier, Custody custody)
    {
        ArgumentNullException.ThrowIfNull(custody);
        string path = Path.Combine(pier, File);
        byte[] bytes = ToBytes(custody);
        if (ReadBytes(path) is { } there && there.AsSpan().SequenceEqual(bytes))
            return;
        DurableFile.Write(path, bytes, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    /// <summary>What the pier's mark says; <see langword="null"/> where there is none.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.FileAccess"/>; <see cref="ErrorCode.Corrupt"/>: it is none that Seguro writes.</exception>
    public static Custody? Read(string pier) => ReadBytes(Path.Combine(pier, File)) is { } bytes
        ? Custody.Read(new Dictionary<string, ReadOnlyMemory<byte>> { [MetadataKey.Custody] = bytes.AsMemory(..Math.Max(0, bytes.Length - 1)) })
        : null;

    private static byte[]? ReadBytes(string path)
    {
        try
        {
            return Presence.IsFile(path) ? System.IO.File.ReadAllBytes(path) : null;
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw FileFault.Reading(path, refused);
        }
    }
}
