using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Seguro.Cli.Output;

/// <summary>What a path is, which .NET does not tell devices and pipes apart from files by.</summary>
internal static partial class FileKind
{
    private const int CurrentFolder = -100;
    private const int DontFollowLinks = 0x100;
    private const uint AskMode = 3; // type and permissions
    private const int AnswerSize = 256;
    private const int ModeOffset = 28;
    private const int KindMask = 0xF000;
    private const int Regular = 0x8000;

    /// <summary>It is a file with bytes of its own (not a link to one); or nothing.</summary>
    public static unsafe bool IsRegularOrMissing(string path)
    {
        Span<byte> answer = stackalloc byte[AnswerSize];
        fixed (byte* start = answer)
        {
            if (Ask(CurrentFolder, path, DontFollowLinks, AskMode, start) != 0)
                return true; // what else is wrong shows itself when it is opened
        }
        return (BinaryPrimitives.ReadUInt16LittleEndian(answer[ModeOffset..]) & KindMask) == Regular;
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int Ask(int folder, string path, int flags, uint mask, byte* answer);
}
