using Seguro.Core;

namespace Seguro.Tests.Core.Members;

/// <summary>What operators want: each wish is a change of what is in force when it comes to be, is answered once, and a refusal is a refusal at once.</summary>
public sealed class WishTests : HandFedMember
{
    private ulong _last;

    [Fact]
    public void Two_changes_of_membership_at_once_both_come_to_be()
    {
        WinAndCommitFirst();
        ulong first = Want(new Wish.ChangeMembers(["m3"], []));
        MemberOutput.WriteSettings write = Assert.Single(Outputs.OfType<MemberOutput.WriteSettings>());
        Assert.Equal(["m1", "m2", "m3"], write.Settings.Members!);
        ulong second = Want(new Wish.ChangeMembers(["m4"], ["m2"]));
        Assert.Empty(Outputs.OfType<MemberOutput.Answer>());
        Step(default, new MemberInput.SettingsWritten(WriteOutcome.Committed.Instance));
        Assert.Equal(new MemberOutput.Answer(first, null), Assert.Single(Outputs.OfType<MemberOutput.Answer>()));
        write = NextWrite();
        Assert.Equal(["m1", "m3", "m4"], write.Settings.Members!);
        Step(default, new MemberInput.SettingsWritten(WriteOutcome.Committed.Instance));
        Assert.Equal(new MemberOutput.Answer(second, null), Assert.Single(Outputs.OfType<MemberOutput.Answer>()));
        Assert.Equal(["m1", "m3", "m4"], Member.Status.Members);
    }

    [Fact]
    public void Whose_place_another_took_before_it_was_written_is_told_so()
    {
        WinAndCommitFirst();
        ulong under = Want(new Wish.ChangeMembers(["m3"], []));
        Assert.Single(Outputs.OfType<MemberOutput.WriteSettings>());
        ulong pause = Want(new Wish.Pause("upgrade"));
        ulong resume = Want(new Wish.Resume(Despite: false));
        ulong joins = Want(new Wish.ChangeMembers(["m4"], []));
        ulong leaves = Want(new Wish.ChangeMembers([], ["m4"]));
        ulong strict = Want(new Wish.ChangeOptimism(1, null));
        ulong loose = Want(new Wish.ChangeOptimism(0, null));
        Step(default, new MemberInput.SettingsWritten(WriteOutcome.Committed.Instance));
        Assert.Equal(new MemberOutput.Answer(under, null), Assert.Single(Outputs.OfType<MemberOutput.Answer>()));
        NextWrite();
        Step(default, new MemberInput.SettingsWritten(WriteOutcome.Committed.Instance));
        Assert.Equal(
            [(pause, ErrorCode.Conflict), (resume, null), (joins, ErrorCode.Conflict), (leaves, null), (strict, ErrorCode.Conflict), (loose, null)],
            Outputs.OfType<MemberOutput.Answer>().Select(static answer => (answer.Number, answer.Refusal?.Code)));
    }

    [Fact]
    public void A_change_that_is_so_already_is_answered_at_once()
    {
        WinAndCommitFirst();
        ulong wish = Want(new Wish.ChangeMembers(["m2"], ["m9"]));
        Assert.Equal(new MemberOutput.Answer(wish, null), Assert.Single(Outputs.OfType<MemberOutput.Answer>()));
        Assert.Empty(Outputs.OfType<MemberOutput.WriteSettings>());
    }

