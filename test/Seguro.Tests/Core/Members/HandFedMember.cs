using Seguro.Core;

namespace Seguro.Tests.Core.Members;

/// <summary>A member of two, m1, that a test feeds input by input.</summary>
public abstract class HandFedMember
{
    protected static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    protected static readonly Event First = Following(Position.Origin);

    /// <summary>The settings of a log that a cluster has had from its beginning.</summary>
    protected static readonly ClusterSettings TakenOver = new(null, null, EventNumber.None, History: EventNumber.None);

    /// <summary>What the last step wanted.</summary>
    protected List<MemberOutput> Outputs { get; } = [];

    /// <summary>The member.</summary>
    protected Member Member { get; set; } = new(new MemberOptions { Name = "m1", Candidate = "m1@1", Members = ["m1", "m2"] });

    /// <summary>The time by its clock.</summary>
    protected TimeSpan Now { get; private set; }

    protected static Event Following(Position previous)
    {
        byte[] payload = [1, 2, 3];
        return new Event(previous.Number.Next, payload, ChainHasher.Of(previous.Chain, previous.Number.Next, payload));
    }

    protected static Position At(in Event held) => new(held.Number, held.Chain);

    protected static LogState State(Position head, Lease lease) => new(Position.Origin, new Head(lease.Term, head.Number, head.Chain), lease, 0);

    /// <summary>A new member hears of a master, which falls silent, and stands for mastership.</summary>
    protected void Campaign(Position head, IReadOnlyList<Event> pushed)
    {
        Lease others = new(new Term(1), "m2@1", 0, Second);
        Step(default, new MemberInput.Started(head, head));
        Step(default, new MemberInput.StateRead(State(head, others), default, head));
        Step(default, new MemberInput.Received("m2", new MemberMessage.Push(others, head, pushed, head, EventNumber.None, default)));
        while (Member.Role is not Role.Candidate)
            Step(Second / 10, MemberInput.Tick.Instance);
        Assert.Single(Outputs.OfType<MemberOutput.Campaign>());
    }

    protected Lease Win(Position head, IReadOnlyList<Event> pushed)
    {
        Campaign(head, pushed);
        Lease mine = new(new Term(2), "m1@1", 0, Second);
        Step(default, new MemberInput.Campaigned(new LeaseOutcome.Done(mine), Now));
        Step(default, new MemberInput.StateRead(State(head, mine), TakenOver, head));
        Assert.Equal(Role.Master, Member.Role);
        return mine;
    }

    protected Lease WinAndCommitFirst(int effects = 0)
    {
        Lease mine = Win(Position.Origin, []);
        Step(default, new MemberInput.Heard(new Ovum(new byte[] { 1 }, DateTimeOffset.UnixEpoch)));
        Step(default, new MemberInput.Poked([
            new Computation.Accepted(First.Number, First.Payload, 1, [.. Enumerable.Range(0, effects).Select(static index => new Effect(First.Number, index, new byte[] { 1 }))])]));
        Step(default, new MemberInput.LocalAppended(At(First)));
        Step(default, new MemberInput.StoreAppended(new AppendResult(WriteOutcome.Committed.Instance, At(First))));
        Assert.Equal(At(First), Member.Status.Committed);
        return mine;
    }

    protected void Step(TimeSpan passed, MemberInput input)
    {
        Outputs.Clear();
        Now += passed;
        Member.Step(Now, input, Outputs);
    }
}
