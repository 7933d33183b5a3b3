namespace Seguro.Core;

/// <summary>What a member knows and has, whatever its role.</summary>
internal sealed class MemberState
{
    private readonly SortedDictionary<string, string> _warnings = new(StringComparer.Ordinal);
    private IList<MemberOutput> _outputs = [];
    private Evidence? _remembered;
    private TimeSpan _rememberAgain;
    private bool _mayBeAhead;
    private (Term Term, Position EverCommitted, Position Proven, Position Local) _whenAsked;

    public MemberState(MemberOptions options)
    {
        Options = options;
        Ingress = new Ingress(options);
        Backlog = new EffectBacklog(options.MaxGated * 2, options.MaxGatedBytes * 2);
        Snapshots = new SnapshotRule(options.SnapshotEvery, options.SnapshotAge);
        Settings = new ClusterSettings(options.InitialOptimism, options.Members, EventNumber.None);
    }

    public MemberOptions Options { get; }

    public TimeSpan Now { get; private set; }

    public Role Role { get; private set; } = Role.Rejoining;

    /// <summary>The highest term that is known to have been won: from an answer that decides, or from another member that knows. A lease that a plain read shows is not enough.</summary>
    public Term Term { get; private set; }

    /// <summary>Who won <see cref="Term"/>: its name in the lease; empty where that is not known.</summary>
    public string Winner { get; private set; } = "";

    /// <summary>The newest lease that was seen, and for how long.</summary>
    public Lease Lease { get; private set; }

    public LeaseWatch Watch { get; private set; }

    /// <summary>Who sent the last push of the highest term; empty where nobody did.</summary>
    public string Master { get; set; } = "";

    public string? StopReason { get; private set; }

    /// <summary>It stands still because the store lost what it confirmed, by its own proof or another member's word: until the store is right again.</summary>
    public bool IsStoreDoubted { get; private set; }

    /// <summary>This member's own proof that the store lost what it confirmed, while it stands still; null where it has none.</summary>
    public string? Loss { get; set; }

    /// <summary>Until then this member does not stand for mastership.</summary>
    public TimeSpan HoldBackUntil { get; set; }

    /// <summary>The user accepted a loss, and the local log was not compared with the store's since: what it has beyond that is given up.</summary>
    public bool IsLossAccepted { get; set; }

    /// <summary>As master it once let another try, since it could not open its gate; and has not opened it with enough replicas since.</summary>
    public bool HasYielded { get; set; }

    // The local log: its durable end, and its end once the append under way is done.
    public Position Local { get; set; }

    public Position LocalAsked { get; set; }

    public bool IsLocalBusy { get; set; }

    // The ship: where it stands, and where once what it was asked is done.
    public Position Ship { get; set; }

    public Position ShipAsked { get; set; }

    public bool IsShipBusy { get; set; }

    /// <summary>The ship computed what nobody keeps: it must go back before it goes on.</summary>
    public bool IsShipAstray { get; set; }

    /// <summary>The last position that is known to be committed in the store and is here, in <see cref="Tail"/> or in the local log.</summary>
    public Position Committed { get; private set; }

    /// <summary>The highest position that was ever known to be committed, here or elsewhere: the store has it, or has lost what it confirmed.</summary>
    public Position EverCommitted { get; private set; }

    /// <summary>The highest position that was ever known to be committed and follows from what is in the local log.</summary>
    public Position Proven { get; private set; }

    /// <summary>Events after the ship's position, or a little before it, up to the last that was received.</summary>
    public Tail Tail { get; } = new(Position.Origin);

    /// <summary>All effects up to here are certainly out.</summary>
    public EventNumber Released { get; private set; }

    public EffectBacklog Backlog { get; }

    public Ingress Ingress { get; }

    public SnapshotRule Snapshots { get; }

    public ClusterSettings Settings { get; private set; }

    public IReadOnlyList<string> Members => Settings.Members ?? Options.Members;

    public Optimism Optimism => Settings.Optimism ?? Options.InitialOptimism;

    /// <summary>What the user should know now: one text for each thing that there is to know.</summary>
    public IReadOnlyCollection<string> Warnings => _warnings.Values;

    /// <summary>The store's state is being read; whoever asked is told by the answer.</summary>
    public bool IsStateBusy { get; private set; }

    /// <summary>What is both on disk and in the ship.</summary>
    public Position Processed => Ship.Number < Local.Number ? Ship : Local;

