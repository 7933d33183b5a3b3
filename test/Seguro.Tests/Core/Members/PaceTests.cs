using Seguro.Core;
using Xunit;

namespace Seguro.Tests.Core.Members;

/// <summary>How fast a replica that is far behind goes on.</summary>
public sealed class PaceTests
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(250);

    [Theory]
    [InlineData(4000, 1000, 5000)] // an eighth of its time is less than a quarter of the growth
    [InlineData(4000, 20, 10_250)] // cheap events: an eighth of its time is 6,250 of them
    [InlineData(4, 5000, 29)] // dear ones, and a log that hardly grows
    public void It_is_the_growth_and_a_quarter_more_or_what_an_eighth_of_its_time_is_worth(int growth, int microseconds, int expected)
    {
        Pace pace = new(Period, 512);
        Grow(pace, growth);
        pace.Worked(TimeSpan.FromMicroseconds(microseconds * 100.0), 100);
        Assert.InRange(pace.Rate, expected * 0.99, expected * 1.01);
    }

    [Fact]
    public void A_log_that_stands_still_sets_no_pace()
    {
        Pace pace = new(Period, 512);
        pace.Worked(TimeSpan.FromSeconds(1), 100);
        Assert.Equal(12.5, pace.Rate, 0.1); // nothing is known of the log yet: no reason to hurry
        Grow(pace, 0);
        Assert.Equal(double.PositiveInfinity, pace.Rate);
        Grow(pace, 1000, from: 10);
        Assert.InRange(pace.Rate, 1000, 1300);
    }

    [Fact]
    public void What_was_not_taken_is_not_saved_for_long()
    {
        Pace pace = new(Period, 16);
        Grow(pace, 1000);
        pace.Worked(TimeSpan.FromSeconds(1), 100);
        TimeSpan now = TimeSpan.FromHours(1);
        Assert.True(pace.IsDue(now));
        Assert.True(pace.IsDue(now + TimeSpan.FromHours(1)));
        int taken = 0;
        for (; pace.IsDue(now + TimeSpan.FromHours(1)); taken += 16)
            pace.Take(16);
        Assert.InRange(taken, 250, 350);
    }

    private static void Grow(Pace pace, int perSecond, int from = 0)
    {
        ulong head = 0;
        for (int i = 0; i <= 40; i++)
        {
            pace.See(new EventNumber(head), TimeSpan.FromSeconds(from) + (Period * i));
            head += (ulong)(perSecond / 4);
        }
    }
}
