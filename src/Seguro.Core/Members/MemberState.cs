namespace Seguro.Core;

/// <summary>What a member knows and has, whatever its role.</summary>
internal sealed class MemberState
{
    /// <summary>For so long something that happened is worth a warning; what goes on has one until it is over.</summary>
    private static readonly TimeSpan Recent = TimeSpan.FromDays(1);

    private const int MostTrustWishes = 64;

    private readonly SortedDictionary<string, (string Text, TimeSpan Until)> _warnings = new(StringComparer.Ordinal);
    private readonly List<ulong> _trustWishes = [];
    private IList<MemberOutput> _outputs = [];
    private Evidence? _remembered;
    private TimeSpan _rememberAgain;
    private bool _mayBeAhead;

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

    public string? StopReason { get; private set; }

    /// <summary>It stands still because the store lost what it confirmed, by its own proof or another member's word: until the store is right again.</summary>
    public bool IsStoreDoubted { get; private set; }

    /// <summary>This member's own proof that the store lost what it confirmed, while it stands still; null where it has none.</summary>
    public string? Loss { get; private set; }

    /// <summary>Terms and leases, as far as they are known.</summary>
    public LeaseState Lease { get; } = new();

    /// <summary>What is committed and released, as far as that is known.</summary>
    public ProgressState Progress { get; } = new();

    /// <summary>The local log.</summary>
    public LocalLogState Log { get; } = new();

    /// <summary>The ship.</summary>
    public LocalShipState Ship { get; } = new();

    /// <summary>Events after the ship's position, or a little before it, up to the last that was received.</summary>
    public Tail Tail { get; } = new(Position.Origin);

    public EffectBacklog Backlog { get; }

    public Ingress Ingress { get; }

    public SnapshotRule Snapshots { get; }

    public ClusterSettings Settings { get; private set; }

    public IReadOnlyList<string> Members => Settings.Members ?? Options.Members;

    public Optimism Optimism => Settings.Optimism ?? Options.InitialOptimism;

    /// <summary>What the user should know now: one text for each thing that there is to know.</summary>
    public IReadOnlyCollection<string> Warnings => [.. _warnings.Values.Where(warning => warning.Until > Now).Select(static warning => warning.Text)];