    public void Begin(TimeSpan now, IList<MemberOutput> outputs)
    {
        if (now < Now)
            throw new ArgumentOutOfRangeException(nameof(now), now, $"A monotonic clock does not go back: it was {Now}.");
        Now = now;
        _outputs = outputs;
    }

    public void Emit(MemberOutput output) => _outputs.Add(output);

    /// <summary>Asks for the store's state; false where an earlier question is not answered yet: its answer would be too old.</summary>
    public bool AskState()
    {
        if (IsStateBusy)
            return false;
        IsStateBusy = true;
        _whenAsked = (Term, EverCommitted, Proven, Local);
        Emit(MemberOutput.ReadState.Instance);
        return true;
    }

    /// <summary>A ship that had the local log is gone: what is in the log is what it did.</summary>
    public void GiveBack(Position local)
    {
        (IsLocalBusy, IsShipBusy) = (false, false);
        Local = LocalAsked = local;
        Ship = ShipAsked = local;
    }

    public void StateAnswered() => IsStateBusy = false;

    public void Become(Role role)
    {
        if (role == Role)
            return;
        Role = role;
        Emit(new MemberOutput.RoleChanged(role, Term));
        if (role is not (Role.Master or Role.Replica))
            return;
        _mayBeAhead = role is Role.Master;
        Remember();
    }

    /// <summary>The member begins with what its folder says.</summary>
    public void Begin(Position local, Position ship, Evidence? known)
    {
        Local = LocalAsked = Committed = local;
        Ship = ShipAsked = ship;
        Backlog.Begin(ship.Number);
        if (known is not { } remembered)
            return;
        _remembered = remembered;
        _mayBeAhead = remembered.MayBeAhead;
        SeeTerm(remembered.Term);
        SeeAccepted(remembered.Accepted);
        IsLossAccepted = false;
        SeeSettings(Settings with { Optimism = null, Members = null, Released = remembered.Released, History = remembered.History });
        Proven = remembered.MayBeAhead || remembered.Committed.Number > local.Number ? remembered.Committed : local;
        SeeCommitted(Proven);
    }

    /// <summary>Lets the shell keep what is known for certain: at once where that matters now, at the pace of renewals where only the commits of a master go on.</summary>
    public void Remember()
    {
        if (Role is Role.Rejoining or Role.Stopped && _remembered is null)
            return; // it knows nothing of the cluster's log yet
        Evidence known = new(Term, _mayBeAhead ? Proven : Position.Origin, _mayBeAhead, Settings.Accepted, Released, Settings.History);
        if (known == _remembered)
            return;
        bool isUrgent = _remembered is not { } last || known with { Committed = last.Committed, Released = last.Released } != last;
        if (!isUrgent && Now < _rememberAgain)
            return;
        _remembered = known;
        _rememberAgain = Now + (_mayBeAhead ? Options.LeaseDuration / 3 : Options.LeaseDuration);
        Emit(new MemberOutput.Remember(known));
    }

    /// <summary>The member stands still from now on: it was found to be wrong, or can't be told right.</summary>
    public void Stop(string reason)
    {
        StopReason = reason;
        SetWarning("stopped", reason);
        Become(Role.Stopped);
    }

    /// <summary>The member stands still until the store is right again.</summary>
    /// <param name="reason">Why.</param>
    /// <param name="loss">Its own proof; null where it goes by another member's word.</param>
    public void Doubt(string reason, string? loss)
    {
        (IsStoreDoubted, Loss) = (true, loss);
        Stop(reason);
    }

    /// <summary>The store is right again.</summary>
    public void Trust()
    {
        (StopReason, IsStoreDoubted, Loss) = (null, false, null);
        ClearWarning("stopped");
    }

    /// <summary>A term was won. False where another is known to have won it: there are two stores, or one that went back in time.</summary>
    public bool SeeTerm(Term term, string winner = "")
    {
        if (term > Term)
            (Term, Winner, Master) = (term, "", "");
        if (term < Term || winner.Length == 0)
            return true;
        if (Winner.Length == 0)
            Winner = winner;
        return Winner == winner;
    }

    /// <summary>A lease was seen by an answer that decides, or in a master's own words. Sightings come by several ways; an older one than the newest says nothing.</summary>
    public void SeeLease(Lease lease)
    {
        SeeTerm(lease.Term, lease.Holder ?? "");
        Sight(lease);
    }

