using Seguro.Core;

namespace Seguro.Files;

/// <summary>What keeps a file or folder from being read or written, in words for people: by the system's error number, which says more than the kind of an exception.</summary>
public static class FileFault
{
    private const int NotPermitted = 1;
    private const int InputOutput = 5;
    private const int Denied = 13;
    private const int TooManyInSystem = 23;

    /// <summary>The system's error number for too many open files in a process.</summary>
    public const int TooManyOpen = 24;

    private const int ReadOnlyDisk = 30;
    private const int OverQuota = 122;

    /// <summary>Why a file or folder can't be read.</summary>
    /// <param name="path">Which.</param>
    /// <param name="error">What the system said: an <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/>.</param>
    public static SeguroException Reading(string path, Exception error) => Make(path, "read", error);

    /// <summary>Why a file or folder can't be written or made.</summary>
    /// <inheritdoc cref="Reading"/>
    public static SeguroException Writing(string path, Exception error) => Make(path, "written", error);

    /// <summary>Why a file or folder can't be opened or made, where whoever opens it knows the system's error number alone.</summary>
    /// <param name="path">Which.</param>
    /// <param name="number">The system's error number.</param>
    public static SeguroException Opening(string path, int number) => Opening(path, new IOException($"error {number} of the system", number));

    /// <summary>Why a file or folder can't be opened or made.</summary>
    /// <inheritdoc cref="Reading"/>
    public static SeguroException Opening(string path, Exception error) => Make(path, "opened", error);

    /// <summary>The error number of the system has words of its own here.</summary>
    public static bool IsKnown(int number) =>
        number is TooManyOpen or TooManyInSystem or ReadOnlyDisk or OverQuota or InputOutput or Denied or NotPermitted || FullDisk.IsErrno(number);

    /// <summary>The system's error number, as .NET keeps it in an exception of files; 0 where it does not.</summary>
    private static int NumberOf(Exception error) => error switch
    {
        UnauthorizedAccessException => Denied,
        IOException { HResult: > 0 and < 4096 } => error.HResult,
        _ => 0,
    };

    private static SeguroException Make(string path, string done, Exception error) => NumberOf(error) switch
    {
        OverQuota => new(ErrorCode.DiskFull, $"{path} can't be {done}: the quota of its disk is used up", "Make room, or raise the quota, then try again.", error),
        int number when FullDisk.IsErrno(number) => new(ErrorCode.DiskFull, $"{path} can't be {done}: its disk is full", "Make room on that disk, then try again.", error),
        ReadOnlyDisk => new(ErrorCode.FileAccess, $"{path} can't be {done}: its disk is read-only", "Mount the disk for writing, or name a place on another one. A disk that became read-only by itself has a fault (dmesg).", error),
        TooManyOpen or TooManyInSystem => new(
            ErrorCode.FileAccess, $"{path} can't be {done}: too many files are open", "Raise the limit of open files (ulimit -n; LimitNOFILE= of a systemd unit), then try again.", error),
        InputOutput => new(ErrorCode.FileAccess, $"{path} can't be {done}: its disk reports an error", "Look at the disk (dmesg), and at a copy of the data elsewhere, before anything else.", error),
        Denied or NotPermitted => new(ErrorCode.FileAccess, $"{path} can't be {done}: this user may not", "Give this user the right to it, or run the command as the one who has it.", error),
        _ => new(ErrorCode.FileAccess, $"{path} can't be {done}: {error.Message}", "Check the path, its permissions, and the disk.", error),
    };
}
