using Seguro.Core;

namespace Seguro.Tests.Core.Members;

/// <summary>What a member looks at though the simulator never makes it, or would in a million seeds: each is a mutation (<c>test/Seguro.Tests/Mutations</c>) that is found here.</summary>
public sealed class FinePointTests : HandFedMember
{
    private static readonly byte[] OtherBytes = [9, 9];
    private static readonly Event Other = new(First.Number, OtherBytes, ChainHasher.Of(Chain.Zero, First.Number, OtherBytes));

    [Fact]
    public void Effects_of_adopted_events_leave_at_most_once()
    {
        Member = new(new MemberOptions { Name = "m1", Candidate = "m1@1", Members = ["m1", "m2"], Effects = EffectsPolicy.AtMostOnce });
        Lease mine = Win(Position.Origin, pushed: [First]);
        Assert.Equal([First], Assert.Single(Outputs.OfType<MemberOutput.Apply>()).Events);
        Step(default, new MemberInput.EventsApplied([new Applied(1, [new Effect(First.Number, 0, OtherBytes)])]));
        Step(default, new MemberInput.LocalAppended(At(First)));
        Step(default, new MemberInput.StoreAppended(new AppendResult(WriteOutcome.Committed.Instance, At(First))));
        Acknowledge(mine.Term, At(First), At(First));
        Assert.Empty(Outputs.OfType<MemberOutput.Release>());
        Assert.Equal((0, First.Number), (Member.Status.Gated, Member.Status.Released));
    }

    [Fact]
    public void A_group_of_unknown_outcome_is_repeated_as_it_was()
    {
        Win(Position.Origin, []);
        Compute(First);
        Assert.Equal([First], Assert.Single(Outputs.OfType<MemberOutput.AppendStore>()).Events);
        Compute(Following(At(First)));
        Step(default, new MemberInput.StoreAppended(new AppendResult(new WriteOutcome.Unknown("away"), Position.Origin)));
        Step(Second / 10, MemberInput.Tick.Instance);
        Assert.Equal([First], Assert.Single(Outputs.OfType<MemberOutput.AppendStore>()).Events);
    }

    [Fact]
    public void A_reach_of_another_chain_commits_nothing()
    {
        Win(Position.Origin, []);
        Compute(First);
        Step(default, new MemberInput.StoreAppended(new AppendResult(new WriteOutcome.Unknown("away"), At(Other))));
        Assert.Equal((Role.Master, Position.Origin), (Member.Role, Member.Status.Committed));
    }

    [Fact]
    public void A_master_that_hears_of_a_higher_term_ends_at_once()
    {
        Lease mine = WinAndCommitFirst();
        Acknowledge(mine.Term.Next, At(First), At(First));
        Assert.Equal(Role.Rejoining, Member.Role);
    }

    [Fact]
    public void Who_acknowledges_another_log_is_not_counted()
    {
        Lease mine = WinAndCommitFirst(effects: 1);
        Acknowledge(mine.Term, At(Other), At(Other));
        Assert.Empty(Outputs.OfType<MemberOutput.Release>());
        Assert.Contains("another", Assert.Single(Member.Status.Replicas).Stopped, StringComparison.Ordinal);
        Acknowledge(mine.Term, At(First), At(First));
        Assert.Equal(First.Number, Assert.Single(Outputs.OfType<MemberOutput.Release>()).Last);
    }

    [Fact]
    public void Who_stands_still_is_not_counted_for_what_it_processed_before()
    {
        Lease mine = WinAndCommitFirst(effects: 1);
        Step(default, new MemberInput.Received("m2", new MemberMessage.Ack(mine.Term, At(First), At(First), At(First), Stopped: "its ship differs")));
        Assert.Empty(Outputs.OfType<MemberOutput.Release>());
        Acknowledge(mine.Term, At(First), At(First));
        Assert.Equal(First.Number, Assert.Single(Outputs.OfType<MemberOutput.Release>()).Last);
    }

