using Seguro.Core;

namespace Seguro.Testing;

/// <summary>The part that does what the machine wants done on this computer: the ship, the local log, effects.</summary>
internal sealed partial class SimulatedMember
{
    private readonly List<(EventNumber Number, ulong State)> _effectful = [];
    private Settings _known;
    private TimeSpan _leaseFrom;
    private TimeSpan _leaseDuration;
    private Term _term;
    private Term _firstAppend;
    private EventNumber _readAt;
    private bool _firstOvum;
    private bool _wasMaster;

    /// <summary>The lease is live, by this member's clock, from when its last renewal was sent.</summary>
    public bool LeaseIsLive => Node is { } node ? node.Holds(_campaigned.Holder) && LeaseAge <= _cluster.Plan.Lease : _leaseFrom != TimeSpan.MinValue && LeaseAge <= _leaseDuration;

    /// <summary>For how long the lease was not asked for.</summary>
    public TimeSpan LeaseAge => Node is { } node ? node.LeaseAge : _leaseFrom == TimeSpan.MinValue ? TimeSpan.MaxValue : Clock - _leaseFrom;

    /// <summary>Takes out the events up to a number that this process computed and that have effects.</summary>
    public IEnumerable<(EventNumber Number, ulong State)> TakeEffectfulUpTo(EventNumber number)
    {
        int count = 0;
        while (count < _effectful.Count && _effectful[count].Number <= number)
            count++;
        List<(EventNumber Number, ulong State)> taken = _effectful.GetRange(0, count);
        _effectful.RemoveRange(0, count);
        return taken;
    }

    private void Perform(MemberOutput output)
    {
        switch (output)
        {
            case MemberOutput.Poke poke:
                Poke(poke.Ova);
                break;
            case MemberOutput.Apply apply:
                Apply(apply.Events);
                break;
            case MemberOutput.RestoreShip restore:
                RestoreShip(restore.AtMost);
                break;
            case MemberOutput.RunShip run:
                RunBySelf(run);
                break;
            case MemberOutput.EndShip:
                EndInPeace();
                break;
            case MemberOutput.Snapshot when _run is not null && Ship!.Number != ((MemberOutput.Snapshot)output).Position.Number:
                break; // it went on meanwhile, and keeps one another time
            case MemberOutput.Snapshot snapshot:
                ClusterHistory.Require(
                    Invariant.Contract,
                    snapshot.Position.Number == Ship!.Number,
                    () => $"{Candidate} wants a snapshot at event {snapshot.Position.Number} of a ship that stands at {Ship.Number}");
                Disk.Snapshot(snapshot.Position, Ship!.State);
                break;
            case MemberOutput.Remember remember:
                Log.History.Remembers(this, remember.Known);
                Disk.Known = remember.Known;
                break;
            case MemberOutput.AppendLocal append:
                AppendLocally(append.Events);
                break;
            case MemberOutput.Quarantine quarantine:
                Quarantine(quarantine.Last);
                break;
            case MemberOutput.ReadLocal read:
                Answer(_random.Delay(Schedule.Millisecond / 4), ReadFrom(Disk, read.After, read.Last));
                break;
            case MemberOutput.Send send:
                Send(send);
                break;
            case MemberOutput.Release release:
                Release(release);
                break;
            case MemberOutput.RoleChanged changed:
                BecomeRole(changed);
                break;
            case MemberOutput.Dropped dropped:
                _cluster.Dropped += dropped.Count;
                _hasDropped |= dropped.Reason != "malformed";
                break;
            case MemberOutput.Answer answer:
                Log.History.WishAnswered(answer.Number, answer.Refusal is null, _cluster.Plan.Optimism, _cluster.FirstMembers);
                break;
            case MemberOutput.Warn:
                break;
            default:
                PerformAtStore(output);
                break;
        }
    }

