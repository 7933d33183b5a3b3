using CsCheck;
using Seguro.Core;
using Seguro.Piers.LocalLogs;
using Xunit;

namespace Seguro.Tests.Piers.LocalLogs;

public sealed class LogForkTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void Finds_the_fork_wherever_it_is() => Gen.Select(Gen.ULong[0, 2000], Gen.ULong[0, 2000], Gen.ULong[0, 4100]).Sample((lower, length, fork) =>
    {
        int asked = 0;
        EventNumber? found = FindAsync(lower, lower + length, fork, () => asked++).AsTask().GetAwaiter().GetResult();
        EventNumber? expected = fork < lower ? null : new EventNumber(Math.Min(fork, lower + length));
        return found == expected && asked <= 3 + Math.ILogB(length + 1);
    });

    [Fact]
    public async Task Logs_that_agree_are_asked_once()
    {
        int asked = 0;
        Assert.Equal(new EventNumber(1_000_000), await FindAsync(0, 1_000_000, ulong.MaxValue, () => asked++));
        Assert.Equal(1, asked);
    }

    private static ValueTask<EventNumber?> FindAsync(ulong lower, ulong upper, ulong fork, Action ask) => LogFork.FindAsync(
        new(lower),
        new(upper),
        (number, _) =>
        {
            Assert.InRange(number.Value, lower, upper);
            ask();
            return ValueTask.FromResult(number.Value <= fork);
        },
        Cancel);
}
