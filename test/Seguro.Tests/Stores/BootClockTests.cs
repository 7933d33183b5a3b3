using System.Globalization;
using Seguro.Stores;

namespace Seguro.Tests.Stores;

public sealed class BootClockTests
{
    [Fact]
    public void Tells_the_time_since_boot_and_never_goes_back()
    {
        BootClock clock = BootClock.Instance;
        double before = UpTime();
        double now = clock.GetElapsedTime(0).TotalSeconds;
        Assert.InRange(now, before - 0.01, UpTime() + 0.01); // /proc says hundredths, rounded down
        long last = clock.GetTimestamp();
        for (int i = 0; i < 10_000; i++)
        {
            long next = clock.GetTimestamp();
            Assert.True(next >= last, $"{next} after {last}");
            last = next;
        }
    }

    /// <summary>By proc(5) this counts the time that the machine slept.</summary>
    private static double UpTime() => double.Parse(File.ReadAllText("/proc/uptime").Split(' ')[0], CultureInfo.InvariantCulture) + (0.01 / 2);
}