    public static TheoryData<string, Wish, ErrorCode> Refused => new()
    {
        { "the master itself", new Wish.ChangeMembers([], ["m1"]), ErrorCode.UnsafeSettings },
        { "the optimism needs it", new Wish.ChangeMembers([], ["m2"]), ErrorCode.UnsafeSettings },
        { "more replicas than there are", new Wish.ChangeOptimism(2, null), ErrorCode.BadValue },
        { "below nothing", new Wish.ChangeOptimism(-1, null), ErrorCode.BadValue },
        { "more members than a cluster has", new Wish.ChangeMembers([.. Enumerable.Range(10, Optimism.MostMembers).Select(static number => $"m{number}")], []), ErrorCode.BadValue },
        { "nobody takes over", Wish.StepDown.Instance, ErrorCode.Unsupported },
        { "a successor that is no member", new Wish.StepDown("m9"), ErrorCode.BadValue },
        { "a successor that was not heard", new Wish.StepDown("m2"), ErrorCode.Unsupported },
        { "a pause without a reason", new Wish.Pause(""), ErrorCode.BadValue },
        { "a reason that metadata can't keep", new Wish.Pause("für"), ErrorCode.BadValue },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void A_refusal_comes_at_once(string why, Wish wish, ErrorCode code)
    {
        Assert.NotEmpty(why);
        WinAndCommitFirst();
        ulong number = Want(wish);
        MemberOutput.Answer answer = Assert.Single(Outputs.OfType<MemberOutput.Answer>());
        Assert.Equal((number, code), (answer.Number, answer.Refusal!.Code));
        Assert.NotEmpty(answer.Refusal.NextStep);
        Assert.Empty(Outputs.OfType<MemberOutput.WriteSettings>());
    }

    [Fact]
    public void Who_is_no_master_says_so_at_once()
    {
        Step(default, new MemberInput.Started(Position.Origin, Position.Origin));
        Want(Wish.StepDown.Instance);
        Assert.Equal(ErrorCode.StoreUnavailable, Assert.Single(Outputs.OfType<MemberOutput.Answer>()).Refusal!.Code);
    }

    [Fact]
    public void A_master_that_is_deposed_says_of_each_wish_whether_it_can_have_come_to_be()
    {
        Lease mine = WinAndCommitFirst();
        ulong written = Want(new Wish.ChangeMembers(["m3"], []));
        ulong waiting = Want(new Wish.ChangeMembers(["m4"], []));
        Step(default, new MemberInput.Renewed(new LeaseOutcome.Lost(new Lease(mine.Term.Next, "m2@1", 0, Second)), Now));
        Assert.Equal(Role.Rejoining, Member.Role);
        Assert.Equal(
            [(written, ErrorCode.OutcomeUnknown), (waiting, ErrorCode.StoreUnavailable)],
            Outputs.OfType<MemberOutput.Answer>().Select(static answer => (answer.Number, answer.Refusal!.Code)));
    }

    [Fact]
    public void A_hand_over_is_answered_when_it_is_done()
    {
        Lease mine = WinAndCommitFirst();
        Step(default, new MemberInput.Received("m2", new MemberMessage.Ack(mine.Term, At(First), At(First), At(First))));
        Assert.Single(Outputs.OfType<MemberOutput.WriteSettings>()); // the watermark
        Step(default, new MemberInput.SettingsWritten(WriteOutcome.Committed.Instance));
        ulong wish = Want(Wish.StepDown.Instance);
        Assert.Single(Outputs.OfType<MemberOutput.Resign>());
        Assert.Empty(Outputs.OfType<MemberOutput.Answer>());
        Step(default, new MemberInput.Resigned(new LeaseOutcome.Done(mine with { Holder = "" })));
        Assert.Equal(new MemberOutput.Answer(wish, null), Assert.Single(Outputs.OfType<MemberOutput.Answer>()));
    }

    [Fact]
    public void A_hand_over_to_a_named_member_waits_for_it_and_tells_it_alone_that_the_lease_is_free()
    {
        Lease mine = WinAndCommitFirst();
        ulong wish = Want(new Wish.ChangeMembers(["m3"], []));
        Step(default, new MemberInput.SettingsWritten(WriteOutcome.Committed.Instance));
        Step(default, new MemberInput.Received("m2", new MemberMessage.Ack(mine.Term, At(First), At(First), At(First))));
        NextWrite(); // the watermark
        Step(default, new MemberInput.SettingsWritten(WriteOutcome.Committed.Instance));
        Step(default, new MemberInput.Received("m3", new MemberMessage.Ack(mine.Term, Position.Origin, Position.Origin, Position.Origin)));
        wish = Want(new Wish.StepDown("m3"));
        Assert.Empty(Outputs.OfType<MemberOutput.Resign>()); // it has not all yet, though m2 has
        Step(default, new MemberInput.Received("m3", new MemberMessage.Ack(mine.Term, At(First), At(First), At(First))));
        Assert.Single(Outputs.OfType<MemberOutput.Resign>());
        Assert.Contains(Outputs.OfType<MemberOutput.Send>(), static send => send is { To: "m2", Message: MemberMessage.Push { Lease.IsHeld: true } });
        Step(default, new MemberInput.Resigned(new LeaseOutcome.Done(mine with { Holder = "" })));
        Assert.Equal("m3", Assert.Single(Outputs.OfType<MemberOutput.Send>(), static send => send.Message is MemberMessage.Push { Lease.IsHeld: false }).To);
        Assert.Equal(new MemberOutput.Answer(wish, null), Assert.Single(Outputs.OfType<MemberOutput.Answer>()));
    }

    [Fact]
    public void A_hand_over_to_the_master_itself_is_done_already()
    {
        WinAndCommitFirst();
        ulong wish = Want(new Wish.StepDown("m1"));
        Assert.Equal(new MemberOutput.Answer(wish, null), Assert.Single(Outputs.OfType<MemberOutput.Answer>()));
        Assert.Equal(Role.Master, Member.Role);
    }

    [Fact]
    public void A_paused_cluster_computes_nothing_until_it_is_resumed_and_a_moved_one_only_by_name()
    {
        WinAndCommitFirst();
        ulong wish = Want(new Wish.Pause(ClusterSettings.Moved + "etcd"));
        Assert.Equal("moved to etcd", NextWrite().Settings.Pause);
        Hear(2);
        Assert.Empty(Outputs.OfType<MemberOutput.Poke>()); // from the wish on
        Step(default, new MemberInput.SettingsWritten(WriteOutcome.Committed.Instance));
        Assert.Equal(new MemberOutput.Answer(wish, null), Assert.Single(Outputs.OfType<MemberOutput.Answer>()));
        Hear(3);
        Assert.Empty(Outputs.OfType<MemberOutput.Poke>());
        Assert.Equal("moved to etcd", Member.Status.Pause);
        Assert.Contains(Member.Status.Warnings, static warning => warning.Contains("paused: moved to etcd", StringComparison.Ordinal));
        Want(new Wish.Resume(Despite: false));
        Assert.Equal(ErrorCode.OtherCustody, Assert.Single(Outputs.OfType<MemberOutput.Answer>()).Refusal!.Code);
        Want(new Wish.Resume(Despite: true));
        Assert.Equal("", NextWrite().Settings.Pause);
        Step(default, new MemberInput.SettingsWritten(WriteOutcome.Committed.Instance));
        Assert.Single(Outputs.OfType<MemberOutput.Poke>());
        Step(Second / 100, MemberInput.Tick.Instance);
        Assert.DoesNotContain(Member.Status.Warnings, static warning => warning.Contains("paused", StringComparison.Ordinal));
    }

    [Fact]
    public void A_new_master_of_a_paused_cluster_computes_nothing()
    {
        Campaign(Position.Origin, []);
        Lease mine = new(new Term(2), "m1@1", 0, Second);
        Step(default, new MemberInput.Campaigned(new LeaseOutcome.Done(mine), Now));
        Step(default, new MemberInput.StateRead(State(Position.Origin, mine), TakenOver with { Pause = "upgrade" }, Position.Origin));
        Assert.Equal(Role.Master, Member.Role);
        Hear(1);
        Assert.Empty(Outputs.OfType<MemberOutput.Poke>());
        Assert.Equal("upgrade", Member.Status.Pause);
    }

    [Fact]
    public void A_pause_ends_a_ship_that_makes_its_events_itself_and_its_end_lets_it_run_again()
    {
        Member = new Member(new MemberOptions { Name = "m1", Candidate = "m1@1", Members = ["m1", "m2"], MakesEvents = true, Effects = EffectsPolicy.AtMostOnce });
        Win(Position.Origin, []);
        while (!Outputs.OfType<MemberOutput.RunShip>().Any())
            Step(Second / 20, Now < Second * 30 ? MemberInput.Tick.Instance : throw new InvalidOperationException("It does not run."));
        Want(new Wish.Pause("upgrade"));
        Assert.Single(Outputs.OfType<MemberOutput.EndShip>());
        NextWrite();
        Step(default, new MemberInput.SettingsWritten(WriteOutcome.Committed.Instance));
        Assert.False(Member.Status.IsQuiet); // it may make one more event
        Step(default, new MemberInput.ShipEnded(Position.Origin, "it was told to"));
        Assert.Empty(Outputs.OfType<MemberOutput.RunShip>());
        Assert.True(Member.Status.IsQuiet);
        Want(new Wish.Resume(Despite: false));
        NextWrite();
        Step(default, new MemberInput.SettingsWritten(WriteOutcome.Committed.Instance));
        Assert.Single(Outputs.OfType<MemberOutput.RunShip>());
    }

    private void Hear(byte datagram) => Step(Second / 100, new MemberInput.Heard(new Ovum(new[] { datagram }, DateTimeOffset.UnixEpoch)));

    private ulong Want(Wish wish)
    {
        Step(default, new MemberInput.Wished(++_last, wish));
        return _last;
    }

    private MemberOutput.WriteSettings NextWrite()
    {
        for (int i = 0; i < 10; i++)
        {
            if (Outputs.OfType<MemberOutput.WriteSettings>().FirstOrDefault() is { } write)
                return write;
            Step(Second / 20, MemberInput.Tick.Instance);
        }
        throw new InvalidOperationException("Nothing is written.");
    }
}
