using Seguro.Core;
using Seguro.Tests.Piers.LocalLogs;

namespace Seguro.Tests.Core.Members;

/// <summary>A member whose ship has to compute again what is in its log, slowly: when it stands for mastership, and when its state is kept.</summary>
public sealed class ReplayTests
{
    private const int Last = 9;
    private static readonly List<Event> Log = EventChain.After(Position.Origin, Last + 10);
    private static readonly Position Head = EventChain.At(Log, Last);
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(0.1);
    private static readonly Lease Free = new(new Term(1), "", 0, TimeSpan.FromSeconds(1));

    private readonly List<MemberOutput> _outputs = [];
    private readonly Member _member = new(new MemberOptions { Name = "m1", Candidate = "m1@1", Members = ["m1", "m2"], SnapshotEvery = 1000, SnapshotAge = TimeSpan.FromMinutes(5) });
    private TimeSpan _now;

    [Fact]
    public void It_does_not_stand_for_mastership_before_its_ship_can_serve()
    {
        IReadOnlyList<Event> asked = Begin();
        for (int done = 0; done < Last; done++)
        {
            Assert.Equal((Head.Number, (ulong)done), (_member.Status.Replaying, _member.Status.Processed.Number.Value));
            // Each event takes longer than ten leases, and the shell answers event by event.
            for (int moment = 0; moment < 100; moment++)
                Step(Moment, MemberInput.Tick.Instance);
            Assert.Equal(Role.Replica, _member.Role);
            Step(Moment, new MemberInput.EventsApplied([new Applied(1, [])]));
            asked = _outputs.OfType<MemberOutput.Apply>().SingleOrDefault()?.Events ?? [];
            Assert.Equal(Log[(done + 1)..Last], asked);
        }
        Assert.Equal(EventNumber.None, _member.Status.Replaying);
        while (_member.Role is not Role.Candidate)
            Step(Moment, MemberInput.Tick.Instance);
    }

    [Fact]
    public void Where_events_can_not_be_got_it_stands_all_the_same_and_finds_out_why()
    {
        Step(default, new MemberInput.Started(Position.Origin, Position.Origin));
        Step(default, new MemberInput.StateRead(State(), default, Position.Origin));
        for (int moment = 0; moment < 100 && _member.Role is not Role.Candidate; moment++)
        {
            if (_outputs.OfType<MemberOutput.Read>().SingleOrDefault() is { } read)
                Step(Moment, new MemberInput.EventsRead(read.After, []));
            else
                Step(Moment, MemberInput.Tick.Instance);
        }
        Assert.Equal(Role.Candidate, _member.Role);
    }

    [Fact]
    public void A_snapshot_is_kept_at_the_end_of_a_replay_and_as_time_passes_but_only_of_what_is_new()
    {
        Begin();
        Step(Moment, new MemberInput.EventsApplied([.. Log.Take(Last).Select(static _ => new Applied(1, []))]));
        Assert.Equal(Head, Assert.Single(_outputs.OfType<MemberOutput.Snapshot>()).Position);

        Hear(Last, 1);
        Step(Moment, new MemberInput.EventsApplied([new Applied(1, [])]));
        Assert.Equal([new MemberOutput.Snapshot(EventChain.At(Log, Last + 1))], Wait(TimeSpan.FromMinutes(30)));
        Assert.Empty(Wait(TimeSpan.FromMinutes(30)));
    }

    [Fact]
    public void A_replay_that_takes_long_is_not_lost_with_the_process()
    {
        Begin();
        Wait(TimeSpan.FromMinutes(6));
        Step(Moment, new MemberInput.EventsApplied([new Applied(1, [])]));
        Assert.Equal(EventChain.At(Log, 1), Assert.Single(_outputs.OfType<MemberOutput.Snapshot>()).Position);
        // What comes next comes after it.
        Assert.True(_outputs.FindIndex(static output => output is MemberOutput.Snapshot) < _outputs.FindIndex(static output => output is MemberOutput.Apply));
    }

    private static LogState State() => new(Position.Origin, new Head(new Term(1), Head.Number, Head.Chain), Free, 0);

    /// <summary>The member starts with the whole log on its disk, and no snapshot; nobody is master.</summary>
    private IReadOnlyList<Event> Begin()
    {
        Step(default, new MemberInput.Started(Head, Position.Origin));
        Step(default, new MemberInput.StateRead(State(), default, Head));
        Assert.Equal(new MemberOutput.ReadLocal(Position.Origin, Head.Number), Assert.Single(_outputs.OfType<MemberOutput.ReadLocal>()));
        Step(default, new MemberInput.EventsRead(Position.Origin, Log[..Last]));
        return Assert.Single(_outputs.OfType<MemberOutput.Apply>()).Events;
    }

    /// <summary>A master pushes events that are committed.</summary>
    private void Hear(int after, int count)
    {
        Position end = EventChain.At(Log, (ulong)(after + count));
        Lease lease = new(new Term(2), "m2@1", 0, TimeSpan.FromSeconds(1));
        MemberMessage.Push push = new(lease, EventChain.At(Log, (ulong)after), Log.GetRange(after, count), end, end.Number, default);
        Step(Moment, new MemberInput.Received("m2", push)); // by the first it learns that it need not stand for mastership
        Step(Moment, new MemberInput.Received("m2", push));
        Assert.Single(_outputs.OfType<MemberOutput.Apply>());
        Step(default, new MemberInput.LocalAppended(end));
    }

    /// <summary>Time passes; the snapshots that were asked for meanwhile.</summary>
    private List<MemberOutput.Snapshot> Wait(TimeSpan time)
    {
        List<MemberOutput.Snapshot> kept = [];
        for (TimeSpan end = _now + time; _now < end;)
        {
            Step(Moment, MemberInput.Tick.Instance);
            kept.AddRange(_outputs.OfType<MemberOutput.Snapshot>());
        }
        return kept;
    }

    private void Step(TimeSpan passed, MemberInput input)
    {
        _outputs.Clear();
        _now += passed;
        _member.Step(_now, input, _outputs);
    }
}
