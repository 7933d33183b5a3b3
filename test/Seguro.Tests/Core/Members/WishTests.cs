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
