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
    private readonly Witness _witness;
    private Master? _master;
    private bool _hasStarted;
    private bool _isFollowing;

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
        _replica = new Replica(_state, _processing);
        _candidate = new Candidate(_state, _processing);
        _witness = new Witness(_state);
    }

    /// <summary>Its role.</summary>
    public Role Role => _state.Role;

    /// <summary>How it stands.</summary>
    public MemberStatus Status => new()
    {
        Name = _state.Options.Name,
        Role = _state.Role,
        Term = _state.Term,
        Master = _state.Master,
        Stopped = _state.StopReason,
        Durable = _state.Local,
        Processed = _state.Ship,
        // Before its log was compared with the cluster's it knows of nothing: the end of what it has may be its own alone.
        Committed = _state.Role is Role.Rejoining ? Position.Origin : _processing.Target,
        Released = _state.Released,
        Replaying = Role is Role.Replica or Role.Candidate ? _processing.ReplayEnd : EventNumber.None,
        Optimism = _state.Optimism,
        Members = _state.Members,
        IsOfRecord = !ReferenceEquals(_state.Members, _state.Options.Members),
        Left = _state.Settings.Left ?? [],
        Replicas = _master?.Replicas ?? [],
        Gated = _master?.Gated ?? 0,
        IsQuiet = _master?.IsQuiet ?? (_state.Role is Role.Replica && _state.Local == _state.Ship && !_state.IsLocalBusy && !_state.IsShipBusy),
        Ingress = _state.Ingress.Count,
        WindowUsed = _master?.WindowUsed,
        Hindrance = _master?.Hindrance,
        EverCommitted = _state.EverCommitted,
        Proven = _state.Proven,
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
        if (input is MemberInput.Started started)
            Start(started);
        else if (!_hasStarted)
            throw new InvalidOperationException("A member's first input is that it started.");
        else
            Take(input);
        Pump();
        _state.Remember();
        MemberInvariants.Check(_state, _master is not null);
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
        if (_hasStarted)
            throw new InvalidOperationException("A member starts once.");
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
            case MemberInput.Received { Message: MemberMessage.Ack ack } received:
                _state.SeeTerm(ack.Term);
                _master?.OnAck(received.From, ack);
                break;
            case MemberInput.Received { Message: MemberMessage.Testimony testimony } received:
                _witness.OnTestimony(received.From, testimony);
                break;
            case MemberInput.StoreCompared compared:
                if (_witness.OnStoreCompared(compared.From, compared.IsShared))
                    _rejoin.Begin("most members share a store again");
                break;
            case MemberInput.LeaseObserved observed:
                _replica.OnObserved(observed.Lease);
                break;
            case MemberInput.StateRead read:
                OnStateRead(read);
                break;
            case MemberInput.EventsRead read:
                if (Role is not (Role.Replica or Role.Candidate))
                    _processing.ForgetRead();
                else if (!_processing.OnRead(read))
                    Diverged();
                break;
            case MemberInput.Campaigned campaigned:
                OnCampaigned(campaigned);
                break;
            case MemberInput.Renewed renewed:
                if (_master is not null)
                    _master.OnRenewed(renewed);
                else if (Role is Role.Candidate && _candidate.Keeper is { } keeper && keeper.Renewed(renewed.Outcome, renewed.Sent) is not null)
                    _state.Become(Role.Replica);
                break;
            default:
                TakeAnswer(input);
                break;
        }
    }

    private void TakeAnswer(MemberInput input)
    {
        switch (input)
        {
            case MemberInput.Poked poked:
                _state.IsShipBusy = false;
                if (_master is not null)
                    _master.OnPoked(poked.Computations);
                else
                    _state.IsShipAstray = true;
                break;
            case MemberInput.Made made:
                _master?.OnMade(made.Events);
                break;
            case MemberInput.ShipEnded ended:
                _state.GiveBack(ended.Local);
                _master?.OnShipEnded(ended);
                break;
            case MemberInput.EventsApplied applied:
                _state.IsShipBusy = false;
                if (_master is not null)
                    _master.OnApplied(applied);
                else if (!_processing.IsApplying)
                    _state.IsShipAstray = true; // what a master adopted; its mastership ended meanwhile, and nobody keeps it
                else
                    OnApplied(applied);
                break;
            case MemberInput.ShipRestored restored:
                _state.IsShipBusy = false;
                _rejoin.OnRestored(restored);
                break;
            case MemberInput.LocalAppended appended:
                _state.IsLocalBusy = false;
                _state.Local = appended.Local;
                if (Role is Role.Replica)
                    _processing.OnAppended();
                break;
            case MemberInput.Quarantined quarantined:
                _state.IsLocalBusy = false;
                _state.Local = _state.LocalAsked = quarantined.Local;
                _rejoin.OnQuarantined(quarantined);
                break;
            case MemberInput.StoreAppended appended:
                _master?.OnStoreAppended(appended.Result);
                break;
            case MemberInput.Released released:
                _master?.OnReleased(released.Number);
                break;
            case MemberInput.SettingsWritten written:
                _master?.OnSettingsWritten(written.Outcome);
                break;
            case MemberInput.Trimmed trimmed:
                _master?.OnTrimmed(trimmed.Outcome);
                break;
            case MemberInput.Resigned resigned:
                _master?.OnResigned(resigned.Outcome);
                break;
            case MemberInput.Wished wished when _master is not null:
                _master.Take(wished.Number, wished.Wish);
                break;
            case MemberInput.Wished wished:
                _state.Emit(new MemberOutput.Answer(wished.Number, new SeguroException(
                    ErrorCode.StoreUnavailable, $"{_state.Options.Name} is not master", _state.Master.Length > 0 ? $"Ask {_state.Master}." : "Wait until there is a master, and repeat.")));
                break;
        }
    }

    private void OnApplied(MemberInput.EventsApplied applied)
    {
        LeaseKeeper? keeper = Role is Role.Candidate ? _candidate.Keeper : null;
        _processing.OnApplied(applied);
        if (Role is Role.Stopped && keeper is not null)
            _state.Emit(new MemberOutput.Resign(keeper.Lease));
    }

    private void OnPush(string from, MemberMessage.Push push)
    {
        // A master that does not know of a newer one, or whose store has forgotten it.
        if (push.Lease.Term < _state.Term)
            _witness.Testify(from);
        bool isNewer = push.Lease.Term > _state.Term;
        if (!_witness.Sees(from, push.Lease.Term, push.Lease.Holder ?? ""))
            return;
        if (Role is Role.Replica)
        {
            if (!_replica.OnPush(from, push))
                Diverged();
            return;
        }
        if (push.Lease.Term >= _state.Term)
            _state.SeeLease(push.Lease);
        if (Role is Role.Stopped && push.Lease.Term == _state.Term)
        {
            _state.Master = from;
            _state.Emit(new MemberOutput.Send(from, new MemberMessage.Ack(_state.Term, _state.Local, _state.Local, _state.Processed, Gap: false, _state.StopReason)));
        }
        else if (Role is Role.Candidate && isNewer)
        {
            _state.Become(Role.Replica);
        }
    }

    private void OnStateRead(MemberInput.StateRead read)
    {
        _state.StateAnswered();
        switch (Role)
        {
            case Role.Rejoining:
                _rejoin.OnStateRead(read);
                break;
            case Role.Replica when !_replica.OnStateRead(read):
            case Role.Candidate when !_candidate.OnStateRead(read):
                Diverged();
                break;
            case Role.Master:
                _master!.OnStateRead(read);
                break;
            case Role.Stopped when _witness.IsSettled(read):
                _state.Trust();
                _rejoin.Begin("the store has what it confirmed");
                break;
        }
    }

    private void OnCampaigned(MemberInput.Campaigned campaigned)
    {
        _candidate.CampaignEnded();
        if (Role is Role.Candidate)
        {
            if (!_candidate.OnCampaigned(campaigned))
                _rejoin.Begin("the store went back in time");
        }
        else if (campaigned.Outcome is LeaseOutcome.Done unwanted)
            _state.Emit(new MemberOutput.Resign(unwanted.Lease)); // it was asked for in a role that is over
        else if (campaigned.Outcome is LeaseOutcome.Unknown)
            _candidate.NoteUnknown(campaigned.Sent);
    }

    private void EndMastership()
    {
        _master?.End();
        _master = null;
    }

    /// <summary>The local log contradicts the cluster's.</summary>
    private void Diverged()
    {
        if (Role is Role.Candidate && _candidate.Keeper is { } keeper)
            _state.Emit(new MemberOutput.Resign(keeper.Lease));
        _rejoin.Begin("the local log contradicts the cluster's");
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
    }

    private void PumpRole()
    {
        _isFollowing &= Role is Role.Replica;
        switch (Role)
        {
            case Role.Rejoining:
                _rejoin.Pump();
                break;
            case Role.Replica:
                if (!_isFollowing)
                    _replica.Begin();
                _isFollowing = true;
                _processing.Pump(_replica.Spared);
                if (_replica.Watch())
                {
                    _candidate.Begin();
                    _witness.Ask();
                }
                else
                    _replica.Acknowledge();
                break;
            case Role.Candidate:
                _processing.Pump();
                if (_candidate.Pump(out Position head))
                    _master = new Master(_state, _candidate.Keeper!, head, _candidate.StoredBytes);
                break;
            case Role.Master:
                _master!.Pump();
                if (_master.Demotion is { } reason)
                {
                    EndMastership();
                    _rejoin.Begin(reason);
                }
                break;
            case Role.Stopped:
                EndMastership();
                _witness.Pump();
                break;
        }
    }
}
