using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Seguro.Files;

/// <summary>What a path is, which .NET does not tell devices, pipes and sockets apart from files by. Links are not followed.</summary>
public static partial class FileKind
{
    // statx(2), the same on all architectures; numbers from <linux/stat.h> and <fcntl.h>.
    private const int CurrentFolder = -100;
    private const int DontFollowLinks = 0x100;
    private const uint AskMode = 3; // type and permissions
    private const int AnswerSize = 256;
    private const int ModeOffset = 28;
    private const int KindMask = 0xF000;
    private const int Regular = 0x8000;
    private const int Socket = 0xC000;

    /// <summary>It is a file with bytes of its own; or nothing, as far as can be seen: what else is wrong shows itself when it is opened.</summary>
    public static bool IsRegularOrMissing(string path) => KindOf(path) is Regular or null;

    /// <summary>It is a Unix socket.</summary>
    public static bool IsSocket(string path) => KindOf(path) is Socket;

    private static unsafe int? KindOf(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        Span<byte> answer = stackalloc byte[AnswerSize];
        fixed (byte* start = answer)
        {
            if (Ask(CurrentFolder, path, DontFollowLinks, AskMode, start) != 0)
                return null;
        }
        return BinaryPrimitives.ReadUInt16LittleEndian(answer[ModeOffset..]) & KindMask;
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int Ask(int folder, string path, int flags, uint mask, byte* answer);
}
