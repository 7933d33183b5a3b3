using Seguro.Core;
using Xunit;

namespace Seguro.Tests.Core.Members;

/// <summary>Until when a master may rely on its lease.</summary>
public sealed class LeaseKeeperTests
{
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(10); // of which the holder relies on nine
    private static readonly Lease Mine = new(new(4), "a@1", 0, Duration);

    [Fact]
    public void The_lease_counts_from_when_it_was_asked_for()
    {
        LeaseKeeper keeper = new(Mine, Seconds(10), Duration);
        Assert.True(keeper.IsLive(Seconds(18.9)));
        Assert.False(keeper.IsLive(Seconds(19)));
        Assert.False(keeper.MustRenew(Seconds(13.3)));
        Assert.True(keeper.MustRenew(Seconds(13.4)));
        Assert.False(keeper.MustRenew(Seconds(16))); // one at a time
        Assert.Null(keeper.Renewed(new LeaseOutcome.Done(Mine with { Renewals = 1 }), Seconds(13)));
        Assert.Equal(Seconds(22), keeper.Deadline);
        Assert.Equal(1ul, keeper.Lease.Renewals);
    }

    [Fact]
    public void A_renewal_of_unknown_outcome_is_repeated_and_proves_nothing()
    {
        LeaseKeeper keeper = new(Mine, Seconds(0), Duration);
        Assert.True(keeper.MustRenew(Seconds(3.5)));
        Assert.Null(keeper.Renewed(new LeaseOutcome.Unknown("gone"), Seconds(3.5)));
        Assert.Equal(Seconds(9), keeper.Deadline);
        Assert.True(keeper.MustRenew(Seconds(4.6)));
    }

    [Fact]
    public void Another_s_lease_ends_it_and_answers_of_an_earlier_term_do_not()
    {
        LeaseKeeper keeper = new(Mine, Seconds(0), Duration);
        Assert.Null(keeper.Renewed(new LeaseOutcome.Lost(new Lease(new(3), "b@1", 7, Duration)), Seconds(1)));
        Assert.Null(keeper.Renewed(new LeaseOutcome.Done(new Lease(new(3), "a@1", 8, Duration)), Seconds(1)));
        Assert.Equal(Seconds(9), keeper.Deadline);
        Assert.NotNull(keeper.Renewed(new LeaseOutcome.Lost(new Lease(new(5), "b@1", 0, Duration)), Seconds(2)));
    }

    [Fact]
    public void A_lease_that_was_renewed_less_often_than_before_is_that_of_an_older_copy()
    {
        LeaseKeeper keeper = new(Mine with { Renewals = 7 }, Seconds(0), Duration);
        Assert.True(keeper.MustRenew(Seconds(3.5)));
        Assert.Null(keeper.Renewed(new LeaseOutcome.Done(Mine with { Renewals = 9 }), Seconds(3))); // one of unknown outcome counted, too
        Assert.True(keeper.MustRenew(Seconds(6.5)));
        Assert.Contains("back in time", keeper.Renewed(new LeaseOutcome.Done(Mine with { Renewals = 9 }), Seconds(6)), StringComparison.Ordinal);
    }

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);
}
