using Seguro.Core;

namespace Seguro.Tests.Core.Members;

/// <summary>A database that comes to keep fewer copies than it promised, and one that takes nothing: what waits, what is said, what is healthy.</summary>
public sealed class WeakCommitTests : HandFedMember
{
    private static readonly CommitShortfall Less = new(1, "synchronous_standby_names is empty");

    [Fact]
    public void Effects_that_wait_for_commits_wait_until_a_commit_is_worth_as_much_again()
    {
        Lease mine = WinAndCommitFirst(effects: 1);
        Renew(ref mine, Less);
        Step(default, Processed(mine));
        Assert.Empty(Outputs.OfType<MemberOutput.Release>());
        Assert.Contains(Member.Status.Warnings, static warning => warning.Contains(Less.What, StringComparison.Ordinal) && warning.StartsWith("Effects wait", StringComparison.Ordinal));
        Assert.Null(Member.Status.Hindrance);
        for (int i = 0; i < 6; i++)
        {
            Renew(ref mine, Less);
            Step(Second / 4, Processed(mine));
            Assert.Empty(Outputs.OfType<MemberOutput.Release>());
        }
        Assert.Contains("copies", Member.Status.Hindrance, StringComparison.Ordinal);

        Renew(ref mine, null);
        Assert.Single(Outputs.OfType<MemberOutput.Release>());
        Assert.Empty(Member.Status.Warnings);
    }

    [Fact]
    public void At_optimism_0_it_is_only_said()
    {
        Member = new Member(new MemberOptions { Name = "m1", Candidate = "m1@1", Members = ["m1", "m2"], InitialOptimism = new Optimism(0, ReplicaLossPolicy.Wait) });
        Lease mine = Win(Position.Origin, []);
        Renew(ref mine, Less);
        Step(default, new MemberInput.Heard(new Ovum(new byte[] { 1 }, DateTimeOffset.UnixEpoch)));
        Step(default, new MemberInput.Poked([new Computation.Accepted(First.Number, First.Payload, 1, [new Effect(First.Number, 0, new byte[] { 1 })])]));
        Step(default, new MemberInput.LocalAppended(At(First)));
        Assert.Single(Outputs.OfType<MemberOutput.Release>());
        Assert.Contains(Member.Status.Warnings, static warning => warning.Contains(Less.What, StringComparison.Ordinal));
    }

    [Fact]
    public void A_campaign_that_is_won_on_such_a_database_holds_from_the_first_event_on()
    {
        Campaign(Position.Origin, []);
        Lease mine = new(new Term(2), "m1@1", 0, Second);
        Step(default, new MemberInput.Campaigned(new LeaseOutcome.Done(mine) { Shortfall = Less }, Now));
        Step(default, new MemberInput.StateRead(State(Position.Origin, mine), TakenOver, Position.Origin));
        Assert.Contains(Member.Status.Warnings, static warning => warning.Contains(Less.What, StringComparison.Ordinal));
    }

    [Fact]
    public void A_master_whose_appends_fail_says_so_after_a_lease()
    {
        Lease mine = WinAndCommitFirst();
        Step(default, new MemberInput.Heard(new Ovum(new byte[] { 1 }, DateTimeOffset.UnixEpoch)));
        Event second = Following(At(First));
        Step(default, new MemberInput.Poked([new Computation.Accepted(second.Number, second.Payload, 1, [])]));
        Assert.Single(Outputs.OfType<MemberOutput.AppendStore>());
        Step(default, new MemberInput.StoreAppended(new AppendResult(new WriteOutcome.Refused("the window is full"), At(First))));
        for (int i = 0; i < 5; i++)
        {
            Assert.Null(Member.Status.Hindrance);
            Renew(ref mine, null);
            Step(Second / 4, MemberInput.Tick.Instance);
        }
        Assert.Contains("the store takes no events", Member.Status.Hindrance, StringComparison.Ordinal);
        Step(default, new MemberInput.StoreAppended(new AppendResult(WriteOutcome.Committed.Instance, At(second))));
        Assert.Null(Member.Status.Hindrance);
    }

    private static MemberInput.Received Processed(Lease mine) => new("m2", new MemberMessage.Ack(mine.Term, At(First), At(First), At(First)));

    private void Renew(ref Lease mine, CommitShortfall? shortfall)
    {
        mine = mine with { Renewals = mine.Renewals + 1 };
        Step(default, new MemberInput.Renewed(new LeaseOutcome.Done(mine) { Shortfall = shortfall }, Now));
    }
}
