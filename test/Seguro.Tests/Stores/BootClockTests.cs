using System.Diagnostics;
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

    /// <summary>
    /// Where a machine never slept, the monotonic clock says the same. So the test above runs once more where it does not: in a time namespace whose boot lies further back, as after a sleep.
    /// </summary>
    [Fact]
    public async Task Counts_the_time_that_the_machine_slept()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root may make a time namespace.");
        using Process slept = Process.Start(new ProcessStartInfo(
            "unshare",
            ["--time", "--fork", "--boottime", "1000", Environment.ProcessPath!, "-noLogo", "-method", $"*{nameof(BootClockTests)}.{nameof(Tells_the_time_since_boot_and_never_goes_back)}"])
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        })!;
        string output = await slept.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await slept.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(slept.ExitCode == 0, output);
        Assert.Contains("Total: 1", output, StringComparison.Ordinal);
    }

    /// <summary>By proc(5) this counts the time that the machine slept.</summary>
    private static double UpTime() => double.Parse(File.ReadAllText("/proc/uptime").Split(' ')[0], CultureInfo.InvariantCulture) + (0.01 / 2);
}
