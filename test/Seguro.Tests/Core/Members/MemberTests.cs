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
    public void What_was_won_and_given_back_is_not_served_on_when_a_repeat_finds_it()
    {
        Campaign(Position.Origin, []);
        Lease former = Assert.Single(Outputs.OfType<MemberOutput.Campaign>()).Expected;
        Lease mine = new(new Term(2), "m1@1", 0, Second);
        // It leaves the role before the answer, and what it reads meanwhile is from before its campaign came to the store.
        Step(default, new MemberInput.StoreCompared("m2", false));
        Step(default, new MemberInput.StoreCompared("m2", true));
        Assert.Equal(Role.Rejoining, Member.Role);
        Assert.Single(Outputs.OfType<MemberOutput.ReadState>());
        Step(default, new MemberInput.Campaigned(new LeaseOutcome.Done(mine), Now));
        Assert.Equal(mine, Assert.Single(Outputs.OfType<MemberOutput.Resign>()).Held);
        Step(default, new MemberInput.StateRead(State(Position.Origin, former), TakenOver, Position.Origin));
        Wait(Role.Candidate);
        Assert.Equal(former, Assert.Single(Outputs.OfType<MemberOutput.Campaign>()).Expected);

        // The resignation is still on its way: the store says that the term is this member's, and will free it at any time.
        Step(default, new MemberInput.Campaigned(new LeaseOutcome.Done(mine), Now));
        Assert.Equal(Role.Replica, Member.Role);
        Assert.DoesNotContain(Outputs, static output => output is MemberOutput.ReadState); // which is what a winner does first
        Assert.Single(Outputs.OfType<MemberOutput.Resign>());
        Wait(Role.Candidate);
        Assert.Equal(mine, Assert.Single(Outputs.OfType<MemberOutput.Campaign>()).Expected);
        Step(default, new MemberInput.Campaigned(new LeaseOutcome.Done(new Lease(new Term(3), "m1@1", 0, Second)), Now));
        Assert.Single(Outputs.OfType<MemberOutput.ReadState>());
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
    public void Effects_that_wait_are_bounded_in_bytes()
    {
        Member = new(new MemberOptions { Name = "m1", Candidate = "m1@1", Members = ["m1", "m2"], MaxGatedBytes = 100 });
        Win(Position.Origin, []);
        Step(default, new MemberInput.Heard(new Ovum(new byte[] { 1 }, DateTimeOffset.UnixEpoch)));
        Step(default, new MemberInput.Heard(new Ovum(new byte[] { 2 }, DateTimeOffset.UnixEpoch)));
        Step(default, new MemberInput.Poked([new Computation.Accepted(First.Number, First.Payload, 1, [new Effect(First.Number, 0, new byte[100])])]));
        Assert.Empty(Outputs.OfType<MemberOutput.Poke>());
        Step(default, new MemberInput.LocalAppended(At(First)));
        Step(default, new MemberInput.StoreAppended(new AppendResult(WriteOutcome.Committed.Instance, At(First))));
        Assert.Empty(Outputs.OfType<MemberOutput.Poke>());
        // A replica has processed it: the effects leave, and the next is computed.
        Step(default, new MemberInput.Received("m2", new MemberMessage.Ack(new Term(2), At(First), At(First), At(First))));
        Assert.Single(Outputs.OfType<MemberOutput.Release>());
        Step(default, new MemberInput.Released(First.Number));
        Step(default, MemberInput.Tick.Instance);
        Assert.Equal(0, Member.Status.Gated);
    }

    [Fact]
    public void Events_without_effects_are_bounded_too_while_the_gate_is_closed()
    {
        Member = new(new MemberOptions { Name = "m1", Candidate = "m1@1", Members = ["m1", "m2"], PushWindow = 10, MaxUnreplicatedBytes = 20 });
        Win(Position.Origin, []);
        Position end = Position.Origin;
        int made = 0;
        for (; made < 100; made++)
        {
            Step(default, new MemberInput.Heard(new Ovum(new byte[] { 1 }, DateTimeOffset.UnixEpoch)));
            if (!Outputs.OfType<MemberOutput.Poke>().Any())
                break;
            Event next = Following(end);
            end = At(next);
            Step(default, new MemberInput.Poked([new Computation.Accepted(next.Number, next.Payload, 1, [])]));
            Step(default, new MemberInput.LocalAppended(end));
            Step(default, new MemberInput.StoreAppended(new AppendResult(WriteOutcome.Committed.Instance, end)));
        }
        Assert.Equal((10 + 20) / First.Payload.Length, made);
        Step(default, new MemberInput.Received("m2", new MemberMessage.Ack(new Term(2), end, end, end)));
        Step(default, MemberInput.Tick.Instance);
        Assert.Equal(end.Number, Member.Status.Released);
        Step(default, new MemberInput.Heard(new Ovum(new byte[] { 1 }, DateTimeOffset.UnixEpoch)));
        Assert.Equal(1, Member.Status.Ingress); // one that waited is being computed, this one waits
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

    private void Wait(Role role)
    {
        for (int i = 0; Member.Role != role; i++)
        {
            Assert.True(i < 1000, $"it is {Member.Role}, and not {role}");
            Step(Second / 10, MemberInput.Tick.Instance);
        }
    }
}
