using Seguro.Core;

namespace Seguro.Testing;

/// <summary>The part that does what the machine wants done at the store.</summary>
internal sealed partial class SimulatedMember
{
    private TimeSpan _asked;
    private ClusterSettings _written;
    private Lease _campaigned;

    private void PerformAtStore(MemberOutput output)
    {
        SimulatedStore store = Log.Store;
        int life = _life;
        int mastership = _mastership;
        NoteStored(output);
        switch (output)
        {
            case MemberOutput.AppendStore append:
                if (_firstAppend != append.Term)
                    Log.History.FirstAppend(this, append.Term, append.Previous);
                _firstAppend = append.Term;
                AppendGroup(life, mastership, append, 0, append.Previous, _random.Below(3));
                break;
            case MemberOutput.Campaign campaign:
                _campaigned = new Lease(campaign.Expected.Term.Next, campaign.Holder, 0, campaign.Duration);
                Ask(life,
                    () => LogModel.Campaign(store.Database, store.Log, campaign.Expected, campaign.Holder, campaign.Duration),
                    static (outcome, sent) => new MemberInput.Campaigned(outcome, sent), isMasters: false);
                break;
            case MemberOutput.Renew renew:
                Ask(life, () => LogModel.Move(store.Log, LeaseRules.Renew(store.Log.State.Lease, renew.Held)), static (outcome, sent) => new MemberInput.Renewed(outcome, sent));
                break;
            case MemberOutput.Resign resign:
                CheckResigns(resign);
                Ask(life, () => LogModel.Resign(store.Database, store.Log, resign.Held), static (outcome, _) => new MemberInput.Resigned(outcome));
                break;
            case MemberOutput.ObserveLease:
                store.Read<MemberInput>(Index, () => new MemberInput.LeaseObserved(store.Observe()), static () => new MemberInput.LeaseObserved(null), input => Answer(life, input));
                break;
            case MemberOutput.ReadState:
                store.Read<MemberInput>(
                    Index,
                    ReadState,
                    static () => new MemberInput.StateRead(null, default, default),
                    input => Answer(life, input));
                break;
            case MemberOutput.Read read:
                ReadEvents(life, read);
                break;
            case MemberOutput.WriteSettings write:
                WriteSettings(life, mastership, write);
                break;
            case MemberOutput.Trim trim:
                CheckHarbors(trim);
                IReadOnlyList<string> known = _known.Members;
                Log.TrimmedBelow = trim.First > Log.TrimmedBelow ? trim.First : Log.TrimmedBelow;
                store.Write(Index, () => Trim(trim, known), static cause => new WriteOutcome.Unknown(cause), outcome => AnswerMaster(life, mastership, new MemberInput.Trimmed(outcome)));
                break;
            default:
                throw new InvariantException(Invariant.Contract, $"the simulated shell does not know {output.GetType().Name}");
        }
    }

    /// <summary>Appends in transactions of the store's size, and repeats what is unknown some times.</summary>
    private void AppendGroup(int life, int mastership, MemberOutput.AppendStore append, int done, Position reached, int repeats)
    {
        SimulatedStore store = Log.Store;
        List<NewEvent> group = [];
        for (int i = done; i < append.Events.Count && group.Count < store.Group; i++)
            group.Add(new NewEvent(append.Events[i].Number, append.Events[i].Payload.Length, append.Events[i].Chain, append.Events[i].Payload));
        Append write = new(append.Term, reached, group);
        store.Write<WriteOutcome>(Index, () => Commit(append, write, done), static cause => new WriteOutcome.Unknown(cause), outcome =>
        {
            if (life != _life || mastership != _mastership)
                return;
            if (outcome is WriteOutcome.Committed)
            {
                if (done + group.Count == append.Events.Count)
                    AnswerMaster(life, mastership, new MemberInput.StoreAppended(new AppendResult(outcome, write.Last)));
                else
                    AppendGroup(life, mastership, append, done + group.Count, write.Last, repeats);
            }
            else if (outcome is WriteOutcome.Unknown && repeats > 0)
            {
                AppendGroup(life, mastership, append, done, reached, repeats - 1);
            }
            else
            {
                AnswerMaster(life, mastership, new MemberInput.StoreAppended(new AppendResult(outcome, reached)));
            }
        });
    }

    private WriteOutcome Commit(MemberOutput.AppendStore append, Append write, int done)
    {
        SimulatedStore store = Log.Store;
        Position before = store.Log.State.Head.Position;
        WriteOutcome outcome = LogModel.Append(store.Database, store.Log, write);
        if (store.Log.State.Head.Position != before)
            Log.History.Append(write.Previous, [.. append.Events.Skip(done).Take(write.Events.Count)]);
        return outcome;
    }

    private void Ask(int life, Func<LeaseOutcome> write, Func<LeaseOutcome, TimeSpan, MemberInput> answer, bool isMasters = true)
    {
        TimeSpan sent = Clock;
        int mastership = _mastership;
        _asked = sent;
        bool late = _cluster.Plan.ShellBug is ShellBug.LeaseCountedFromAnswer;
        Log.Store.Write(Index, write, static cause => new LeaseOutcome.Unknown(cause), outcome =>
        {
            Deliver(life, answer(outcome, late ? Clock : sent), isMasters ? mastership : null);
        });
    }

    private MemberInput.StateRead ReadState()
    {
        LogState state = Log.Store.Log.State;
        ulong number = Math.Min(Disk.End.Number.Value, state.Head.Number.Value);
        while (true)
        {
            Position mine = new(new EventNumber(number), Disk.ChainAt(new EventNumber(number))!.Value);
            if (number < state.Base.Number.Value && number > 0 && !_cluster.Members.Any(other => Serves(other) && other.Machine!.Status.Committed.Number >= mine.Number))
                return new MemberInput.StateRead(null, default, default);
            if (Log.History.IsCommitted(mine) || _cluster.Plan.ShellBug is ShellBug.NumbersCompared)
                return new MemberInput.StateRead(state, Log.StoredSettings, mine);
            number--;
        }
    }

