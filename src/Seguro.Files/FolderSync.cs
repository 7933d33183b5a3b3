using System.Runtime.InteropServices;
using Seguro.Core;

namespace Seguro.Files;

/// <summary>fsync of a folder, so that names made or changed in it survive a power cut.</summary>
public static partial class FolderSync
{
    private const int ReadOnlyCloseOnExec = 0x80000; // O_RDONLY | O_CLOEXEC

    /// <summary>Flushes the folder to its disk.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.FileAccess"/>: it can't be opened or flushed.</exception>
    public static void Flush(string folder)
    {
        int handle = open(folder, ReadOnlyCloseOnExec, 0);
        if (handle < 0)
            throw Failed(folder);
        try
        {
            if (fsync(handle) != 0)
                throw Failed(folder);
        }
        finally
        {
            _ = close(handle);
        }
    }

    private static SeguroException Failed(string folder) => new(
        ErrorCode.FileAccess, $"{folder} can't be flushed to its disk (errno {Marshal.GetLastPInvokeError()})", "Look at the kernel's log (dmesg).");

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int open(string path, int flags, int mode);

    [LibraryImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int fsync(int handle);

    [LibraryImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int close(int handle);
}
