using Seguro.Core;

namespace Seguro.Tests.Core.Members;

/// <summary>A ship that makes its events by itself: what the member does with it, and with what it says.</summary>
public sealed class OwnShipTests : HandFedMember
{
    private static readonly Event Next = Following(At(First));

    public OwnShipTests() => Member = new Member(Options(1));

    [Fact]
    public void An_event_is_appended_as_it_is_told_of_and_released_once_a_replica_has_it()
    {
        Lease mine = Win(Position.Origin, []);
        Assert.Equal(Position.Origin, Assert.Single(Outputs.OfType<MemberOutput.RunShip>()).Head);
        Step(default, Processed(mine, null));
        Step(default, Made(First));
        Assert.Empty(Outputs.OfType<MemberOutput.AppendLocal>());
        Assert.Equal(At(First), Member.Status.Durable);
        Assert.Equal([First], Assert.Single(Outputs.OfType<MemberOutput.AppendStore>()).Events);
        Assert.Equal([First], Assert.Single(Outputs.OfType<MemberOutput.Send>().Select(static send => send.Message).OfType<MemberMessage.Push>()).Events);
        Step(default, new MemberInput.StoreAppended(new AppendResult(WriteOutcome.Committed.Instance, At(First))));
        Assert.Empty(Outputs.OfType<MemberOutput.Release>());
        Step(default, Processed(mine, First));
        Assert.Equal(First.Number, Assert.Single(Outputs.OfType<MemberOutput.Release>()).Last);
    }

    [Fact]
    public void A_ship_that_ends_by_itself_is_started_again_once_all_that_it_made_is_released()
    {
        Lease mine = Win(Position.Origin, []);
        Step(default, Made(First));
        Step(default, new MemberInput.ShipEnded(At(First), "its king crashed"));
        Step(default, new MemberInput.StoreAppended(new AppendResult(WriteOutcome.Committed.Instance, At(First))));
        Step(Second / 3, new MemberInput.Renewed(new LeaseOutcome.Done(mine with { Renewals = 1 }), Now + (Second / 3)));
        Assert.Empty(Outputs.OfType<MemberOutput.RunShip>());
        Step(default, Processed(mine, First));
        Step(default, new MemberInput.Released(First.Number));
        Assert.Equal(At(First), Assert.Single(Outputs.OfType<MemberOutput.RunShip>()).Head);
        Assert.Contains(Member.Status.Warnings, static warning => warning.Contains("its king crashed", StringComparison.Ordinal));
        Step(default, Made(Next));
        Assert.DoesNotContain(Member.Status.Warnings, static warning => warning.Contains("its king crashed", StringComparison.Ordinal));
    }

    [Fact]
    public void A_ship_that_never_comes_up_is_given_to_another_member()
    {
        Lease mine = Win(Position.Origin, []);
        for (int starts = 1; starts < 3; starts++)
        {
            Step(default, new MemberInput.ShipEnded(Position.Origin, "no such program"));
            Assert.Empty(Outputs.OfType<MemberOutput.RunShip>());
            for (int i = 0; i < 8 && Outputs.OfType<MemberOutput.RunShip>().FirstOrDefault() is null; i++)
            {
                mine = mine with { Renewals = mine.Renewals + 1 };
                Step(Second / 8, new MemberInput.Renewed(new LeaseOutcome.Done(mine), Now + (Second / 8)));
            }
            Assert.Single(Outputs.OfType<MemberOutput.RunShip>());
        }
        Step(default, new MemberInput.ShipEnded(Position.Origin, "no such program"));
        MemberOutput.Resign? resigned = null;
        for (int i = 0; i < 10 && resigned is null; i++)
        {
            mine = mine with { Renewals = mine.Renewals + 1 };
            Step(Second / 8, new MemberInput.Renewed(new LeaseOutcome.Done(mine), Now + (Second / 8)));
            resigned = Outputs.OfType<MemberOutput.Resign>().FirstOrDefault();
        }
        Assert.NotNull(resigned);
    }