    /// <summary>Notes what the member knows by an answer.</summary>
    private void NoteAnswer(MemberInput input)
    {
        NoteStored(input);
        switch (input)
        {
            case MemberInput.Poked poked:
                foreach (Computation computation in poked.Computations)
                {
                    if (computation is Computation.Accepted { Effects.Count: > 0 } accepted)
                        _effectful.Add((accepted.Number, ShipRules.StateIn(accepted.Effects[0])));
                }
                break;
            case MemberInput.Made made:
                foreach (Computation.Accepted told in made.Events.Where(static told => told.Effects.Count > 0))
                    _effectful.Add((told.Number, ShipRules.StateIn(told.Effects[0])));
                break;
            case MemberInput.EventsApplied applied:
                // At-most-once: what others computed is passed over at a takeover, on purpose.
                if (_cluster.Plan.Effects is EffectsPolicy.AtMostOnce)
                    break;
                foreach (Applied result in applied.Results)
                {
                    if (result.Effects.Count > 0)
                        _effectful.Add((result.Effects[0].Number, ShipRules.StateIn(result.Effects[0])));
                }
                break;
            case MemberInput.ShipRestored restored:
                _effectful.RemoveAll(effectful => effectful.Number > restored.Ship.Number);
                break;
            case MemberInput.StoreAppended { Result: { IsCommitted: true } result }:
                _told.Enqueue((result.Reached.Number, Clock));
                break;
            case MemberInput.Campaigned campaigned:
                NoteLease(campaigned.Outcome);
                break;
            case MemberInput.Renewed renewed:
                NoteLease(renewed.Outcome);
                break;
            case MemberInput.StateRead read:
                _readAt = read.State?.Head.Number ?? _readAt;
                // A master reads it only to know how full the store is.
                if (read.State is not null && Role is not Role.Master)
                    _known = new Settings(read.Settings.Optimism ?? _known.Optimism, read.Settings.Members ?? _known.Members);
                break;
            case MemberInput.SettingsWritten written:
                if (written.Outcome is WriteOutcome.Committed)
                    _known = new Settings(_written.Optimism ?? _known.Optimism, _written.Members ?? _known.Members);
                break;
            case MemberInput.StoreCompared compared:
                _shares[compared.From] = compared.IsShared;
                break;
            case MemberInput.Released released:
                Answered(released.Number);
                break;
        }
    }

    private void NoteLease(LeaseOutcome outcome)
    {
        if (outcome is not LeaseOutcome.Done done)
            return;
        _leaseFrom = _asked;
        _leaseDuration = done.Lease.Duration;
    }

    private void Poke(IReadOnlyList<Ovum> ova)
    {
        if (_firstOvum)
            Log.History.Serves(this, Machine!.Status.Term);
        _firstOvum = false;
        long time = Schedule.Millisecond / 10;
        List<Computation> computations = [];
        foreach (Ovum ovum in ova)
        {
            time += Schedule.Millisecond / 20;
            if (ShipRules.KindOf(ovum) is ShipRules.Kind.Slow)
                time += _cluster.Plan.Lease.Ticks * 2;
            computations.Add(Ship!.Poke(ovum));
        }
        Answer(time, new MemberInput.Poked(computations));
    }

    private void Apply(IReadOnlyList<Event> events)
    {
        List<Applied> results = [];
        string? failure = null;
        long time = Schedule.Millisecond / 10;
        foreach (Event added in events)
        {
            if (results.Count > 0 && time > _cluster.Plan.Lease.Ticks / 4)
                break; // a piece of work, as in the real shell; the rest is asked for again
            // What takes its master long takes everybody long.
            time += ShipRules.IsSlow(added.Payload.Span) ? _cluster.Plan.Lease.Ticks * 2 : Schedule.Millisecond / 20;
            failure = Ship!.Apply(added, _cluster.Plan.ShellBug is not ShellBug.MugNotCompared, out Applied applied);
            if (failure is not null)
                break;
            results.Add(applied);
            if (DiffersFrom is null && Log.History.IsCommitted(new Position(added.Number, added.Chain)) && !Log.History.IsRight(added.Number, Ship.State))
                DiffersFrom = added.Number;
        }
        // Now and then the machine is slow, so that roles change meanwhile.
        long slow = _cluster.Schedule.Now < _cluster.Plan.Chaos.Ticks && _bursts.Chance(0.01) ? _bursts.Between(0, _cluster.Plan.Lease.Ticks * 2) : 0;
        Answer(_random.Delay(time) + slow, new MemberInput.EventsApplied(results, failure));
    }

    private void RestoreShip(EventNumber atMost)
    {
        (Position Position, ulong State) restored = Disk.Restore(atMost);
        Put(restored.Position, restored.State);
        Answer(_random.Delay(5 * Schedule.Millisecond), new MemberInput.ShipRestored(restored.Position));
    }

    private void AppendLocally(IReadOnlyList<Event> events)
    {
        Log.History.AppendsLocally(this, Role, events);
        Disk.Append(events);
        Position end = Disk.End;
        int life = _life;
        bool isCommitted = Role is not Role.Master;
        bool early = _cluster.Plan.ShellBug is ShellBug.AckedBeforeSync;
        _cluster.Schedule.After(_random.Delay(Schedule.Millisecond) + (early ? Schedule.Second / 4 : 0), () =>
        {
            if (life != _life)
                return;
            Disk.Sync(end.Number);
            if (isCommitted)
                Confirm(end.Number);
            if (!early)
                Deliver(life, new MemberInput.LocalAppended(end));
        });
        if (early)
            Answer(Schedule.Millisecond / 10, new MemberInput.LocalAppended(end));
    }