    /// <summary>What is both on disk and in the ship.</summary>
    public Position Processed => Ship.Position.Number < Log.End.Number ? Ship.Position : Log.End;

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
        if (Progress.IsStateAsked)
            return false;
        Progress.AskState(Lease.Term, Log.End);
        Emit(MemberOutput.ReadState.Instance);
        return true;
    }

    /// <summary>Appends to the local log what follows in the tail, up to <paramref name="last"/>; false where it is busy, or has all of that.</summary>
    public bool AppendLocal(EventNumber last)
    {
        if (Log.IsBusy)
            return false;
        List<Event> events = Tail.Take(Log.End.Number, last, Options.MaxGroup, Options.MaxGroupBytes);
        if (events.Count == 0)
            return false;
        Log.AskAppend(events);
        Emit(new MemberOutput.AppendLocal(events));
        return true;
    }

    /// <summary>Lets the ship compute events: those of the tail, or those of another master that are to be events of this one.</summary>
    public void Apply(IReadOnlyList<Event> events, bool adopts = false)
    {
        if (adopts)
            Ship.AskAdopt(events);
        else
            Ship.AskApply(events);
        Emit(new MemberOutput.Apply(events));
    }

    /// <summary>The ship went back to a snapshot: what follows is computed again.</summary>
    public void Restored(Position ship)
    {
        Ship.Restored(ship);
        Snapshots.Keep(ship.Number, Now);
        Backlog.CutAfter(ship.Number);
    }

    public void Become(Role role, string reason = "")
    {
        if (role == Role)
            return;
        Role = role;
        if (role is not (Role.Candidate or Role.Master))
            Lease.ForgetGivingBack();
        Emit(new MemberOutput.RoleChanged(role, Lease.Term, reason));
        if (role is not (Role.Master or Role.Replica))
            return;
        _mayBeAhead = role is Role.Master;
        Remember();
    }

    /// <summary>The member begins with what its folder says.</summary>
    public void Begin(Position local, Position ship, Evidence? known)
    {
        Log.Begin(local);
        Ship.Begin(ship);
        Backlog.Begin(ship.Number);
        if (known is not { } remembered)
        {
            Progress.Begin(local, null);
            return;
        }
        _remembered = remembered;
        _mayBeAhead = remembered.MayBeAhead;
        Lease.SeeTerm(remembered.Term);
        SeeAccepted(remembered.Accepted);
        SeeSettings(Settings with { Optimism = null, Members = null, Released = remembered.Released, History = remembered.History });
        Progress.Begin(local, remembered.MayBeAhead || remembered.Committed.Number > local.Number ? remembered.Committed : local);
    }

    /// <summary>Lets the shell keep what is known for certain: at once where that matters now, at the pace of renewals where only the commits of a master go on.</summary>
    public void Remember()
    {
        if (Role is Role.Rejoining or Role.Stopped && _remembered is null)
            return; // it knows nothing of the cluster's log yet
        Evidence known = new(Lease.Term, _mayBeAhead ? Progress.Proven : Position.Origin, _mayBeAhead, Settings.Accepted, Progress.Released, Settings.History);
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

    /// <summary>It stands still, and the store was looked at again.</summary>
    public void SeeLoss(string? loss) => Loss = loss;

    /// <summary>The store is right again.</summary>
    public void Trust()
    {
        (StopReason, IsStoreDoubted, Loss) = (null, false, null);
        ClearWarning("stopped");
        foreach (ulong wish in _trustWishes)
            Emit(new MemberOutput.Answer(wish, null));
        _trustWishes.Clear();
    }

    /// <summary>Somebody waits for the store to be trusted (<see cref="Wish.Trust"/>).</summary>
    public void WantTrust(ulong wish)
    {
        if (!IsStoreDoubted)
            Emit(new MemberOutput.Answer(wish, null));
        else if (_trustWishes.Count < MostTrustWishes)
            _trustWishes.Add(wish);
        else
            Emit(new MemberOutput.Answer(wish, new SeguroException(ErrorCode.StoreUnavailable, $"{MostTrustWishes} wait already for {Options.Name} to trust its store again", "See in `seguro status` why it stands still.")));
    }

    /// <summary>The user accepted a loss: what this member was told of before then proves nothing any more.</summary>
    public void SeeAccepted(Term accepted)
    {
        if (accepted <= Settings.Accepted)
            return;
        Progress.GiveUp();
        _mayBeAhead = true;
        Settings = Settings with { Accepted = accepted, Released = EventNumber.None, History = null };
    }

    public void SeeReleased(EventNumber released)
    {
        if (Progress.Release(released))
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

    /// <summary>Where leases are by node, this member's node; else <see langword="null"/>.</summary>
    public string? Node => Options.LeasesByNode ? Options.Name : null;

    /// <summary>Frees a lease that was won in a role that is over, or is about to be. By node that is done once the role is over, and until it is certain (<see cref="GiveBack"/>).</summary>
    public void Resign(Lease held)
    {
        if (Options.LeasesByNode)
            return;
        Lease.Free(held.Term);
        Emit(new MemberOutput.Resign(held));
    }

    /// <summary>Who does not serve, nor is about to, frees what it may hold: its node lives on, so nobody else ever could take it.</summary>
    public void GiveBack()
    {
        if (Lease.Claim is null || Lease.IsGivingBack || Lease.IsCampaigning || Now < Lease.GiveBackAgain)
            return;
        Emit(new MemberOutput.Resign(Lease.GiveBack(Now + (Options.LeaseDuration / 5))));
    }

    /// <summary>Says something to the user once, and keeps it in the status until it is cleared, or something newer is said under the same key.</summary>
    public void SetWarning(string key, string text) => SetWarning(key, text, TimeSpan.MaxValue);

    /// <summary>The same of something that happened, and is over: it goes from the status by itself after a day.</summary>
    public void SetPassingWarning(string key, string text) => SetWarning(key, text, Now + Recent);

    private void SetWarning(string key, string text, TimeSpan until)
    {
        bool isSaid = _warnings.TryGetValue(key, out (string Text, TimeSpan Until) said) && said.Text == text && said.Until > Now;
        _warnings[key] = (text, until);
        if (!isSaid)
            Emit(new MemberOutput.Warn(text));
    }

    public void ClearWarning(string key) => _warnings.Remove(key);

    /// <summary>Clears all whose keys begin so.</summary>
    public void ClearWarnings(string beginning)
    {
        foreach (string key in _warnings.Keys.Where(key => key.StartsWith(beginning, StringComparison.Ordinal)).ToList())
            _warnings.Remove(key);
    }
}
