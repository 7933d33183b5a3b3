namespace Seguro.Balancer;

/// <summary>
/// Who gets what comes in: the members that announced themselves within the last <see cref="Silence"/>. Each has one place, whatever it says of itself. Safe for several threads; reading
/// takes no lock and allocates nothing.
/// </summary>
internal sealed class MemberTable(TimeProvider time)
{
    /// <summary>A member that announced itself and then is silent for so long gets nothing more.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromSeconds(10);

    // Lives that were heard once and are silent now: kept, so that their old hellos can't be played again. The longest silent go first.
    private const int MostLives = 64;

    private readonly Lock _lock = new();
    private readonly Dictionary<ulong, Life> _lives = [];
    private MemberTarget[] _current = [];

    /// <summary>What became of a hello.</summary>
    public enum Welcome
    {
        /// <summary>It is a member's.</summary>
        Taken,
        /// <summary>It is not newer than what was heard of the same life.</summary>
        Repeated,
        /// <summary>There are <see cref="BalancerOptions.MaxMembers"/> already.</summary>
        TooMany,
    }

    /// <summary>The members, in an array that never changes: a new one replaces it.</summary>
    public MemberTarget[] Current => Volatile.Read(ref _current);

    /// <summary>How many lives it remembers, silent ones included.</summary>
    public int Lives
    {
        get
        {
            lock (_lock)
                return _lives.Count;
        }
    }

    /// <summary>This member is at this address.</summary>
    public bool Knows(PeerAddress address, string member)
    {
        foreach (MemberTarget target in Current)
        {
            if (target.Address == address && target.Member == member)
                return true;
        }
        return false;
    }

    /// <summary>Takes an authentic hello.</summary>
    /// <param name="from">Where it came from: there the member gets its copies.</param>
    /// <param name="life">Names the run of the sender's process.</param>
    /// <param name="count">Grows with each hello of a life.</param>
    /// <param name="member">Whose key it was made with.</param>
    /// <param name="key">Which of its keys that is.</param>
    public Welcome Hello(PeerAddress from, ulong life, ulong count, string member, uint key)
    {
        long now = time.GetTimestamp();
        lock (_lock)
        {
            if (_lives.TryGetValue(life, out Life? known))
            {
                if (count <= known.Count)
                    return Welcome.Repeated;
                if (known.IsPresent && known.Target == new MemberTarget(from, key, member))
                {
                    (known.Count, known.Heard) = (count, now);
                    return Welcome.Taken;
                }
            }
            // Its process started anew, or it moved. Whoever has its key takes its place, and nobody else's.
            foreach (Life other in _lives.Values)
                other.IsPresent &= other.Target.Member != member;
            if (_lives.Values.Count(static other => other.IsPresent) >= BalancerOptions.MaxMembers)
            {
                Publish();
                return Welcome.TooMany;
            }
            if (known is null)
            {
                MakeRoom();
                _lives.Add(life, known = new Life());
            }
            (known.Target, known.Count, known.Heard, known.IsPresent) = (new MemberTarget(from, key, member), count, now, true);
            Publish();
            return Welcome.Taken;
        }
    }

    /// <summary>Lets go of the members whose key is not in the ring any more.</summary>
    public void Keep(KeyRing keys)
    {
        HashSet<uint> known = [.. keys.Entries.Select(static entry => entry.Key.Id)];
        lock (_lock)
        {
            foreach (Life life in _lives.Values)
                life.IsPresent &= known.Contains(life.Target.Key);
            Publish();
        }
    }

    /// <summary>Lets go of the members that announced themselves and are silent since.</summary>
    public void Expire()
    {
        lock (_lock)
        {
            bool changed = false;
            foreach (Life life in _lives.Values)
            {
                if (!life.IsPresent || time.GetElapsedTime(life.Heard) < Silence)
                    continue;
                life.IsPresent = false;
                changed = true;
            }
            if (changed)
                Publish();
        }
    }

    private void MakeRoom()
    {
        while (_lives.Count >= MostLives)
        {
            // At most MaxMembers are present, so some are not.
            ulong silent = _lives.Where(static pair => !pair.Value.IsPresent).MinBy(static pair => pair.Value.Heard).Key;
            _lives.Remove(silent);
        }
    }

    private void Publish()
    {
        MemberTarget[] members = [.. _lives.Values.Where(static life => life.IsPresent).Select(static life => life.Target)];
        if (!members.AsSpan().SequenceEqual(Current))
            Volatile.Write(ref _current, members);
    }

    private sealed class Life
    {
        public MemberTarget Target { get; set; }

        public ulong Count { get; set; }

        public long Heard { get; set; }

        public bool IsPresent { get; set; }
    }
}
