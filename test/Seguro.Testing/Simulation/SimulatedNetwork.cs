namespace Seguro.Testing;

/// <summary>
/// Links between places: members (0 …), the store and the balancer. A link keeps the order of what is sent; what is on its way when it breaks is lost.
/// Each direction is a link of its own.
/// </summary>
internal sealed class SimulatedNetwork(int places, Schedule schedule, SimulationRandom random)
{
    private readonly bool[] _cut = new bool[places * places];
    private readonly int[] _breaks = new int[places * places];
    private readonly long[] _last = new long[places * places];
    private readonly bool[] _expired = new bool[places];

    /// <summary>How long a message usually takes, in ticks.</summary>
    public long Latency { get; set; } = Schedule.Millisecond / 2;

    /// <summary>How many places there are.</summary>
    public int Places => places;

    /// <summary>What is sent from one to the other arrives.</summary>
    public bool IsOpen(int from, int to) => !_cut[(from * places) + to];

    /// <summary>Cuts or mends a link.</summary>
    public void Set(int from, int to, bool open)
    {
        if (open && AreMembers(from, to) && (_expired[from] || _expired[to]))
            return;
        int link = (from * places) + to;
        if (!_cut[link] && !open)
            _breaks[link]++;
        _cut[link] = !open;
    }

    /// <summary>Mends all links.</summary>
    public void MendAll()
    {
        Array.Clear(_expired);
        Array.Clear(_cut);
    }

    /// <summary>A member's certificate ends: a link with another member that breaks from now on is not made anew.</summary>
    public void Expire(int member) => _expired[member] = true;

    /// <summary>It is renewed, and all its links are made.</summary>
    public void Renew(int member)
    {
        _expired[member] = false;
        for (int other = 0; other < places - 2; other++)
        {
            if (other == member)
                continue;
            Set(member, other, open: true);
            Set(other, member, open: true);
        }
    }

    /// <summary>A member's process ended, and its links with it.</summary>
    public void End(int member)
    {
        for (int other = 0; other < places - 2; other++)
        {
            if (other == member || !(_expired[member] || _expired[other]))
                continue;
            Set(member, other, open: false);
            Set(other, member, open: false);
        }
    }

    /// <summary>The last two places are the store's and the balancer's.</summary>
    private bool AreMembers(int from, int to) => Math.Max(from, to) < places - 2;

    /// <summary>Sends, in order.</summary>
    public void Send(int from, int to, Action arrive)
    {
        int link = (from * places) + to;
        if (_cut[link])
            return;
        int breaks = _breaks[link];
        _last[link] = Math.Max(_last[link] + 1, schedule.Now + random.Delay(Latency));
        schedule.At(_last[link], () =>
        {
            if (_breaks[link] == breaks)
                arrive();
        });
    }

    /// <summary>Sends a datagram: without order; says whether the link is open.</summary>
    public bool SendLoose(int from, int to, long more, Action arrive)
    {
        int link = (from * places) + to;
        if (_cut[link])
            return false;
        int breaks = _breaks[link];
        schedule.After(random.Delay(Latency) + more, () =>
        {
            if (_breaks[link] == breaks)
                arrive();
        });
        return true;
    }
}