    private void Quarantine(Position last)
    {
        ClusterHistory.Require(
            Invariant.Contract, Disk.ChainAt(last.Number) == last.Chain, () => $"{Candidate} wants its local log cut at {last}, which it does not have");
        IReadOnlyList<Event> moved = Disk.Cut(last.Number);
        Log.History.Quarantines(this, moved, _readAt);
        Answer(_random.Delay(2 * Schedule.Millisecond), new MemberInput.Quarantined(last, moved));
    }

    private void Send(MemberOutput.Send send)
    {
        switch (send.Message)
        {
            case MemberMessage.Push push:
                Log.History.ActsAsMaster(this, push.Lease.Term, "pushes");
                Log.History.SaysReleased(this, push.Released);
                ClusterHistory.Require(
                    Invariant.UnknownOutcome,
                    Log.History.WasCommitted(push.Committed),
                    () => $"{Candidate} says that {push.Committed} is committed; the log ends at {Log.History.Head}");
                break;
            case MemberMessage.Testimony said:
                ClusterHistory.Require(
                    Invariant.UnknownOutcome,
                    said.Accepted < Log.StoredSettings.Accepted || Log.History.WasCommitted(said.Committed),
                    () => $"{Candidate} testifies that {said.Committed} was committed, which it never was");
                break;
            case MemberMessage.Ack ack:
                Log.History.Acknowledges(this, ack);
                Log.History.Follows(this, send.To, ack.Term);
                break;
        }
        _cluster.Carry(this, send.To, send.Message);
    }

    private void Release(MemberOutput.Release release)
    {
        Optimism stored = Log.StoredOptimism ?? _cluster.Plan.Optimism;
        IReadOnlyList<string> members = Log.StoredMembers ?? _known.Members;
        Log.History.Releases(this, release, _known, stored, members);
        bool optimistic = Math.Min(_known.Optimism.Replicas, stored.Replicas) == 0;
        Emit(_life, _mastership, release, 0, optimistic);
    }

    private void Emit(int life, int mastership, MemberOutput.Release release, int index, bool optimistic)
    {
        _cluster.Schedule.After(_random.Between(1, Schedule.Millisecond / 10), () =>
        {
            if (life != _life || mastership != _mastership)
                return;
            if (IsPaused)
            {
                _cluster.Schedule.At(_pausedUntil, () => Emit(life, mastership, release, index, optimistic));
                return;
            }
            if (index == release.Effects.Count)
            {
                AnswerMaster(life, mastership, new MemberInput.Released(release.Last));
                return;
            }
            Log.History.Left(this, release.Term, release.Effects[index], optimistic);
            _cluster.Emit(this, release.Term, release.Effects[index]);
            Emit(life, mastership, release, index + 1, optimistic);
        });
    }

    private void BecomeRole(MemberOutput.RoleChanged changed)
    {
        if (changed.Role is Role.Master)
        {
            Log.History.ActsAsMaster(this, changed.Term, "becomes master");
            ClusterHistory.Require(
                Invariant.Contract, _leaseFrom == TimeSpan.MinValue || LeaseAge <= (Node is null ? _leaseDuration : _cluster.Plan.Lease) * 2 / 3,
                () => $"{Candidate} begins to serve on a lease that it asked for {LeaseAge} ago");
            _cluster.Takeovers++;
            _firstOvum = true;
            _wasMaster = true;
            _masterships++;
            _masterSince = Clock;
            BeginHarbors();
        }
        else if (changed.Role is not Role.Candidate)
        {
            // The shell cancels what it does for the master or candidate that was.
            _mastership++;
            EndAtOnce("it is master no longer");
            if (_cluster.Plan.Effects is EffectsPolicy.AtMostOnce)
                _effectful.Clear();
            if (_wasMaster)
                _cluster.Deposed(this, changed.Term);
            _wasMaster = false;
        }
    }

    private static MemberInput.EventsRead ReadFrom(SimulatedDisk disk, Position after, EventNumber last)
    {
        if (disk.ChainAt(after.Number) is { } chain && chain != after.Chain)
            return new MemberInput.EventsRead(after, [], Diverged: true);
        return new MemberInput.EventsRead(after, disk.Read(after.Number, last, 16));
    }

    /// <summary>What a master knows to be in force.</summary>
    public readonly record struct Settings(Optimism Optimism, IReadOnlyList<string> Members);
}
