namespace Seguro.Core;

/// <summary>What operators want: each wish is answered once, when it is in force or can't be.</summary>
internal sealed partial class Master
{
    private const int MostWishes = 64;

    private readonly List<(ulong Number, Wish Wish, int Version)> _unwritten = [];
    private readonly List<ulong> _handOvers = [];
    private ClusterSettings? _wanted;
    private ClusterSettings? _writing;
    private string? _successor;
    private int _wantedVersion;
    private int _writingVersion;
    private bool _isKindSaid;
    private TimeSpan _settingsAgain;

    private ClusterSettings Wanted => _wanted ?? _member.Settings;

    /// <summary>Takes a wish.</summary>
    private protected override void OnWished(ulong number, Wish wish)
    {
        SeguroException? refusal = _unwritten.Count + _handOvers.Count >= MostWishes
            ? new SeguroException(ErrorCode.StoreUnavailable, $"{MostWishes} wishes wait to be in force already", "Wait a moment and repeat.")
            : wish switch
            {
                Wish.ChangeOptimism change => Take(change),
                Wish.ChangeMembers change => Take(change),
                Wish.Pause pause => Take(pause),
                Wish.Resume resume => Take(resume),
                _ => TakeStepDown(((Wish.StepDown)wish).To),
            };
        if (refusal is not null)
            Answer(number, refusal);
        else if (wish is Wish.StepDown { To: { } to } && to == _member.Options.Name)
            Answer(number, null); // it was so already
        else if (wish is Wish.StepDown)
            _handOvers.Add(number);
        else if (_wanted is null)
            Answer(number, null); // it was so already
        else
            _unwritten.Add((number, wish, _wantedVersion));
    }

    /// <summary>The mastership ends: what was asked for is in force, or is not known to be; and what hindered this master hinders it no more.</summary>
    public void End()
    {
        foreach (string warning in (string[])["replicas", "optimism", "commit", "window", "store", "pause"])
            _member.ClearWarning(warning);
        _member.ClearWarnings("replica ");
        AnswerHandOvers(null);
        foreach ((ulong number, _, int version) in _unwritten)
        {
            Answer(number, version <= _writingVersion
                ? new SeguroException(ErrorCode.OutcomeUnknown, $"{_member.Options.Name} is not master any more, and whether the change was written is not known", "Look at `seguro status`, and repeat the command where it is not in force.")
                : new SeguroException(ErrorCode.StoreUnavailable, $"{_member.Options.Name} is not master any more; the change was not made", "Wait for the next master and repeat the command."));
        }
        _unwritten.Clear();
    }

    private SeguroException? Take(Wish.ChangeOptimism change)
    {
        int replicas = (Wanted.Members ?? _member.Members).Count - 1;
        if (change.Replicas < 0 || change.Replicas > replicas)
            return new SeguroException(ErrorCode.BadValue, $"an optimism of {change.Replicas}, and the cluster has {replicas} replicas", $"Use 0 to {replicas}.");
        Optimism now = Wanted.Optimism ?? _member.Optimism;
        Want(Wanted with { Optimism = new Optimism(change.Replicas, change.OnReplicaLoss ?? now.OnReplicaLoss) });
        return null;
    }

    private SeguroException? Take(Wish.ChangeMembers change)
    {
        ClusterSettings now = Wanted;
        IReadOnlyList<string> before = now.Members ?? _member.Members;
        string self = _member.Options.Name;
        if (change.Join.FirstOrDefault(name => now.Left?.Contains(name) is true) is { } left)
            return new SeguroException(ErrorCode.NotAMember, $"{left} has left the cluster, and its name is not used again", "Give the machine a new name: seguro cluster add FOLDER NEWNAME.");
        if (change.Leave.Contains(self))
            return new SeguroException(ErrorCode.UnsafeSettings, $"{self} is master", "Let it step down first: seguro cluster stepdown.");
        string[] members = [.. before.Concat(change.Join.Where(name => !before.Contains(name)).Distinct(StringComparer.Ordinal)).Where(name => !change.Leave.Contains(name))];
        if (members.Length > Optimism.MostMembers)
            return new SeguroException(ErrorCode.BadValue, $"{members.Length} members", $"A cluster has at most {Optimism.MostMembers}.");
        int asked = (now.Optimism ?? _member.Optimism).Replicas;
        if (members.Length < before.Count && asked > members.Length - 1)
            return new SeguroException(ErrorCode.UnsafeSettings, $"the optimism in force asks for {asked} replicas, and {members.Length - 1} would be left", "Lower it first: seguro cluster optimism N.");
        if (!members.SequenceEqual(before, StringComparer.Ordinal))
            Want(now.WithMembers(members, before));
        return null;
    }

    private SeguroException? Take(Wish.Pause pause)
    {
        if (!ClusterSettings.IsPause(pause.Why) || pause.Why.Length == 0)
            return new SeguroException(ErrorCode.BadValue, "the reason of a pause is empty, too long, or not plain text", $"Use 1 to {ClusterSettings.LongestPause} printable characters of ASCII.");
        Want(Wanted with { Pause = pause.Why });
        return null;
    }

    /// <summary>From the moment on that a pause is wanted; and until it is in force that there is none.</summary>
    private bool IsPaused()
    {
        if (!_member.Settings.IsPaused && !Wanted.IsPaused)
        {
            _member.ClearWarning("pause");
            return false;
        }
        _member.SetWarning("pause", $"The cluster is paused: {(Wanted.IsPaused ? Wanted : _member.Settings).Pause}. Its ship computes nothing until it is resumed (seguro cluster resume).");
        return true;
    }

