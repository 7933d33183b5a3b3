using Seguro.Core;

namespace Seguro.Tests.Core.Members;

/// <summary>A store that went back in time is found out, by the member's own record, by others' words, by a term that is given out twice; and let go of when it is right again.</summary>
public sealed class StoreBackTests : HandFedMember
{
    private static readonly Lease Others = new(new Term(2), "m2@1", 3, Second);

    [Fact]
    public void A_replica_s_local_log_is_proof_at_a_start()
    {
        Step(default, new MemberInput.Started(At(First), At(First), new Evidence(new Term(2), Position.Origin, MayBeAhead: false, Term.None)));
        Step(default, new MemberInput.StateRead(State(Position.Origin, Others), default, Position.Origin));
        Assert.Equal(Role.Stopped, Member.Role);
        Assert.Contains("event 1 was committed", Member.Status.Loss, StringComparison.Ordinal);
        Assert.Equal(Member.Status.Loss, Assert.IsType<MemberMessage.Testimony>(Assert.Single(Outputs.OfType<MemberOutput.Send>()).Message).Loss);
    }

    [Fact]
    public void So_it_is_where_other_events_took_its_place_meanwhile()
    {
        Step(default, new MemberInput.Started(At(First), At(First), new Evidence(new Term(2), Position.Origin, MayBeAhead: false, Term.None)));
        Step(default, new MemberInput.StateRead(State(new Position(new EventNumber(9), First.Chain), Others), default, Position.Origin));
        Assert.Equal(Role.Stopped, Member.Role);
        Assert.Empty(Outputs.OfType<MemberOutput.Quarantine>());
    }

    [Fact]
    public void What_only_an_ex_master_had_goes_to_quarantine_and_what_it_knew_to_be_confirmed_does_not()
    {
        Event second = Following(At(First));
        Step(default, new MemberInput.Started(At(second), At(second), new Evidence(new Term(2), At(First), MayBeAhead: true, Term.None)));
        Step(default, new MemberInput.StateRead(State(At(First), Others), default, At(First)));
        Assert.Equal(At(First), Assert.Single(Outputs.OfType<MemberOutput.Quarantine>()).Last);
    }

    [Fact]
    public void An_ex_master_s_record_is_proof_of_what_was_confirmed()
    {
        Event second = Following(At(First));
        Step(default, new MemberInput.Started(At(second), At(second), new Evidence(new Term(2), At(First), MayBeAhead: true, Term.None)));
        Step(default, new MemberInput.StateRead(State(Position.Origin, Others), default, Position.Origin));
        Assert.Equal(Role.Stopped, Member.Role);
    }

    [Fact]
    public void A_store_that_knows_a_lower_term_is_not_followed_though_no_event_is_missing()
    {
        Step(default, new MemberInput.Started(At(First), At(First), new Evidence(new Term(4), Position.Origin, MayBeAhead: false, Term.None)));
        Step(default, new MemberInput.StateRead(State(At(First), Others), default, At(First)));
        Assert.Equal(Role.Stopped, Member.Role);
        Assert.Contains("term 4 was won", Member.Status.Loss, StringComparison.Ordinal);
    }

    [Fact]
    public void A_master_keeps_what_the_store_confirmed_at_the_pace_of_renewals()
    {
        Lease mine = Win(Position.Origin, []);
        Step(default, new MemberInput.Heard(new Ovum(new byte[] { 1 }, DateTimeOffset.UnixEpoch)));
        Step(default, new MemberInput.Poked([new Computation.Accepted(First.Number, First.Payload, 1, [])]));
        Step(default, new MemberInput.LocalAppended(At(First)));
        Step(default, new MemberInput.StoreAppended(new AppendResult(WriteOutcome.Committed.Instance, At(First))));
        Assert.Empty(Outputs.OfType<MemberOutput.Remember>());
        Step(Second / 2, MemberInput.Tick.Instance);
        Assert.Equal(new Evidence(mine.Term, At(First), MayBeAhead: true, Term.None, History: EventNumber.None), Assert.Single(Outputs.OfType<MemberOutput.Remember>()).Known);
    }

