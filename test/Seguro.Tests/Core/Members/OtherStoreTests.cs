using Seguro.Core;

namespace Seguro.Tests.Core.Members;

/// <summary>Members that work with different stores: two ships of one name, if nobody stood still.</summary>
public sealed class OtherStoreTests : HandFedMember
{
    [Fact]
    public void Of_two_members_both_stand_still_and_the_master_serves_nothing_more()
    {
        WinAndCommitFirst(effects: 1);
        Step(default, new MemberInput.StoreCompared("m2", false));
        Assert.Equal(Role.Stopped, Member.Role);
        Assert.Contains("SG3024", Member.Status.Stopped, StringComparison.Ordinal);
        Step(default, new MemberInput.Heard(new Ovum(new byte[] { 1 }, DateTimeOffset.UnixEpoch)));
        for (int i = 0; i < 20; i++)
        {
            Assert.DoesNotContain(Outputs, static output => output is MemberOutput.Poke or MemberOutput.Campaign or MemberOutput.Release or MemberOutput.AppendStore);
            Step(Second / 4, MemberInput.Tick.Instance);
        }
        Step(default, new MemberInput.StoreCompared("m2", true));
        Assert.Equal(Role.Rejoining, Member.Role);
        Assert.Null(Member.Status.Stopped);
        Assert.Empty(Member.Status.Warnings);
    }

    [Theory]
    [InlineData(true, true, false)]
    [InlineData(true, false, false)]
    [InlineData(false, true, false)]
    [InlineData(false, false, true)]
    public void Of_three_the_one_with_the_wrong_store_stands_still(bool second, bool third, bool stops)
    {
        Member = new Member(new MemberOptions { Name = "m1", Candidate = "m1@1", Members = ["m1", "m2", "m3"] });
        Step(default, new MemberInput.Started(Position.Origin, Position.Origin));
        Step(default, new MemberInput.StoreCompared("m2", second));
        Assert.Equal(!second, Member.Role is Role.Stopped); // one against one: it can't know which of the two is wrong
        Step(default, new MemberInput.StoreCompared("m3", third));
        Assert.Equal(stops, Member.Role is Role.Stopped);
        Assert.Equal(!(second && third), Member.Status.Warnings.Any(static warning => warning.Contains("another store", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Who_comes_to_stand_still_while_it_rejoins_does_not_go_on_with_an_answer_that_is_on_its_way(bool isRestoring)
    {
        Lease others = new(new Term(1), "m2@1", 0, Second);
        Step(default, new MemberInput.Started(At(First), At(First)));
        Step(default, new MemberInput.StateRead(State(Position.Origin, others), TakenOver, Position.Origin));
        Assert.Single(Outputs.OfType<MemberOutput.Quarantine>());
        if (isRestoring)
            Step(default, new MemberInput.Quarantined(Position.Origin, [First]));
        Step(default, new MemberInput.StoreCompared("m2", false));
        Step(default, isRestoring ? new MemberInput.ShipRestored(Position.Origin) : new MemberInput.Quarantined(Position.Origin, [First]));
        Assert.Equal(Role.Stopped, Member.Role);
        Assert.DoesNotContain(Outputs, static output => output is MemberOutput.RestoreShip or MemberOutput.RoleChanged);
        Step(default, new MemberInput.StoreCompared("m2", true));
        Step(default, new MemberInput.StateRead(State(Position.Origin, others), TakenOver, Position.Origin));
        if (!isRestoring)
            Step(default, new MemberInput.ShipRestored(Position.Origin));
        Assert.Equal(Role.Replica, Member.Role);
    }

    [Fact]
    public void Who_is_no_member_does_not_count()
    {
        WinAndCommitFirst();
        Step(default, new MemberInput.StoreCompared("m9", false));
        Assert.Equal(Role.Master, Member.Role);
        Assert.DoesNotContain(Member.Status.Warnings, static warning => warning.Contains("another store", StringComparison.Ordinal));
    }
}
