using Seguro.Core;

namespace Seguro.Tests.Core.Members;

/// <summary>The effects of a log that another runtime made were its own affair.</summary>
public sealed class HistoryTests : HandFedMember
{
    private static readonly Effect Reply = new(First.Number, 0, new byte[] { 1 });

    [Fact]
    public void The_first_master_of_a_log_calls_what_it_finds_history_before_it_computes()
    {
        Lease mine = WinOver(default);
        Assert.Empty(Outputs.OfType<MemberOutput.Release>());
        ClusterSettings written = Assert.Single(Outputs.OfType<MemberOutput.WriteSettings>()).Settings;
        Assert.Equal(First.Number, written.History);
        Assert.Equal(First.Number, written.Released);
        Step(default, new MemberInput.Heard(new Ovum(new byte[] { 7 }, DateTimeOffset.UnixEpoch)));
        Assert.Empty(Outputs.OfType<MemberOutput.Poke>());
        Step(default, new MemberInput.SettingsWritten(WriteOutcome.Committed.Instance));
        Assert.Single(Outputs.OfType<MemberOutput.Poke>());
        Assert.Equal(mine.Term, Member.Status.Term);
    }

    [Fact]
    public void Later_ones_release_nothing_of_it_either_though_the_watermark_was_lost()
    {
        WinOver(new ClusterSettings(new Optimism(0, ReplicaLossPolicy.Wait), null, EventNumber.None, History: First.Number));
        Assert.Empty(Outputs.OfType<MemberOutput.Release>());
        Assert.Equal(First.Number, Member.Status.Released);
    }

    [Fact]
    public void What_a_cluster_computed_is_released_again()
    {
        WinOver(new ClusterSettings(new Optimism(0, ReplicaLossPolicy.Wait), null, EventNumber.None, History: EventNumber.None));
        Assert.Equal([Reply], Assert.Single(Outputs.OfType<MemberOutput.Release>()).Effects);
    }

    /// <summary>A replica that has the log on its disk applies it, and becomes master.</summary>
    private Lease WinOver(ClusterSettings settings)
    {
        Lease others = new(new Term(1), "", 0, Second);
        Step(default, new MemberInput.Started(At(First), Position.Origin));
        Step(default, new MemberInput.StateRead(State(At(First), others), settings, At(First)));
        Step(default, new MemberInput.EventsRead(Position.Origin, [First]));
        Step(default, new MemberInput.EventsApplied([new Applied(1, [Reply])]));
        while (Member.Role is not Role.Candidate)
            Step(Second / 10, MemberInput.Tick.Instance);
        Lease mine = new(new Term(2), "m1@1", 0, Second);
        Step(default, new MemberInput.Campaigned(new LeaseOutcome.Done(mine), Now));
        Step(default, new MemberInput.StateRead(State(At(First), mine), settings, At(First)));
        Assert.Equal(Role.Master, Member.Role);
        return mine;
    }
}