    [Fact]
    public void A_master_remembers_that_it_is_one_before_it_appends()
    {
        Campaign(Position.Origin, []);
        Lease mine = new(new Term(2), "m1@1", 0, Second);
        Step(default, new MemberInput.Campaigned(new LeaseOutcome.Done(mine), Now));
        Step(default, new MemberInput.StateRead(State(Position.Origin, mine), TakenOver, Position.Origin));
        Assert.True(Assert.Single(Outputs.OfType<MemberOutput.Remember>()).Known.MayBeAhead);
    }

    [Fact]
    public void Another_s_proof_stops_a_master()
    {
        Win(Position.Origin, []);
        Step(default, new MemberInput.Received("m2", new MemberMessage.Testimony(new Term(2), "m1@1", At(First), Term.None, "the store has lost what it confirmed")));
        Assert.Equal(Role.Stopped, Member.Role);
        Assert.Contains("m2 has proof", Member.Status.Loss, StringComparison.Ordinal);
    }

    [Fact]
    public void A_stranger_s_word_does_not()
    {
        Win(Position.Origin, []);
        Step(default, new MemberInput.Received("m9", new MemberMessage.Testimony(new Term(99), "m9@1", At(First), Term.None, "the store has lost what it confirmed")));
        Assert.Equal(Role.Master, Member.Role);
    }

    [Fact]
    public void A_master_that_hears_of_committed_events_that_it_has_not_looks_at_the_store()
    {
        Lease mine = Win(Position.Origin, []);
        Step(default, new MemberInput.Received("m2", new MemberMessage.Testimony(new Term(1), "m2@1", At(First), Term.None)));
        Assert.Equal(Role.Rejoining, Member.Role);
        Step(default, new MemberInput.StateRead(State(Position.Origin, mine), TakenOver, Position.Origin));
        Assert.Equal(Role.Stopped, Member.Role);
    }

    [Fact]
    public void A_master_that_hears_of_a_higher_term_that_its_store_does_not_know_stands_still()
    {
        Lease mine = Win(Position.Origin, []);
        Step(default, new MemberInput.Received("m2", new MemberMessage.Testimony(new Term(5), "", Position.Origin, Term.None)));
        Assert.Equal(Role.Rejoining, Member.Role);
        Step(default, new MemberInput.StateRead(State(Position.Origin, mine), TakenOver, Position.Origin));
        Assert.Equal(Role.Stopped, Member.Role);
    }

    [Fact]
    public void Two_masters_of_one_term_stand_still()
    {
        Win(Position.Origin, []);
        Lease others = new(new Term(2), "m2@1", 0, Second);
        Step(default, new MemberInput.Received("m2", new MemberMessage.Push(others, Position.Origin, [], Position.Origin, EventNumber.None, default)));
        Assert.Equal(Role.Stopped, Member.Role);
        Assert.Contains("two masters", Member.Status.Stopped, StringComparison.Ordinal);
    }

    [Fact]
    public void A_term_that_is_given_out_again_is_not_served_in()
    {
        Step(default, new MemberInput.Started(Position.Origin, Position.Origin, new Evidence(new Term(4), Position.Origin, MayBeAhead: false, Term.None)));
        Lease others = new(new Term(4), "m2@1", 9, Second);
        Step(default, new MemberInput.StateRead(State(Position.Origin, others), default, Position.Origin));
        while (Member.Role is not Role.Candidate)
            Step(Second / 10, MemberInput.Tick.Instance);
        Step(default, new MemberInput.Campaigned(new LeaseOutcome.Done(new Lease(new Term(3), "m1@1", 0, Second)), Now));
        Assert.Equal(Role.Rejoining, Member.Role);
        Assert.Single(Outputs.OfType<MemberOutput.Resign>());
    }

    [Fact]
    public void A_lower_term_s_push_is_answered_with_what_is_known()
    {
        Step(default, new MemberInput.Started(Position.Origin, Position.Origin, new Evidence(new Term(4), Position.Origin, MayBeAhead: false, Term.None)));
        Step(default, new MemberInput.Received("m2", new MemberMessage.Push(Others, Position.Origin, [], Position.Origin, EventNumber.None, default)));
        Assert.Equal(new Term(4), Assert.IsType<MemberMessage.Testimony>(Assert.Single(Outputs.OfType<MemberOutput.Send>()).Message).Term);
    }

