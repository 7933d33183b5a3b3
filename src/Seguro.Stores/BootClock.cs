using System.Runtime.InteropServices;

namespace Seguro.Stores;

/// <summary>
/// The clock that leases are kept by: time since boot (<c>CLOCK_BOOTTIME</c>, clock_gettime(2)), which goes on while the machine sleeps or is moved. .NET's own monotonic clock stands
/// still then, and a holder that wakes up would believe in a lease that another has taken long since.
/// </summary>
/// <remarks>For any thread. Timers and the time of day are the system's; a timer that was due meanwhile rings when the machine wakes.</remarks>
public sealed partial class BootClock : TimeProvider
{
    private const int BootTime = 7; // linux/time.h
    private const long Nanoseconds = 1_000_000_000;

    private BootClock()
    {
    }

    /// <summary>The only instance.</summary>
    public static BootClock Instance { get; } = new();

    /// <inheritdoc/>
    public override long TimestampFrequency => Nanoseconds;

    /// <inheritdoc/>
    public override long GetTimestamp()
    {
        if (ReadClock(BootTime, out TimeSpec now) != 0)
            throw new InvalidOperationException($"The clock can't be read (errno {Marshal.GetLastPInvokeError()}).");
        return (now.Seconds * Nanoseconds) + now.Nanoseconds;
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime", SetLastError = true)]
    private static partial int ReadClock(int clock, out TimeSpec now);

    // As on all 64-bit Linux.
    [StructLayout(LayoutKind.Sequential)]
    private readonly struct TimeSpec
    {
        public readonly long Seconds;
        public readonly long Nanoseconds;
    }
}
