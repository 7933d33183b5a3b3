using System.Runtime.InteropServices;

namespace Seguro.Files;

/// <summary>What lies at a path, where the class library does not tell.</summary>
public static unsafe partial class FileKind
{
    // statx(2): the same on all architectures. From <linux/stat.h> and <fcntl.h>.
    private const int CurrentFolder = -100;
    private const int DoNotFollowLinks = 0x100;
    private const uint TypeOnly = 1;
    private const int ModeOffset = 28;
    private const int SizeOfAnswer = 256;
    private const int TypeMask = 0xF000;
    private const int SocketType = 0xC000;

    /// <summary>It is a Unix socket, not a link to one; <see langword="false"/> where there is nothing.</summary>
    public static bool IsSocket(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        byte* answer = stackalloc byte[SizeOfAnswer];
        return statx(CurrentFolder, path, DoNotFollowLinks, TypeOnly, answer) == 0 && (*(ushort*)(answer + ModeOffset) & TypeMask) == SocketType;
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int statx(int folder, string path, int flags, uint mask, byte* answer);
}
