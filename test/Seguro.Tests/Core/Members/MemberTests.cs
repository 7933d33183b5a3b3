using Seguro.Core;

namespace Seguro.Tests.Core.Members;

/// <summary>What the simulator can't make, or would rarely: a member fed by hand.</summary>
public sealed class MemberTests : HandFedMember
{
    [Fact]
    public void A_mastership_that_ends_while_its_ship_adopts_an_event_sends_the_ship_back()
    {
        Lease mine = Win(Position.Origin, pushed: [First]);
        Assert.Equal([First], Assert.Single(Outputs.OfType<MemberOutput.Apply>()).Events);

        Step(2 * Second, MemberInput.Tick.Instance);
        Assert.Equal(Role.Rejoining, Member.Role);
        Step(default, new MemberInput.EventsApplied([new Applied(1, [])]));
        Assert.Single(Outputs.OfType<MemberOutput.ReadState>());
        Step(default, new MemberInput.StateRead(State(Position.Origin, mine), TakenOver, Position.Origin));
        Assert.Equal(EventNumber.None, Assert.Single(Outputs.OfType<MemberOutput.RestoreShip>()).AtMost);
    }

    [Fact]
    public void A_lease_that_the_answer_to_the_campaign_used_up_is_renewed_before_anything_is_served()
    {
        Campaign(Position.Origin, []);
        TimeSpan sent = Now;
        Lease mine = new(new Term(2), "m1@1", 0, Second);
        Step(1.5 * Second, new MemberInput.Campaigned(new LeaseOutcome.Done(mine), sent));
        Assert.Single(Outputs.OfType<MemberOutput.Renew>());
        TimeSpan renewal = Now;
        Step(default, new MemberInput.StateRead(State(Position.Origin, mine), TakenOver, Position.Origin));
        Assert.Equal(Role.Candidate, Member.Role);
        Step(default, new MemberInput.Renewed(new LeaseOutcome.Done(mine with { Renewals = 1 }), renewal));
        Assert.Equal(Role.Master, Member.Role);
    }

    [Fact]
    public void An_append_that_the_store_refuses_is_called_so_and_repeated()
    {
        Win(Position.Origin, []);
        Step(default, new MemberInput.Heard(new Ovum(new byte[] { 1 }, DateTimeOffset.UnixEpoch)));
        Step(default, new MemberInput.Poked([new Computation.Accepted(First.Number, First.Payload, 1, [])]));
        Assert.Single(Outputs.OfType<MemberOutput.AppendStore>());
        Step(default, new MemberInput.StoreAppended(new AppendResult(new WriteOutcome.Refused("the window is full"), Position.Origin)));
        Assert.Contains(Member.Status.Warnings, static warning => warning.Contains("does not take the events from 1 on: the window is full", StringComparison.Ordinal));
        Step(Second / 10, MemberInput.Tick.Instance);
        Assert.Equal([First], Assert.Single(Outputs.OfType<MemberOutput.AppendStore>()).Events);
        Step(default, new MemberInput.StoreAppended(new AppendResult(WriteOutcome.Committed.Instance, At(First))));
        Assert.DoesNotContain(Member.Status.Warnings, static warning => warning.Contains("window", StringComparison.Ordinal));
    }

    [Fact]
    public void An_event_of_the_last_master_that_the_store_never_takes_is_not_adopted()
    {
        Member = new(new MemberOptions { Name = "m1", Candidate = "m1@1", Members = ["m1", "m2"], LargestEvent = First.Payload.Length - 1 });
        Win(Position.Origin, pushed: [First]);
        Assert.Empty(Outputs.OfType<MemberOutput.Apply>());
        Step(default, new MemberInput.Heard(new Ovum(new byte[] { 1 }, DateTimeOffset.UnixEpoch)));
        Assert.Single(Outputs.OfType<MemberOutput.Poke>());
    }

    [Fact]
    public void A_store_that_lost_what_it_confirmed_is_not_followed()
    {
        Lease mine = WinAndCommitFirst();
        // Another server leads, and it lacks the event.
        LogState older = State(Position.Origin, mine);
        Event second = Following(At(First));
        Step(default, new MemberInput.Heard(new Ovum(new byte[] { 2 }, DateTimeOffset.UnixEpoch)));
        Step(default, new MemberInput.Poked([new Computation.Accepted(second.Number, second.Payload, 2, [])]));
        Step(default, new MemberInput.StoreAppended(new AppendResult(new WriteOutcome.Conflict(older), At(First))));
        Assert.Equal(Role.Rejoining, Member.Role);
        Step(default, new MemberInput.LocalAppended(At(second)));
        Step(default, new MemberInput.StateRead(older, default, Position.Origin));
        Assert.Equal(Role.Stopped, Member.Role);
        Assert.Empty(Outputs.OfType<MemberOutput.Quarantine>());
        Assert.Contains("event 1 was committed", Member.Status.Stopped, StringComparison.Ordinal);
    }

    [Fact]
    public void A_master_without_events_notices_by_its_lease_that_the_store_went_back()
    {
        Lease mine = WinAndCommitFirst();
        Step(Second / 2, MemberInput.Tick.Instance);
        Assert.Single(Outputs.OfType<MemberOutput.Renew>());
        Step(default, new MemberInput.Renewed(new LeaseOutcome.Done(mine with { Renewals = 5 }), Now));
        Assert.Equal(Role.Master, Member.Role);

        // An older copy of the store: it still knows the term.
        Step(Second / 2, MemberInput.Tick.Instance);
        Step(default, new MemberInput.Renewed(new LeaseOutcome.Done(mine with { Renewals = 2 }), Now));
        Assert.Equal(Role.Rejoining, Member.Role);
        Step(default, new MemberInput.StateRead(State(Position.Origin, mine), TakenOver, Position.Origin));
        Assert.Equal(Role.Stopped, Member.Role);
    }

    [Fact]
    public void A_replica_that_expects_a_lease_which_the_store_has_forgotten_looks_at_the_store_anew()
    {
        Lease others = new(new Term(1), "m2@1", 9, Second);
        Lease older = others with { Renewals = 4 };
        Step(default, new MemberInput.Started(Position.Origin, Position.Origin));
        Step(default, new MemberInput.StateRead(State(Position.Origin, others), default, Position.Origin));
        while (Member.Role is not Role.Candidate)
            Step(Second / 10, MemberInput.Tick.Instance);
        Assert.Equal(others, Assert.Single(Outputs.OfType<MemberOutput.Campaign>()).Expected);

        Step(default, new MemberInput.Campaigned(new LeaseOutcome.Lost(older), Now));
        Assert.Equal(Role.Rejoining, Member.Role);
        Assert.Single(Outputs.OfType<MemberOutput.ReadState>());
        // No event is missing: the member goes on, from what the store knows now.
        Step(default, new MemberInput.StateRead(State(Position.Origin, older), default, Position.Origin));
        while (Member.Role is not Role.Candidate)
            Step(Second / 10, MemberInput.Tick.Instance);
        Assert.Equal(older, Assert.Single(Outputs.OfType<MemberOutput.Campaign>()).Expected);
    }
}