    /// <summary>Another member can be asked for what the store has forgotten.</summary>
    private bool Serves(SimulatedMember other) =>
        other != this && other.Log == Log && !other.IsPaused && other.IsUp && (other.Role is Role.Replica or Role.Master)
            && _cluster.Network.IsOpen(Index, other.Index) && _cluster.Network.IsOpen(other.Index, Index);

    private void ReadEvents(int life, MemberOutput.Read ask)
    {
        SimulatedStore store = Log.Store;
        (Position after, EventNumber last) = (ask.After, ask.Last);
        store.Read<MemberInput>(Index, () =>
        {
            LogState state = store.Log.State;
            if (ask.Sparing is { } master && ReadFromOthers(after, last, master) is { Events: [.., Event end] } spared && Log.History.IsCommitted(new Position(end.Number, end.Chain)))
                return spared;
            if (after.Number < state.Base.Number)
                return ReadFromOthers(after, last);
            if (after.Number > state.Head.Number)
                return new MemberInput.EventsRead(after, []);
            if (Log.History.PositionAt(after.Number.Value) != after)
                return new MemberInput.EventsRead(after, [], Diverged: true);
            ulong to = Math.Min(Math.Min(last.Value, state.Head.Number.Value), after.Number.Value + (ulong)_random.Between(1, 64));
            return new MemberInput.EventsRead(after, Log.History.Events(after.Number, new EventNumber(to)));
        }, () => ReadFromOthers(after, last), input => Answer(life, input));
    }

    /// <summary>Another member serves what it knows to be committed, while it is part of the cluster.</summary>
    private MemberInput.EventsRead ReadFromOthers(Position after, EventNumber last, string? sparing = null)
    {
        foreach (SimulatedMember other in _cluster.Members)
        {
            if (!Serves(other) || other.Name == sparing)
                continue;
            EventNumber known = other.Machine!.Status.Committed.Number;
            MemberInput.EventsRead read = ReadFrom(other.Disk, after, last < known ? last : known);
            if (read.Events.Count > 0)
                return read;
        }
        return new MemberInput.EventsRead(after, []);
    }

    private void WriteSettings(int life, int mastership, MemberOutput.WriteSettings write)
    {
        SimulatedStore store = Log.Store;
        SortedDictionary<string, (byte[]? Expected, byte[] Value)> changes = Log.ChangesTo(write.Settings);
        Log.History.ActsAsMaster(this, write.Term, "writes settings");
        Log.History.SaysReleased(this, write.Settings.Released);
        _written = write.Settings;
        store.Write<WriteOutcome>(Index, () =>
        {
            if (LogRules.Fence(store.Log.State, write.Term) is { } fenced && _cluster.Plan.StoreBug is not ModelBug.MetadataNotFenced)
                return fenced;
            foreach ((string key, (byte[]? expected, byte[] value)) in changes)
            {
                ReadOnlyMemory<byte>? was = expected is null ? (ReadOnlyMemory<byte>?)null : new ReadOnlyMemory<byte>(expected);
                WriteOutcome outcome = LogModel.SetMetadata(store.Database, store.Log, write.Term, key, was, value);
                if (outcome is not WriteOutcome.Committed)
                    return outcome;
            }
            Log.History.HasSettings(write.Settings.Optimism!.Value, write.Settings.Members!);
            return WriteOutcome.Committed.Instance;
        }, static cause => new WriteOutcome.Unknown(cause), outcome => AnswerMaster(life, mastership, new MemberInput.SettingsWritten(outcome)));
    }

    private WriteOutcome Trim(MemberOutput.Trim trim, IReadOnlyList<string> known)
    {
        SimulatedStore store = Log.Store;
        LogState before = store.Log.State;
        WriteOutcome outcome = LogModel.Trim(store.Database, store.Log, trim.Term, trim.First);
        if (store.Log.State.Base != before.Base)
            Log.History.Trims(trim.First, known, Log.CurrentMembers, _cluster.Members);
        return outcome;
    }

    /// <summary>Who resigns has nothing left to do.</summary>
    private void CheckResigns(MemberOutput.Resign resign)
    {
        if (!_wasMaster)
            return;
        LogState state = Log.Store.Log.State;
        if (state.Lease.Term != resign.Held.Term || NodeEpoch.CandidateOf(state.Lease.Holder) != Candidate)
            return;
        if (resign.Yields && _cluster.Plan.MakesEvents)
            return; // it runs until it hears that it is no longer to
        EventNumber ship = _cluster.Plan.MakesEvents && _run is null ? Disk.Durable.Number : Ship!.Number;
        ClusterHistory.Require(
            Invariant.Switchover,
            // Who yields may have computed what the store has no room for; an effect of it that has left would be a phantom (invariant 7).
            // A store that goes back under a master that resigns just then: nobody can have told it.
            // A ship that makes its events itself, and does not run, finds on the disk what its master adopted.
            ship == state.Head.Number || (resign.Yields && ship > state.Head.Number) || Log.History.HasGoneBack,
            () => $"{Candidate} resigns with its ship at event {ship}; the log ends at {state.Head.Number}");
        if (resign.Yields)
            return; // its effects wait for another master's gate
        EventNumber last = Log.History.LastEffectful;
        EventNumber watermark = Log.StoredSettings.Released;
        ClusterHistory.Require(
            Invariant.Switchover,
            watermark >= last,
            () => $"{Candidate} resigns; the stored watermark is {watermark}, the last effect that of event {last}");
    }
}