    [Fact]
    public void Who_received_another_event_is_pushed_to_from_what_is_durable()
    {
        Lease mine = WinAndCommitFirst();
        Acknowledge(mine.Term, At(Other), Position.Origin);
        MemberMessage.Push push = Assert.Single(Outputs.OfType<MemberOutput.Send>().Select(static send => send.Message).OfType<MemberMessage.Push>(), static push => push.Events.Count > 0);
        Assert.Equal((Position.Origin, First), (push.Previous, Assert.Single(push.Events)));
    }

    [Fact]
    public void A_candidate_that_reads_anothers_lease_does_not_serve()
    {
        Lease mine = WinUnread();
        Step(default, new MemberInput.StateRead(State(Position.Origin, mine with { Holder = "m9@1" }), TakenOver, Position.Origin));
        Assert.Equal(Role.Replica, Member.Role);
    }

    [Fact]
    public void A_candidate_that_reads_a_later_term_does_not_serve()
    {
        Lease mine = WinUnread();
        Step(default, new MemberInput.StateRead(State(Position.Origin, mine with { Term = mine.Term.Next }), TakenOver, Position.Origin));
        Assert.DoesNotContain(Outputs.OfType<MemberOutput.RoleChanged>(), static changed => changed.Role is Role.Master);
        Assert.Equal(Role.Replica, Member.Role);
    }

    [Fact]
    public void Who_was_removed_while_away_does_not_serve()
    {
        Lease mine = WinUnread();
        Step(default, new MemberInput.StateRead(State(Position.Origin, mine), TakenOver with { Members = ["m2"] }, Position.Origin));
        Assert.Equal(mine, Assert.Single(Outputs.OfType<MemberOutput.Resign>()).Held);
        Assert.Equal(Role.Replica, Member.Role);
    }

    [Fact]
    public void An_event_that_contradicts_the_last_committed_one_is_refused()
    {
        (MemberState state, Processing processing) = Replica();
        Assert.True(processing.Take([First], out _));
        processing.Learn(At(First));
        Assert.Equal(At(First), state.Progress.Committed);
        Assert.False(processing.Take([Other], out _));
    }

    [Fact]
    public void A_read_that_follows_another_event_is_passed_over()
    {
        (MemberState state, Processing processing) = Replica();
        Assert.True(processing.Take([First], out _));
        processing.Learn(At(Following(At(First))));
        processing.Pump(); // reads what is committed and not here
        Assert.True(processing.OnRead(new MemberInput.EventsRead(At(Other), [Following(At(Other))])));
        Assert.Equal((At(First), Position.Origin), (state.Tail.End, state.Progress.Committed));
    }

    private static (MemberState State, Processing Processing) Replica()
    {
        MemberState state = new(new MemberOptions { Name = "m1", Candidate = "m1@1", Members = ["m1", "m2"] });
        state.Begin(TimeSpan.Zero, []);
        state.Begin(Position.Origin, Position.Origin, known: null);
        Processing processing = new(state);
        processing.Reset([], EventNumber.None);
        return (state, processing);
    }

    /// <summary>Wins term 2, and has not read the log's head yet.</summary>
    private Lease WinUnread()
    {
        Campaign(Position.Origin, []);
        Lease mine = new(new Term(2), "m1@1", 0, Second);
        Step(default, new MemberInput.Campaigned(new LeaseOutcome.Done(mine), Now));
        Assert.Equal(Role.Candidate, Member.Role);
        return mine;
    }

    private void Compute(Event next)
    {
        Step(default, new MemberInput.Heard(new Ovum(new byte[] { 1 }, DateTimeOffset.UnixEpoch)));
        List<MemberOutput> before = [.. Outputs];
        Step(default, new MemberInput.Poked([new Computation.Accepted(next.Number, next.Payload, 1, [])]));
        Outputs.InsertRange(0, before);
    }

    private void Acknowledge(Term term, Position received, Position processed) =>
        Step(default, new MemberInput.Received("m2", new MemberMessage.Ack(term, received, processed, processed, Gap: received != processed)));
}