    [Fact]
    public void Who_loses_the_lease_compares_only_when_the_ship_is_gone()
    {
        Win(Position.Origin, []);
        Step(default, Made(First));
        Lease others = new(new Term(3), "m2@1", 0, Second);
        Step(default, new MemberInput.StoreAppended(new AppendResult(new WriteOutcome.Fenced(others), Position.Origin)));
        Assert.Equal(Role.Rejoining, Member.Role);
        Assert.Empty(Outputs.OfType<MemberOutput.ReadState>());
        // What it wrote before it was killed and told of to nobody is in the log all the same.
        Step(default, new MemberInput.ShipEnded(At(Next), "it is master no longer"));
        Assert.Single(Outputs.OfType<MemberOutput.ReadState>());
        Step(default, new MemberInput.StateRead(State(Position.Origin, others), TakenOver, Position.Origin));
        Assert.Equal(Position.Origin, Assert.Single(Outputs.OfType<MemberOutput.Quarantine>()).Last);
    }

    [Fact]
    public void A_takeover_keeps_what_the_last_master_pushed_and_did_not_commit()
    {
        Win(Position.Origin, [First]);
        Assert.Empty(Outputs.OfType<MemberOutput.RunShip>());
        Assert.Empty(Outputs.OfType<MemberOutput.Apply>());
        Assert.Equal([First], Assert.Single(Outputs.OfType<MemberOutput.AppendLocal>()).Events);
        Assert.Equal([First], Assert.Single(Outputs.OfType<MemberOutput.AppendStore>()).Events);
    }

    [Fact]
    public void At_optimism_0_answers_wait_where_the_store_falls_behind()
    {
        Member = new Member(Options(0) with { MaxUnreplicatedEvents = 1 });
        Win(Position.Origin, []);
        Step(default, Made(First));
        Assert.Equal(First.Number, Assert.Single(Outputs.OfType<MemberOutput.Release>()).Last);
        Step(default, new MemberInput.Released(First.Number));
        Step(default, Made(Next));
        Assert.Empty(Outputs.OfType<MemberOutput.Release>());
        Step(default, new MemberInput.StoreAppended(new AppendResult(WriteOutcome.Committed.Instance, At(First))));
        Assert.Equal(Next.Number, Assert.Single(Outputs.OfType<MemberOutput.Release>()).Last);
    }

    [Fact]
    public void An_event_that_the_store_can_never_take_is_taken_back()
    {
        Member = new Member(Options(1) with { LargestEvent = 2 });
        Win(Position.Origin, []);
        Step(default, Made(First));
        Assert.Equal(Role.Rejoining, Member.Role);
        Assert.Empty(Outputs.OfType<MemberOutput.AppendStore>());
        Assert.Contains(Member.Status.Warnings, static warning => warning.Contains("the store takes 2", StringComparison.Ordinal));
    }

    [Fact]
    public void Who_hands_over_lets_the_ship_end_first()
    {
        Lease mine = Win(Position.Origin, []);
        Step(default, Processed(mine, null));
        Step(default, new MemberInput.Wished(1, Wish.StepDown.Instance));
        Assert.Single(Outputs.OfType<MemberOutput.EndShip>());
        Assert.Empty(Outputs.OfType<MemberOutput.Resign>());
        Step(default, new MemberInput.ShipEnded(Position.Origin, "it was asked to end"));
        Assert.Single(Outputs.OfType<MemberOutput.Resign>());
        Assert.Empty(Outputs.OfType<MemberOutput.RunShip>());
    }

    [Fact]
    public void Effects_of_unknown_fate_can_not_be_repeated() =>
        Assert.Throws<ArgumentException>(static () => new Member(Options(1) with { Effects = EffectsPolicy.AtLeastOnce }));

    private static MemberOptions Options(int optimism) => new()
    {
        Name = "m1",
        Candidate = "m1@1",
        Members = ["m1", "m2"],
        MakesEvents = true,
        Effects = EffectsPolicy.AtMostOnce,
        InitialOptimism = new Optimism(optimism, ReplicaLossPolicy.Wait),
    };

    private static MemberInput.Made Made(Event told) =>
        new([new Computation.Accepted(told.Number, told.Payload, 1, [new Effect(told.Number, 0, ReadOnlyMemory<byte>.Empty)])]);

    private static MemberInput.Received Processed(Lease mine, Event? last)
    {
        Position at = last is { } held ? At(held) : Position.Origin;
        return new MemberInput.Received("m2", new MemberMessage.Ack(mine.Term, at, at, at));
    }
}
