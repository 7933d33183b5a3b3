using Seguro.Core;

namespace Seguro.Tests.Core.Members;

/// <summary>A master and its replicas that can't hear each other, though both reach the store; and leases whose holder can't be sure of them.</summary>
public sealed class CutOffTests : HandFedMember
{
    [Fact]
    public void A_replica_reads_the_log_of_a_master_that_renews_and_is_not_heard()
    {
        Lease others = new(new Term(2), "m2@1", 0, Second);
        Step(default, new MemberInput.Started(Position.Origin, Position.Origin));
        Step(default, new MemberInput.StateRead(State(Position.Origin, others), default, Position.Origin));
        bool isRead = false;
        for (int renewals = 1; !isRead; renewals++)
        {
            Assert.True(renewals < 100, "the store was never read");
            Step(Second / 4, MemberInput.Tick.Instance);
            isRead = Outputs.OfType<MemberOutput.ReadState>().Any();
            if (Outputs.OfType<MemberOutput.ObserveLease>().Any())
                Step(default, new MemberInput.LeaseObserved(others with { Renewals = (ulong)renewals }));
        }
        Assert.Contains(Member.Status.Warnings, static warning => warning.Contains("nothing comes from it", StringComparison.Ordinal));
        Step(default, new MemberInput.StateRead(State(At(First), others), default, Position.Origin));
        Assert.Equal(First.Number, Assert.Single(Outputs.OfType<MemberOutput.Read>()).Last);
        Step(default, new MemberInput.Received("m2", new MemberMessage.Push(others, At(First), [], At(First), EventNumber.None, default)));
        Assert.Empty(Member.Status.Warnings);
    }

    [Fact]
    public void A_master_that_can_t_open_its_gate_lets_another_try_once()
    {
        Lease mine = WinAndCommitFirst(effects: 1);
        Assert.Single(Wait(mine, 6).OfType<MemberOutput.Resign>());
        Step(default, new MemberInput.Resigned(new LeaseOutcome.Done(mine with { Holder = "" })));
        Assert.Equal(Role.Rejoining, Member.Role);
        Assert.Empty(Outputs.OfType<MemberOutput.Release>());
    }

    [Fact]
    public void And_does_not_do_so_again_before_it_has_heard_enough_of_them()
    {
        Lease mine = WinAndCommitFirst(effects: 1);
        Wait(mine, 6);
        Lease free = mine with { Holder = "" };
        Step(default, new MemberInput.Resigned(new LeaseOutcome.Done(free)));
        // Nobody else tried.
        Lease again = new(new Term(3), "m1@1", 0, Second);
        for (int tenth = 0; Member.Role is not Role.Master; tenth++)
        {
            Assert.True(tenth < 200, $"it is {Member.Role}");
            if (Outputs.OfType<MemberOutput.Campaign>().Any())
                Step(default, new MemberInput.Campaigned(new LeaseOutcome.Done(again), Now));
            else if (Outputs.OfType<MemberOutput.ReadState>().Any())
                Step(default, new MemberInput.StateRead(State(At(First), Member.Role is Role.Candidate ? again : free), TakenOver, At(First)));
            else if (Outputs.OfType<MemberOutput.ObserveLease>().Any())
                Step(default, new MemberInput.LeaseObserved(free));
            else
                Step(Second / 10, MemberInput.Tick.Instance);
        }
        Assert.Empty(Wait(again, 30).OfType<MemberOutput.Resign>());
        Assert.Equal(Role.Master, Member.Role);
    }

    [Fact]
    public void An_unanswered_resignation_is_repeated_and_never_served_after()
    {
        Lease mine = WinAndCommitFirst(effects: 1);
        Wait(mine, 6);
        Step(default, new MemberInput.Resigned(new LeaseOutcome.Unknown("no answer")));
        Assert.Single(Outputs.OfType<MemberOutput.Resign>());
        Step(default, new MemberInput.Received("m2", new MemberMessage.Ack(mine.Term, At(First), At(First), At(First))));
        Assert.Empty(Outputs.OfType<MemberOutput.Release>());
        Step(default, new MemberInput.Heard(new Ovum(new byte[] { 7 }, DateTimeOffset.UnixEpoch)));
        Assert.Empty(Outputs.OfType<MemberOutput.Poke>());
        Step(Second * 3, MemberInput.Tick.Instance);
        Assert.Equal(Role.Rejoining, Member.Role);
    }

    [Fact]
    public void The_lease_of_a_campaign_that_was_repeated_counts_from_the_first_try()
    {
        Campaign(Position.Origin, []);
        TimeSpan first = Now;
        Step(Second / 2, new MemberInput.Campaigned(new LeaseOutcome.Unknown("no answer"), first));
        Step(Second / 10, MemberInput.Tick.Instance);
        Assert.Single(Outputs.OfType<MemberOutput.Campaign>());
        Lease mine = new(new Term(2), "m1@1", 0, Second);
        Step(Second / 10, new MemberInput.Campaigned(new LeaseOutcome.Done(mine), Now));
        Step(default, new MemberInput.StateRead(State(Position.Origin, mine), TakenOver, Position.Origin));
        // 0.7 of the lease are gone: another may have it before this member could be sure of it again.
        Assert.Equal(Role.Candidate, Member.Role);
    }

    [Fact]
    public void A_lease_that_only_a_plain_read_shows_raises_no_term()
    {
        Step(default, new MemberInput.Started(Position.Origin, Position.Origin));
        Step(default, new MemberInput.StateRead(State(Position.Origin, new Lease(new Term(1), "m2@1", 0, Second)), default, Position.Origin));
        Step(Second / 2, MemberInput.Tick.Instance);
        Assert.Single(Outputs.OfType<MemberOutput.ObserveLease>());
        Step(default, new MemberInput.LeaseObserved(new Lease(new Term(9), "m2@1", 0, Second)));
        Assert.Equal(new Term(1), Member.Status.Term);
    }

    /// <summary>Time passes, in which the lease is renewed; says what was wanted meanwhile.</summary>
    private List<MemberOutput> Wait(Lease mine, int leases)
    {
        List<MemberOutput> wanted = [];
        for (int tenth = 0; tenth < leases * 10 && !wanted.OfType<MemberOutput.Resign>().Any(); tenth++)
        {
            Step(Second / 10, MemberInput.Tick.Instance);
            List<MemberOutput> now = [.. Outputs];
            wanted.AddRange(now);
            if (now.OfType<MemberOutput.Renew>().SingleOrDefault() is { } renew)
                Step(default, new MemberInput.Renewed(new LeaseOutcome.Done(renew.Held with { Renewals = renew.Held.Renewals + 1 }), Now));
            if (now.OfType<MemberOutput.WriteSettings>().Any())
                Step(default, new MemberInput.SettingsWritten(WriteOutcome.Committed.Instance));
        }
        Assert.Equal(mine.Term, Member.Status.Term);
        return wanted;
    }
}
