namespace Seguro.Core;

/// <summary>What a member knows and has, whatever its role.</summary>
internal sealed class MemberState
{
    private readonly SortedDictionary<string, string> _warnings = new(StringComparer.Ordinal);
    private IList<MemberOutput> _outputs = [];

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

    /// <summary>The highest term that was heard of.</summary>
    public Term Term { get; private set; }

    /// <summary>The newest lease that was seen, and for how long.</summary>
    public Lease Lease { get; private set; }

    public LeaseWatch Watch { get; private set; }

    /// <summary>Who sent the last push of the highest term; empty where nobody did.</summary>
    public string Master { get; set; } = "";

    public string? StopReason { get; private set; }

    /// <summary>Until then this member does not stand for mastership.</summary>
    public TimeSpan HoldBackUntil { get; set; }

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
    public Position Committed { get; set; }

    /// <summary>The highest number that was ever said to be committed while this process ran: the store has it, or has lost what it confirmed.</summary>
    public EventNumber EverCommitted { get; private set; }

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
        Emit(MemberOutput.ReadState.Instance);
        return true;
    }

    public void StateAnswered() => IsStateBusy = false;

    public void Become(Role role)
    {
        if (role == Role)
            return;
        Role = role;
        Emit(new MemberOutput.RoleChanged(role, Term));
    }

    /// <summary>The member stands still from now on: it was found to be wrong, or can't be told right.</summary>
    public void Stop(string reason)
    {
        StopReason = reason;
        SetWarning("stopped", reason);
        Become(Role.Stopped);
    }

    public void SeeTerm(Term term)
    {
        if (term > Term)
            (Term, Master) = (term, "");
    }

    /// <summary>A lease was seen. Sightings come by several ways; an older one than the newest says nothing.</summary>
    public void SeeLease(Lease lease)
    {
        SeeTerm(lease.Term);
        if (!lease.IsBefore(Lease))
            TakeLease(lease);
    }

    /// <summary>The lease is what the store says, be it older than one that was seen: it is what a campaign must expect. The highest term that was seen stays.</summary>
    public void TakeLease(Lease lease)
    {
        SeeTerm(lease.Term);
        Lease = lease;
        Watch = Watch.See(lease, Now);
    }

    public void SeeCommitted(EventNumber committed)
    {
        if (committed > EverCommitted)
            EverCommitted = committed;
    }

    public void SeeReleased(EventNumber released)
    {
        if (released <= Released)
            return;
        Released = released;
        Backlog.ReleasedThrough(released);
    }

    public void SeeSettings(ClusterSettings settings)
    {
        Settings = new ClusterSettings(
            settings.Optimism ?? Optimism, settings.Members ?? Members, settings.Released > Settings.Released ? settings.Released : Settings.Released);
        SeeReleased(settings.Released);
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
