using Seguro.Core;
using Xunit;

namespace Seguro.Testing;

public abstract partial class StoreConformanceSuite
{
    [Fact(Timeout = Bound)]
    public async Task A_campaign_makes_the_next_term()
    {
        await using LogSession session = await BeginAsync();
        Assert.Equal(new Term(1), session.Term);
        Assert.Equal(session.Lease, await session.Stored.ObserveLeaseAsync(Cancel));
        Assert.Equal(session.Lease, (await session.Stored.ReadStateAsync(Cancel)).Lease);
        TimeSpan odd = TimeSpan.FromMilliseconds(2718);
        LeaseOutcome outcome = await session.Stored.CampaignAsync(session.Lease, "~ süß/member", odd, Cancel);
        Lease expected = new(new Term(2), "~ süß/member", 0, odd);
        Assert.Equal(new LeaseOutcome.Done(expected), outcome);
        Assert.Equal(expected, (await session.Stored.ReadStateAsync(Cancel)).Lease);
        Assert.Equal(expected, await session.Stored.ObserveLeaseAsync(Cancel));
    }

    [Fact(Timeout = Bound)]
    public async Task A_campaign_against_another_lease_is_lost()
    {
        await using LogSession session = await BeginAsync();
        Lease current = session.Lease;
        Lease[] wrong =
        [
            Lease.None,
            current with { Term = current.Term.Next },
            current with { Holder = "somebody else" },
            current with { Renewals = 1 },
            current with { Duration = current.Duration + TimeSpan.FromMilliseconds(1) },
        ];
        foreach (Lease expected in wrong)
            Assert.Equal(new LeaseOutcome.Lost(current), await session.Stored.CampaignAsync(expected, "candidate", LogSession.LeaseDuration, Cancel));
        Assert.Equal(current, (await session.Stored.ReadStateAsync(Cancel)).Lease);
    }

    [Fact(Timeout = Bound)]
    public async Task A_repeated_campaign_finds_its_own_success()
    {
        await using LogSession session = await BeginAsync();
        for (int i = 0; i < 2; i++)
        {
            LeaseOutcome outcome = await session.Stored.CampaignAsync(session.Lease, "candidate", LogSession.LeaseDuration, Cancel);
            Assert.Equal(new LeaseOutcome.Done(new Lease(new Term(2), "candidate", 0, LogSession.LeaseDuration)), outcome);
        }
        LeaseOutcome late = await session.Stored.CampaignAsync(session.Lease, "another", LogSession.LeaseDuration, Cancel);
        Assert.Equal("candidate", Assert.IsType<LeaseOutcome.Lost>(late).Current.Holder);
    }

    [Fact(Timeout = Bound)]
    public async Task Of_candidates_for_the_same_lease_one_wins()
    {
        await using LogSession session = await BeginAsync();
        EventLog other = await session.OpenSecondAsync(Cancel);
        for (int round = 1; round <= 15; round++)
        {
            Lease expected = session.Lease;
            LeaseOutcome[] outcomes = await Task.WhenAll(
                Task.Run(() => RepeatAsync(() => session.Stored.CampaignAsync(expected, "one", LogSession.LeaseDuration, Cancel)), Cancel),
                Task.Run(() => RepeatAsync(() => other.Stored.CampaignAsync(expected, "two", LogSession.LeaseDuration, Cancel)), Cancel));
            int winner = outcomes[0] is LeaseOutcome.Done ? 0 : 1;
            Lease won = Assert.IsType<LeaseOutcome.Done>(outcomes[winner]).Lease;
            Assert.Equal(won, Assert.IsType<LeaseOutcome.Lost>(outcomes[1 - winner]).Current);
            Assert.Equal(expected.Term.Next, won.Term);
            Assert.Equal(winner == 0 ? "one" : "two", won.Holder);
            session.Follow(won);
        }
    }