    /// <summary>A plain read shows a lease. Good for watching: the store may yet lose it.</summary>
    public void Sight(Lease lease)
    {
        if (lease.IsBefore(Lease))
            return;
        Lease = lease;
        Watch = Watch.See(lease, Now);
    }

    /// <summary>The lease is what the store says, be it older than one that was seen: it is what a campaign must expect. The highest term that was seen stays.</summary>
    public void TakeLease(Lease lease)
    {
        SeeTerm(lease.Term, lease.Holder ?? "");
        Lease = lease;
        Watch = Watch.See(lease, Now);
    }

    /// <summary>A position is committed, here or elsewhere.</summary>
    public void SeeCommitted(Position committed)
    {
        if (committed.Number > EverCommitted.Number)
            EverCommitted = committed;
    }

    /// <summary>A position is committed, and all up to it is here: in the local log, or after it in <see cref="Tail"/>.</summary>
    public void Confirm(Position committed)
    {
        Committed = committed;
        if (committed.Number > Proven.Number)
            Proven = committed;
        SeeCommitted(committed);
    }

    /// <summary>
    /// What shows that the store has lost what it confirmed, by its state and the last position that the local log shares with it; null where nothing does. Only what was known when the
    /// state was asked for counts: the store may have been told more since.
    /// </summary>
    public string? FindLoss(LogState state, Position common)
    {
        (Term term, Position committed, Position proven, Position local) = _whenAsked;
        if (state.Head.Number < committed.Number)
            return $"the store has lost what it confirmed: event {committed.Number} was committed, and its log ends at {state.Head.Number}";
        if (common.Number < proven.Number && common.Number < local.Number)
            return $"the store has lost what it confirmed: event {common.Number.Next} was committed, and its log has another one there";
        if (state.Lease.Term < term)
            return $"the store has gone back in time: it knows term {state.Lease.Term}, and term {term} was won";
        return null;
    }

    /// <summary>The local log, as it was when the state was asked for, has what the store's log has not.</summary>
    public bool HasMoreThan(Position common) => common.Number < _whenAsked.Local.Number;

    /// <summary>The user accepted a loss: what this member was told of before then proves nothing any more.</summary>
    public void SeeAccepted(Term accepted)
    {
        if (accepted <= Settings.Accepted)
            return;
        Settings = Settings with { Accepted = accepted };
        (EverCommitted, Proven) = (Position.Origin, Position.Origin);
        _whenAsked = _whenAsked with { EverCommitted = Position.Origin, Proven = Position.Origin };
        _mayBeAhead = true;
        IsLossAccepted = true;
        // The watermark of events that are given up says nothing of those that take their numbers.
        Released = EventNumber.None;
        Settings = Settings with { Released = EventNumber.None, History = null };
    }

    public void SeeReleased(EventNumber released)
    {
        if (released <= Released)
            return;
        Released = released;
        Backlog.ReleasedThrough(released);
    }

    /// <summary>Settings as the store has them beside a log that ends at <paramref name="head"/>. A watermark above it is of events that the store has lost.</summary>
    public void SeeSettings(ClusterSettings settings, EventNumber head) => SeeSettings(settings with
    {
        Released = settings.Released < head ? settings.Released : head,
        History = settings.History is { } history && history > head ? head : settings.History,
    });

    public void SeeSettings(ClusterSettings settings)
    {
        SeeAccepted(settings.Accepted);
        Settings = new ClusterSettings(
            settings.Optimism ?? Optimism, settings.Members ?? Members, settings.Released > Settings.Released ? settings.Released : Settings.Released, Settings.Accepted,
            settings.History is { } history && !(history < Settings.History) ? history : Settings.History)
        {
            Left = settings.Left ?? Settings.Left,
            Pause = settings.Pause ?? Settings.Pause,
        };
        SeeReleased(settings.Released);
        SeeReleased(Settings.History ?? EventNumber.None);
    }

    /// <summary>Says something to the user once, and keeps it in the status until it is cleared, or something newer is said under the same key.</summary>
    public void SetWarning(string key, string text)
    {
        if (_warnings.TryGetValue(key, out string? said) && said == text)
            return;
        _warnings[key] = text;
        Emit(new MemberOutput.Warn(text));
    }

    public void ClearWarning(string key) => _warnings.Remove(key);
}
