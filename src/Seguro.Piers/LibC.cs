using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Seguro.Piers;

/// <summary>Calls of the system that .NET does not offer. 64-bit Linux (x86-64 and arm64 agree on all that is used here).</summary>
internal static partial class LibC
{
    private const int GetLock = 5;
    private const int SetLock = 6;
    private const short WriteLock = 1;
    private const short Unlocked = 2;
    private const int DontNeed = 4;
    private const uint StartWriting = 2;

    /// <summary>Tries to take a write lock on the first byte, as vere does. False where another process has it.</summary>
    public static unsafe bool TryLockFirstByte(SafeFileHandle file)
    {
        FileLock wanted = new() { Type = WriteLock, Length = 1 };
        return Fcntl((int)file.DangerousGetHandle(), SetLock, &wanted) == 0;
    }

    /// <summary>Which process has a lock on the first byte; 0 where none, or only this process itself.</summary>
    public static unsafe int FindLockHolder(SafeFileHandle file)
    {
        FileLock asked = new() { Type = WriteLock, Length = 1 };
        return Fcntl((int)file.DangerousGetHandle(), GetLock, &asked) == 0 && asked.Type != Unlocked ? asked.ProcessId : 0;
    }

    /// <summary>Makes the bytes of a file durable.</summary>
    public static void SyncFile(string path)
    {
        using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        RandomAccess.FlushToDisk(file);
    }

    /// <summary>Makes the bytes of an open file durable, also of one that is open for reading only. Media that can't do that are left as they are.</summary>
    public static void SyncData(SafeFileHandle file) => _ = Fdatasync((int)file.DangerousGetHandle());

    /// <summary>Asks the system to begin writing a file's bytes to the disk, without waiting for it: a hint.</summary>
    public static void BeginSync(SafeFileHandle file) => _ = SyncFileRange((int)file.DangerousGetHandle(), 0, 0, StartWriting);

    /// <summary>Renames a folder; over an existing one only where that is empty. Returns the error's number, 0 where it went well.</summary>
    public static int Rename(string from, string to) => RenameFile(from, to) == 0 ? 0 : Marshal.GetLastPInvokeError();

    /// <summary>Takes disk space for a part of a file, so that writing there through a map can't fail. Returns the error's number, 0 where it went well.</summary>
    public static int Allocate(string path, long offset, long size)
    {
        using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        return Fallocate((int)file.DangerousGetHandle(), offset, size);
    }

    /// <summary>Lets go of this process's view of a part of a mapped file; what was written stays in the file.</summary>
    public static void Forget(nint address, long size)
    {
        nint first = (address + 4095) & ~4095;
        long whole = (address + size - first) & ~4095L;
        if (whole > 0)
            _ = Madvise(first, (nint)whole, DontNeed);
    }

    /// <summary>The path without links and dots: one for each folder.</summary>
    public static unsafe string RealPath(string path)
    {
        nint real = Realpath(path, 0);
        if (real == 0)
            throw new IOException($"{path}: {Marshal.GetLastPInvokeErrorMessage()}");
        string text = Marshal.PtrToStringUTF8(real)!;
        Free(real);
        return text;
    }

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static unsafe partial int Fcntl(int file, int command, FileLock* argument);

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    private static partial int Fdatasync(int file);

    [LibraryImport("libc", EntryPoint = "sync_file_range", SetLastError = true)]
    private static partial int SyncFileRange(int file, long offset, long size, uint flags);

    [LibraryImport("libc", EntryPoint = "rename", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int RenameFile(string from, string to);

    [LibraryImport("libc", EntryPoint = "posix_fallocate")]
    private static partial int Fallocate(int file, long offset, long size);

    [LibraryImport("libc", EntryPoint = "madvise", SetLastError = true)]
    private static partial int Madvise(nint address, nint size, int advice);

    [LibraryImport("libc", EntryPoint = "realpath", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint Realpath(string path, nint resolved);

    [LibraryImport("libc", EntryPoint = "free")]
    private static partial void Free(nint memory);

    [StructLayout(LayoutKind.Sequential)]
    private struct FileLock
    {
        public short Type;
        public short Whence;
        public long Start;
        public long Length;
        public int ProcessId;
    }
}