    [Fact]
    public void Once_the_store_has_it_again_the_member_goes_on_by_itself()
    {
        A_replica_s_local_log_is_proof_at_a_start();
        Step(default, new MemberInput.StateRead(State(Position.Origin, Others), default, Position.Origin));
        Assert.Equal(Role.Stopped, Member.Role);
        Step(5 * Second, MemberInput.Tick.Instance);
        Assert.Single(Outputs.OfType<MemberOutput.ReadState>());
        Step(default, new MemberInput.StateRead(State(At(First), Others with { Term = new Term(7) }), default, At(First)));
        Assert.Equal(Role.Rejoining, Member.Role);
        Assert.Null(Member.Status.Loss);
        Assert.Single(Outputs.OfType<MemberOutput.ReadState>());
    }

    [Fact]
    public void Whoever_mended_the_store_is_answered_when_the_member_goes_on_and_not_before()
    {
        A_replica_s_local_log_is_proof_at_a_start();
        Step(default, new MemberInput.Wished(1, Wish.Trust.Instance));
        Step(5 * Second, MemberInput.Tick.Instance);
        Assert.Empty(Outputs.OfType<MemberOutput.Answer>());
        Step(default, new MemberInput.StateRead(State(Position.Origin, Others), default, Position.Origin));
        Assert.Empty(Outputs.OfType<MemberOutput.Answer>());
        Step(10 * Second, MemberInput.Tick.Instance);
        Step(default, new MemberInput.StateRead(State(At(First), Others with { Term = new Term(7) }), default, At(First)));
        Assert.Equal(new MemberOutput.Answer(1, null), Assert.Single(Outputs.OfType<MemberOutput.Answer>()));
        Step(default, new MemberInput.Wished(2, Wish.Trust.Instance)); // it is so already
        Assert.Equal(new MemberOutput.Answer(2, null), Assert.Single(Outputs.OfType<MemberOutput.Answer>()));
    }

    [Fact]
    public void A_replica_that_hears_of_an_accepted_loss_late_does_not_end_by_it()
    {
        Lease others = new(new Term(1), "m2@1", 0, Second);
        Event second = Following(At(First));
        Step(default, new MemberInput.Started(At(second), At(second)));
        Step(default, new MemberInput.StateRead(State(At(second), others), TakenOver with { Released = second.Number }, At(second)));
        Assert.Equal(Role.Replica, Member.Role);
        // It was cut off meanwhile: the log ends at event 1 now, and all else is said of it first.
        Lease newer = new(new Term(300), "m2@2", 0, Second);
        Step(default, new MemberInput.Received("m2", new MemberMessage.Push(newer, At(First), [], At(First), EventNumber.None, new ClusterSettings(null, null, EventNumber.None, new Term(299)))));
        Assert.NotEqual(Role.Master, Member.Role);
    }

    [Fact]
    public void A_loss_that_the_user_accepted_is_none_and_goes_to_quarantine()
    {
        A_replica_s_local_log_is_proof_at_a_start();
        ClusterSettings accepted = new(null, null, EventNumber.None, new Term(7));
        Lease mended = Others with { Term = new Term(7), Holder = "" };
        Step(5 * Second, MemberInput.Tick.Instance);
        Step(default, new MemberInput.StateRead(State(Position.Origin, mended), accepted, Position.Origin));
        Step(default, new MemberInput.StateRead(State(Position.Origin, mended), accepted, Position.Origin));
        Assert.Equal(Position.Origin, Assert.Single(Outputs.OfType<MemberOutput.Quarantine>()).Last);
        // What is said by who has not heard of it counts no more.
        Step(default, new MemberInput.Quarantined(Position.Origin, [First]));
        Step(default, new MemberInput.ShipRestored(Position.Origin));
        Step(default, new MemberInput.Received("m2", new MemberMessage.Testimony(new Term(2), "m2@1", At(First), Term.None, "the store has lost what it confirmed")));
        Assert.NotEqual(Role.Stopped, Member.Role);
        Assert.Equal(EventNumber.None, Member.Status.EverCommitted.Number);
    }
}