    [Fact(Timeout = Bound)]
    public async Task Renewals_count_up_and_are_the_holders_alone()
    {
        await using LogSession session = await BeginAsync();
        for (ulong i = 1; i <= 3; i++)
        {
            LeaseOutcome outcome = await session.Stored.RenewAsync(session.Lease, Cancel);
            Assert.Equal(new LeaseOutcome.Done(session.Lease with { Renewals = i }), outcome);
            Assert.Equal(session.Lease with { Renewals = i }, await session.Stored.ObserveLeaseAsync(Cancel));
        }
        Lease current = session.Lease with { Renewals = 3 };
        Assert.Equal(new LeaseOutcome.Lost(current), await session.Stored.RenewAsync(session.Lease with { Holder = "somebody else" }, Cancel));
        Assert.Equal(new LeaseOutcome.Lost(current), await session.Stored.RenewAsync(session.Lease with { Holder = "" }, Cancel));
        Lease next = await session.CampaignAsync(current, Cancel);
        Assert.Equal(new LeaseOutcome.Lost(next), await session.Stored.RenewAsync(current, Cancel));
        Assert.Equal(next, (await session.Stored.ReadStateAsync(Cancel)).Lease);
    }

    [Fact(Timeout = Bound)]
    public async Task Resigning_frees_the_lease_and_keeps_the_term()
    {
        await using LogSession session = await BeginAsync();
        Lease free = session.Lease with { Holder = "", Renewals = 1 };
        Assert.Equal(new LeaseOutcome.Lost(session.Lease), await session.Stored.ResignAsync(session.Lease with { Holder = "somebody else" }, Cancel));
        Assert.Equal(new LeaseOutcome.Done(free), await session.Stored.ResignAsync(session.Lease, Cancel));
        Assert.Equal(new LeaseOutcome.Done(free), await session.Stored.ResignAsync(session.Lease, Cancel));
        Assert.Equal(free, (await session.Stored.ReadStateAsync(Cancel)).Lease);
        Assert.Equal(new LeaseOutcome.Lost(free), await session.Stored.RenewAsync(session.Lease, Cancel));
        Lease next = await session.CampaignAsync(free, Cancel);
        Assert.Equal(new Term(2), next.Term);
        Assert.Equal(new LeaseOutcome.Lost(next), await session.Stored.ResignAsync(session.Lease, Cancel));
    }

    [Fact(Timeout = Bound)]
    public async Task Terms_never_fall()
    {
        await using LogSession session = await BeginAsync();
        Term highest = session.Term;
        for (int i = 0; i < 6; i++)
        {
            LeaseOutcome resigned = await session.Stored.ResignAsync(session.Lease, Cancel);
            session.Follow(Assert.IsType<LeaseOutcome.Done>(resigned).Lease);
            Assert.Equal(highest, session.Term);
            if (i == 3)
                await session.ReopenAsync(Cancel);
            session.Follow(await session.CampaignAsync(session.Lease, Cancel));
            Assert.Equal(highest.Next, session.Term);
            highest = session.Term;
            await session.AppendAsync(1, Cancel);
            LogState state = await session.Stored.ReadStateAsync(Cancel);
            Assert.Equal(highest, state.Lease.Term);
            Assert.Equal(highest, state.Head.Term);
        }
        await session.CheckAsync(Cancel);
    }

    [Fact(Timeout = Bound)]
    public async Task A_holder_who_resigned_may_still_write_until_another_campaigns()
    {
        // Safety is the term's, not the lease's: resigning says "take it", and only a new term fences.
        await using LogSession session = await BeginAsync();
        LeaseOutcome resigned = await session.Stored.ResignAsync(session.Lease, Cancel);
        await session.AppendAsync(1, Cancel);
        Lease next = await session.CampaignAsync(Assert.IsType<LeaseOutcome.Done>(resigned).Lease, Cancel);
        WriteOutcome late = await session.Stored.AppendAsync(LogSession.Build(session.Term, session.Head, [[1]]), Cancel);
        Assert.Equal(new WriteOutcome.Fenced(next), late);
        await session.CheckAsync(Cancel);
    }

    /// <summary>Repeats a write of unknown outcome.</summary>
    protected static async Task<LeaseOutcome> RepeatAsync(Func<ValueTask<LeaseOutcome>> write)
    {
        LeaseOutcome outcome = await write();
        for (int i = 1; i < 50 && outcome is LeaseOutcome.Unknown; i++)
            outcome = await write();
        return outcome;
    }
}
