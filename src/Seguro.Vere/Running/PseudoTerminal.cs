using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Seguro.Vere.Running;

/// <summary>A terminal for a process that wants one (pty(7)): this side writes what a user types and reads what the process shows.</summary>
/// <remarks>Safe for any thread. Where the process is gone, reads fail with an <see cref="IOException"/>.</remarks>
public sealed partial class PseudoTerminal : IDisposable
{
    private const int ReadAndWrite = 2;
    private const int DontControl = 0x100; // O_NOCTTY
    private const int CloseOnExec = 0x80000;
    private const nuint SetWindow = 0x5414; // TIOCSWINSZ

    private readonly SafeFileHandle _own;

    private PseudoTerminal(SafeFileHandle own, string path)
    {
        _own = own;
        Path = path;
        Stream = new FileStream(own, FileAccess.ReadWrite, bufferSize: 0);
    }

    /// <summary>The process's side, a file to open.</summary>
    public string Path { get; }

    /// <summary>This side.</summary>
    public FileStream Stream { get; }

    /// <summary>Makes one of 80 columns and 24 rows; <see langword="null"/> where the system has none to give.</summary>
    public static unsafe PseudoTerminal? TryOpen()
    {
        int descriptor = OpenMaster(ReadAndWrite | DontControl | CloseOnExec);
        if (descriptor < 0)
            return null;
        SafeFileHandle own = new(descriptor, ownsHandle: true);
        byte* name = stackalloc byte[64];
        if (Grant(descriptor) != 0 || Unlock(descriptor) != 0 || NameOf(descriptor, name, 64) != 0)
        {
            own.Dispose();
            return null;
        }
        PseudoTerminal terminal = new(own, Encoding.ASCII.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name)));
        terminal.Resize(80, 24);
        return terminal;
    }

    /// <summary>The user's window has another size; the process is told (SIGWINCH).</summary>
    public unsafe void Resize(ushort columns, ushort rows)
    {
        ushort* size = stackalloc ushort[4] { rows, columns, 0, 0 };
        if (!_own.IsClosed)
            _ = Control((int)_own.DangerousGetHandle(), SetWindow, size);
    }

    /// <inheritdoc/>
    public void Dispose() => Stream.Dispose();

    [LibraryImport("libc", EntryPoint = "posix_openpt")]
    private static partial int OpenMaster(int flags);

    [LibraryImport("libc", EntryPoint = "grantpt")]
    private static partial int Grant(int descriptor);

    [LibraryImport("libc", EntryPoint = "unlockpt")]
    private static partial int Unlock(int descriptor);

    [LibraryImport("libc", EntryPoint = "ptsname_r")]
    private static unsafe partial int NameOf(int descriptor, byte* name, nuint size);

    [LibraryImport("libc", EntryPoint = "ioctl")]
    private static unsafe partial int Control(int descriptor, nuint request, ushort* size);
}
