using Seguro.Core;

namespace Seguro.Testing;

/// <summary>
/// The part that is a ship which makes its events by itself: processes beside the member's, which have its disk while they run. They hear, compute, write the event to the disk and
/// wait with what comes of it; ten events at the most.
/// </summary>
internal sealed partial class SimulatedMember
{
    private const int MostUnanswered = 10;

    private OwnRun? _run;

    private void RunBySelf(MemberOutput.RunShip run)
    {
        ClusterHistory.Require(Invariant.Contract, run.Head == Disk.Durable, () => $"{Candidate} lets its ship run at {run.Head}; its disk ends at {Disk.Durable}");
        Replay();
        Log.History.Serves(this, run.Term);
        OwnRun started = new();
        _run = started;
        // It takes its time to come up, and now and then it does not.
        long time = _random.Between(Schedule.Millisecond, 50 * Schedule.Millisecond);
        bool fails = _cluster.Schedule.Now < _cluster.Plan.Chaos.Ticks && _random.Chance(0.1);
        _cluster.Schedule.After(time, () =>
        {
            if (_run != started || started.IsOver)
                return;
            started.IsUp = true;
            if (fails)
                EndAtOnce("it crashed at its start");
        });
    }

    private void HearBySelf(Ovum ovum)
    {
        if (_run is not { IsUp: true, IsOver: false } run || run.IsEnding || run.Unanswered.Count >= MostUnanswered)
            return;
        if (Ship!.Poke(ovum) is not Computation.Accepted made)
            return;
        Event added = new(made.Number, made.Payload, Log.History.Hasher.Next(Disk.End.Chain, made.Number, made.Payload.Span));
        Disk.Append([added]);
        run.Untold.Enqueue(made);
        if (made.Effects.Count > 0)
            run.Unanswered.Enqueue(made.Number);
        _cluster.Schedule.After(_random.Delay(Schedule.Millisecond), () =>
        {
            if (_run != run || run.IsGone)
                return;
            Disk.Sync(added.Number);
            Tell(run);
        });
        if (_cluster.Schedule.Now < _cluster.Plan.Chaos.Ticks && _random.Chance(0.003))
            EndAtOnce("its king crashed");
    }

    /// <summary>Tells the member of what is on the disk for certain.</summary>
    private void Tell(OwnRun run)
    {
        List<Computation.Accepted> told = [];
        while (run.Untold.TryPeek(out Computation.Accepted? next) && next.Number <= Disk.Durable.Number)
            told.Add(run.Untold.Dequeue());
        if (told.Count > 0)
        {
            // In the order in which they were told, also of those that are told in one moment.
            run.ToldAt = Math.Max(run.ToldAt + 1, _cluster.Schedule.Now + (Schedule.Millisecond / 10));
            Answer(run.ToldAt - _cluster.Schedule.Now, new MemberInput.Made(told));
        }
        Answered(EventNumber.None);
    }

    private void Answered(EventNumber number)
    {
        if (_run is not { } run)
            return;
        while (run.Unanswered.TryPeek(out EventNumber oldest) && oldest <= number)
            run.Unanswered.Dequeue();
        if (run.IsEnding && !run.IsOver && run.Untold.Count == 0 && run.Unanswered.Count == 0)
            End(run, Schedule.Millisecond, keepsState: true, "it was asked to end");
    }

    /// <summary>It takes nothing any more, and ends once all that it made is released.</summary>
    private void EndInPeace()
    {
        OwnRun run = _run!;
        run.IsEnding = true;
        Answered(EventNumber.None);
    }

    /// <summary>Its processes are killed. One that is in the middle of something takes a moment longer, and may still write.</summary>
    private void EndAtOnce(string reason)
    {
        if (_run is { IsOver: false } run)
            End(run, _random.Chance(0.2) ? _random.Between(0, _cluster.Plan.Lease.Ticks * 2) : _random.Delay(Schedule.Millisecond), keepsState: false, reason);
    }

    private void End(OwnRun run, long time, bool keepsState, string reason)
    {
        run.IsOver = true;
        _cluster.Schedule.After(time, () =>
        {
            if (_run != run)
                return;
            run.IsGone = true;
            Disk.Crash();
            Tell(run);
            if (keepsState)
                Disk.Snapshot(Disk.Durable, Ship!.State);
            Replay();
            _run = null;
            Answer(Schedule.Millisecond / 5, new MemberInput.ShipEnded(Disk.Durable, reason));
        });
    }

    /// <summary>The state at the end of the disk's log, from its snapshot on.</summary>
    private void Replay()
    {
        (Position Position, ulong State) restored = Disk.Restore(Disk.End.Number);
        ulong state = restored.State;
        foreach (Event next in Disk.Read(restored.Position.Number, Disk.End.Number, int.MaxValue / 2))
            state = ShipRules.Next(state, next.Payload.Span);
        Put(Disk.End, state);
    }

    /// <summary>The processes of one run.</summary>
    private sealed class OwnRun
    {
        public Queue<Computation.Accepted> Untold { get; } = [];

        /// <summary>Events with effects that are not out.</summary>
        public Queue<EventNumber> Unanswered { get; } = [];

        public long ToldAt { get; set; }

        public bool IsUp { get; set; }

        public bool IsEnding { get; set; }

        public bool IsOver { get; set; }

        public bool IsGone { get; set; }
    }
}