    private SeguroException? Take(Wish.Resume resume)
    {
        if (Wanted.Pause is { } why && why.StartsWith(ClusterSettings.Moved, StringComparison.Ordinal) && !resume.Despite)
        {
            return new SeguroException(
                ErrorCode.OtherCustody, $"the ship's log was {why}: two clusters would compute one ship", "If the other cluster never began and never will, add --despite moved.");
        }
        if (Wanted.IsPaused)
            Want(Wanted with { Pause = "" });
        return null;
    }

    private SeguroException? TakeStepDown(string? to)
    {
        if (_isSteppingDown || _isResigning || to == _member.Options.Name)
            return null;
        if (to is not null && _replicas.TrueForAll(replica => replica.Name != to))
            return new SeguroException(ErrorCode.BadValue, $"{to} is no member of the cluster", $"There are {string.Join(", ", _member.Members)}.");
        if (to is not null && _replicas.Find(replica => replica.Name == to) is { } chosen && !chosen.IsHealthy(_member.Now, _member.Options.ReplicaPatience))
            return new SeguroException(ErrorCode.Unsupported, $"{to} is not healthy, and could not take over", "See what `seguro status` says of it, or let another take over.");
        if (_replicas.TrueForAll(replica => !replica.IsHealthy(_member.Now, _member.Options.ReplicaPatience)))
        {
            return new SeguroException(
                ErrorCode.Unsupported, "there is no healthy replica that could take over", _member.Members.Count < 2 ? "Let another member join first." : "See what `seguro status` says of the replicas, and start them.");
        }
        _isSteppingDown = true;
        _successor = to;
        _stepDownUntil = _member.Now + (_member.Ship.IsRunning ? LongestEnd : LongestStepDown);
        return null;
    }

    private void Want(ClusterSettings settings)
    {
        if (settings.Optimism == Wanted.Optimism && ReferenceEquals(settings.Members, Wanted.Members) && settings.Pause == Wanted.Pause)
            return;
        _wanted = settings;
        _wantedVersion++;
    }

    private void Answer(ulong wish, SeguroException? refusal) => _member.Emit(new MemberOutput.Answer(wish, refusal));

    private void AnswerHandOvers(SeguroException? refusal)
    {
        foreach (ulong wish in _handOvers)
            Answer(wish, refusal);
        _handOvers.Clear();
    }

    /// <summary>The watermark is written at the pace of renewals: often enough to bound what a cold start repeats, too seldom to cost anything.</summary>
    private void WriteSettings()
    {
        if (_writing is not null || _member.Now < _settingsAgain)
            return;
        bool isWatermarkDue = _member.Progress.Released > _member.Settings.Released;
        // By node the first write says, too, that nobody may serve this log by a lease of its own.
        bool isKindDue = _member.Options.LeasesByNode && !_isKindSaid;
        if (_wanted is null && !isWatermarkDue && !isKindDue && _member.Settings.History is not null)
            return;
        _writing = Wanted with { Released = _member.Progress.Released, History = _member.Settings.History ?? _head };
        _writingVersion = _wantedVersion;
        _settingsAgain = _member.Now + (_member.Options.LeaseDuration / 3);
        _member.Emit(new MemberOutput.WriteSettings(_keeper.Lease.Term, _writing.Value));
    }

    /// <summary>The store answered about the settings.</summary>
    private void OnSettingsWritten(WriteOutcome outcome)
    {
        if (_writing is not { } written)
            throw new BrokenInvariantException("settings were written that were not to be written");
        _writing = null;
        switch (outcome)
        {
            case WriteOutcome.Committed:
                _isKindSaid = true;
                SettingsAreInForce(written);
                break;
            case WriteOutcome.Fenced fenced:
                Fenced(fenced.Current);
                break;
            default:
                _settingsAgain = _member.Now + (_member.Options.LeaseDuration / 5);
                break;
        }
    }

    private void SettingsAreInForce(ClusterSettings written)
    {
        bool isAnotherOptimism = written.Optimism != _member.Settings.Optimism;
        _member.SeeSettings(written);
        if (_wantedVersion == _writingVersion)
            _wanted = null;
        _replicas.RemoveAll(replica => !_member.Members.Contains(replica.Name));
        foreach (string name in _member.Members.Where(name => _replicas.TrueForAll(replica => replica.Name != name)))
            AddReplica(name);
        if (isAnotherOptimism)
            _member.Emit(new MemberOutput.Warn($"Optimism is {_member.Optimism} from now on."));
        foreach ((ulong number, Wish wish, _) in _unwritten.Where(one => one.Version <= _writingVersion))
        {
            Answer(number, IsInForce(wish) ? null : new SeguroException(
                ErrorCode.Conflict, "another wish took its place before it was in force", "Look at `seguro status`, and repeat the command where it is still wanted."));
        }
        _unwritten.RemoveAll(one => one.Version <= _writingVersion);
    }

    private bool IsInForce(Wish wish) => wish switch
    {
        Wish.ChangeOptimism change => _member.Optimism.Replicas == change.Replicas && (change.OnReplicaLoss is null || _member.Optimism.OnReplicaLoss == change.OnReplicaLoss),
        Wish.ChangeMembers change => change.Join.All(_member.Members.Contains) && !change.Leave.Any(_member.Members.Contains),
        Wish.Pause pause => _member.Settings.Pause == pause.Why,
        _ => !_member.Settings.IsPaused,
    };
}
