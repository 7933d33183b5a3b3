namespace Seguro.Core;

/// <summary>A member of a cluster: all that it decides, as a state machine. Nothing happens in it but by <see cref="Step"/>.</summary>
/// <remarks>Not safe for two threads at a time.</remarks>
public sealed class Member
{
    private readonly MemberState _state;
    private readonly Processing _processing;
    private readonly Rejoin _rejoin;
    private readonly Replica _replica;
    private readonly Candidate _candidate;
    private readonly Stopped _stopped;
    private readonly Witness _witness;
    private Master? _master;
    private MemberRole? _entered;
    private bool _hasStarted;

    /// <summary>Makes a member that waits for <see cref="MemberInput.Started"/>.</summary>
    public Member(MemberOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.StoreWindow is { } window && options.MaxGroupBytes > window)
            throw new ArgumentException($"A group of {options.MaxGroupBytes} bytes can't go into a store that holds {window}: no append would ever succeed.", nameof(options));
        if (options.MakesEvents && options.Effects is EffectsPolicy.AtLeastOnce)
            throw new ArgumentException("What a ship that makes its events itself wanted done is lost with it: at-least-once can't be kept.", nameof(options));
        _state = new MemberState(options);
        _processing = new Processing(_state);
        _rejoin = new Rejoin(_state, _processing);
        _witness = new Witness(_state);
        _stopped = new Stopped(_state, _processing, _witness, _rejoin);
        _candidate = new Candidate(
            _state, _processing, _rejoin, (tenure, head, storedBytes) => _master = new Master(_state, _processing, _rejoin, tenure, head, storedBytes));
        _replica = new Replica(_state, _processing, _candidate, _witness, _rejoin);
    }

    /// <summary>Its role.</summary>
    public Role Role => _state.Role;

    private MemberRole Current => Role switch
    {
        Role.Rejoining => _rejoin,
        Role.Replica => _replica,
        Role.Candidate => _candidate,
        Role.Master => _master!,
        _ => _stopped,
    };

    /// <summary>How it stands.</summary>
    public MemberStatus Status => new()
    {
        Name = _state.Options.Name,
        Role = _state.Role,
        Term = _state.Lease.Term,
        Master = _state.Lease.Master,
        Stopped = _state.StopReason,
        Durable = _state.Log.End,
        Processed = _state.Ship.Position,
        // Before its log was compared with the cluster's it knows of nothing: the end of what it has may be its own alone.
        Committed = _state.Role is Role.Rejoining ? Position.Origin : _processing.Target,
        Released = _state.Progress.Released,
        Replaying = Role is Role.Replica or Role.Candidate ? _processing.ReplayEnd : EventNumber.None,
        Optimism = _state.Optimism,
        Members = _state.Members,
        IsOfRecord = !ReferenceEquals(_state.Members, _state.Options.Members),
        Left = _state.Settings.Left ?? [],
        Replicas = _master?.Replicas ?? [],
        Gated = _master?.Gated ?? 0,
        IsQuiet = _master?.IsQuiet ?? (_state.Role is Role.Replica && _state.Log.End == _state.Ship.Position && !_state.Log.IsBusy && !_state.Ship.IsBusy),
        Ingress = _state.Ingress.Count,
        WindowUsed = _master?.WindowUsed,
        Hindrance = _master?.Hindrance,
        EverCommitted = _state.Progress.EverCommitted,
        Proven = _state.Progress.Proven,
        History = _state.Settings.History,
        Pause = _state.Settings.Pause,
        Loss = _state.IsStoreDoubted ? _state.StopReason : null,
        Warnings = [.. _state.Warnings],
    };

    /// <summary>Takes an input, and adds what is to be done about it to <paramref name="outputs"/>, in order.</summary>
    /// <param name="now">The time by the member's own monotonic clock; never before that of an earlier call. No two members' clocks are ever compared.</param>
    /// <param name="input">What happened.</param>
    /// <param name="outputs">Receives what is to be done.</param>
    public void Step(TimeSpan now, MemberInput input, IList<MemberOutput> outputs)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(outputs);
        _state.Begin(now, outputs);
        if (input is MemberInput.Started == _hasStarted)
            throw new InvalidOperationException("A member's first input is that it started, and it starts once.");
        try
        {
            if (input is MemberInput.Started started)
                Start(started);
            else
                Take(input);
            Pump();
            _state.Remember();
            MemberInvariants.Check(_state, _master is not null);
        }
        catch (BrokenInvariantException broken)
        {
            throw new InvalidOperationException($"A member's invariant does not hold: {broken.Message}. {MemberInvariants.Describe(_state)}", broken);
        }
    }

    /// <summary>
    /// Takes an ovum without going on: the next <see cref="Step"/> does, which must come at once. Where many inputs wait, the member then goes on once for several ova, and not
    /// once for each.
    /// </summary>
    /// <param name="now">As in <see cref="Step"/>.</param>
    /// <param name="ovum">As in <see cref="MemberInput.Heard"/>.</param>
    /// <param name="outputs">Receives what is to be done.</param>
    public void Hear(TimeSpan now, Ovum ovum, IList<MemberOutput> outputs)
    {
        ArgumentNullException.ThrowIfNull(outputs);
        if (!_hasStarted)
            throw new InvalidOperationException("A member's first input is that it started.");
        _state.Begin(now, outputs);
        Hear(ovum);
    }

    private void Hear(Ovum ovum)
    {
        if (!_state.Ingress.Hear(ovum, _state.Now))
            _state.Emit(new MemberOutput.Dropped(1, "too many ova wait"));
    }

    private void Start(MemberInput.Started started)
    {
        _hasStarted = true;
        _state.Begin(started.Local, started.Ship, started.Known);
        _state.Snapshots.Keep(started.Ship.Number, _state.Now);
        _rejoin.Begin("the member started");
    }

    private void Take(MemberInput input)
    {
        switch (input)
        {
            case MemberInput.Heard heard:
                Hear(heard.Ovum);
                break;
            case MemberInput.Received { Message: MemberMessage.Push push } received:
                OnPush(received.From, push);
                break;
            case MemberInput.Received { Message: MemberMessage.Testimony testimony } received:
                _witness.OnTestimony(received.From, testimony);
                break;
            case MemberInput.NodeSeen seen:
                _state.Lease.See(seen.Node);
                break;
            case MemberInput.StoreCompared compared:
                if (_witness.OnStoreCompared(compared.From, compared.IsShared))
                    _rejoin.Begin("most members share a store again");
                break;
            case MemberInput.Wished { Wish: Wish.Trust } wished:
                _state.WantTrust(wished.Number);
                break;
            default:
                Current.Take(input);
                break;
        }
    }

    private void OnPush(string from, MemberMessage.Push push)
    {
        // A master that does not know of a newer one, or whose store has forgotten it.
        if (push.Lease.Term < _state.Lease.Term)
            _witness.Testify(from);
        bool isNewer = push.Lease.Term > _state.Lease.Term;
        if (_witness.Sees(from, push.Lease.Term, push.Lease.Holder ?? ""))
            Current.OnPush(from, push, isNewer);
    }

    private void Pump()
    {
        int expired = _state.Ingress.Expire(_state.Now, keepHeard: _master is not null && !_state.Settings.IsPaused);
        if (expired > 0)
            _state.Emit(new MemberOutput.Dropped(expired, "heard, and not seen in the log for too long"));
        for (Role before = (Role)(-1); before != Role;)
        {
            before = Role;
            PumpRole();
        }
        if (Role is not (Role.Candidate or Role.Master))
            _state.GiveBack();
    }

    private void PumpRole()
    {
        if (Role is not Role.Master)
            EndMastership();
        MemberRole role = Current;
        if (role != _entered)
            role.Enter();
        _entered = role;
        role.Pump();
    }

    private void EndMastership()
    {
        _master?.End();
        _master = null;
    }
}
