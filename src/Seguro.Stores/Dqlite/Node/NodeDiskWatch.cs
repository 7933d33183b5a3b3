using Seguro.Core;

namespace Seguro.Stores.Dqlite;

/// <summary>Ends a node before its disk is full.</summary>
/// <remarks>
/// libraft 0.15 does not survive a write that fails for want of room: an append that was reported failed was later in the log, and a cluster whose disks were
/// freed again took no writes until nodes were restarted (the test of full disks, without this). Probably a leader then truncates its own log although the
/// other nodes hold the entry, and gives its number to another one. So a node must not be running when its disk fills up. dqlite makes its segments
/// (8 MiB) in advance, so writes have room for some time after the disk has none.
/// </remarks>
static class NodeDiskWatch
{
    /// <summary>A node ends when its disk has less room than this, in bytes: two segments.</summary>
    public const long Reserve = 16L << 20;

    /// <summary>A node starts when its disk has at least this room, in bytes.</summary>
    public const long RoomToStart = 24L << 20;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LastWords = TimeSpan.FromMilliseconds(100);

    /// <summary>Refuses to start on a disk that is nearly full.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.DiskFull"/>.</exception>
    public static void Require(string folder)
    {
        if (Room(folder) is { } room && room < RoomToStart)
            throw Full(folder, room);
    }

    /// <summary>Watches for as long as the process lives; ends it, without a goodbye, where the room falls below the reserve.</summary>
    public static void Start(string folder) => new Thread(() =>
    {
        while (true)
        {
            if (Room(folder) is { } room && room < Reserve)
            {
                SeguroException full = Full(folder, room);
                // The supervisor reads it; but a reader that does not may not keep the node running.
                Task.Run(() => Console.Error.WriteLine($"{full.CodeText} {full.Message}. {full.NextStep}"), CancellationToken.None).Wait(LastWords, CancellationToken.None);
                Posix.EndProcess(full.ExitCode);
            }
            Thread.Sleep(Interval);
        }
    })
    { IsBackground = true, Name = "disk watch" }.Start();

    private static long? Room(string folder)
    {
        try
        {
            string? there = Path.GetFullPath(folder);
            while (there is not null && !Directory.Exists(there))
                there = Path.GetDirectoryName(there);
            return there is null ? null : new DriveInfo(there).AvailableFreeSpace;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // A disk that can't say how much room it has is watched by dqlite alone.
            return null;
        }
    }

    private static SeguroException Full(string folder, long room) => new(
        ErrorCode.DiskFull,
        $"the disk with {folder} has {room:N0} bytes left, and a dqlite node needs {RoomToStart:N0}",
        "Free some space there; the node is started again by itself.");
}
