using Seguro.Core;

namespace Seguro.Tests.Core.Members;

/// <summary>What a master lets a store with a window forget, beside harbors that are behind.</summary>
public sealed class StoreTrimTests : HandFedMember
{
    private const long Window = 1_000_000;

    [Fact]
    public void What_harbors_lack_stays_while_there_is_room()
    {
        Begin(hasHarbors: true, Window * 55 / 100);
        Step(Second / 10, MemberInput.Tick.Instance);
        Assert.Empty(Outputs.OfType<MemberOutput.Trim>());
        Step(Second / 2, new MemberInput.Archived(First.Number));
        Assert.Equal(First.Number.Next, Assert.Single(Outputs.OfType<MemberOutput.Trim>()).First);
    }

    [Theory]
    [InlineData(true, 61)] // the ship goes first
    [InlineData(false, 55)]
    public void And_goes_where_there_is_none_or_nobody_lacks_it(bool hasHarbors, int percent)
    {
        Begin(hasHarbors, Window * percent / 100);
        Assert.Equal(First.Number.Next, Assert.Single(Outputs.OfType<MemberOutput.Trim>()).First);
    }

    [Fact]
    public void An_event_that_the_store_does_not_take_goes_before_what_harbors_lack()
    {
        Begin(hasHarbors: true, Window * 55 / 100);
        Event next = Following(At(First));
        Step(default, new MemberInput.Heard(new Ovum(new byte[] { 1 }, DateTimeOffset.UnixEpoch)));
        Step(default, new MemberInput.Poked([new Computation.Accepted(next.Number, next.Payload, 1, [])]));
        Step(default, new MemberInput.StoreAppended(new AppendResult(new WriteOutcome.Refused("there is no room for it"), At(First))));
        Assert.Empty(Outputs.OfType<MemberOutput.Trim>());
        Step(Second / 2, MemberInput.Tick.Instance);
        Assert.Equal(First.Number.Next, Assert.Single(Outputs.OfType<MemberOutput.Trim>()).First);
    }

    [Fact]
    public void A_store_that_does_not_answer_is_none_that_is_full()
    {
        Begin(hasHarbors: true, Window * 55 / 100);
        Event next = Following(At(First));
        Step(default, new MemberInput.Heard(new Ovum(new byte[] { 1 }, DateTimeOffset.UnixEpoch)));
        Step(default, new MemberInput.Poked([new Computation.Accepted(next.Number, next.Payload, 1, [])]));
        Step(default, new MemberInput.StoreAppended(new AppendResult(new WriteOutcome.Unknown("no answer"), At(First))));
        Step(Second / 2, MemberInput.Tick.Instance);
        Assert.Empty(Outputs.OfType<MemberOutput.Trim>());
    }

    [Fact]
    public void Below_half_of_the_window_nothing_goes()
    {
        Begin(hasHarbors: false, Window / 2);
        Assert.Empty(Outputs.OfType<MemberOutput.Trim>());
    }

    [Fact]
    public void From_seventy_percent_on_it_is_said_that_the_window_fills_up_and_who_is_missing()
    {
        Begin(hasHarbors: false, Window * 69 / 100);
        Assert.Equal(Window * 69 / 100, Member.Status.WindowUsed);
        Assert.DoesNotContain(Member.Status.Warnings, static warning => warning.Contains("window", StringComparison.Ordinal));

        Begin(hasHarbors: false, Window * 70 / 100);
        Assert.Equal(Window * 70 / 100, Member.Status.WindowUsed);
        string said = Assert.Single(Member.Status.Warnings, static warning => warning.Contains("window", StringComparison.Ordinal));
        Assert.Contains("70 % full", said, StringComparison.Ordinal);
        Assert.Contains("m2 can't be heard", said, StringComparison.Ordinal);
        Assert.Contains("seguro cluster window", said, StringComparison.Ordinal);

        // It was trimmed, and measured anew.
        Step(default, new MemberInput.Trimmed(WriteOutcome.Committed.Instance));
        while (!Outputs.OfType<MemberOutput.ReadState>().Any())
            Step(Second / 20, MemberInput.Tick.Instance);
        Step(default, new MemberInput.StateRead(State(At(First), new Lease(new Term(2), "m1@1", 0, Second)) with { Bytes = Window / 10 }, TakenOver, At(First)));
        Step(Second / 20, MemberInput.Tick.Instance);
        Assert.DoesNotContain(Member.Status.Warnings, static warning => warning.Contains("window", StringComparison.Ordinal));
    }

    /// <summary>A master of a log of one event.</summary>
    private void Begin(bool hasHarbors, long stored)
    {
        Member = new Member(new MemberOptions { Name = "m1", Candidate = "m1@1", Members = ["m1", "m2"], StoreWindow = Window, MaxGroupBytes = 1000, Copies = 1, HasHarbors = hasHarbors });
        Campaign(At(First), []);
        Lease mine = new(new Term(2), "m1@1", 0, Second);
        Step(default, new MemberInput.Campaigned(new LeaseOutcome.Done(mine), Now));
        Step(default, new MemberInput.StateRead(State(At(First), mine) with { Bytes = stored }, TakenOver, At(First)));
        Assert.Equal(Role.Master, Member.Role);
    }
}
