using System.Net;
using System.Net.Sockets;
using Seguro.Core;

namespace Seguro.Balancer;

/// <summary>
/// Who gets what comes in: the members that were configured, and those that announced themselves within the last <see cref="Silence"/>. Safe for several threads; reading
/// takes no lock and allocates nothing.
/// </summary>
internal sealed class MemberTable
{
    /// <summary>A member that announced itself and then is silent for so long gets nothing more.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromSeconds(10);

    // Lives that were heard once and are silent now: kept, so that their old hellos can't be played again. The longest silent go first.
    private const int MostLives = 64;

    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly HostAddress[] _configured;
    private readonly PeerAddress[] _resolved;
    private readonly Dictionary<ulong, Life> _lives = [];
    private PeerAddress[] _current = [];

    public MemberTable(IReadOnlyList<HostAddress> configured, TimeProvider time)
    {
        if (configured.Count > BalancerOptions.MaxMembers)
        {
            throw new SeguroException(
                ErrorCode.BadValue, $"{configured.Count} members are more than a balancer serves, which is {BalancerOptions.MaxMembers}", "Name fewer with --members.");
        }
        _time = time;
        _configured = [.. configured];
        _resolved = [.. _configured.Select(static address => IPAddress.TryParse(address.Host, out IPAddress? literal) ? PeerAddress.Of(new IPEndPoint(literal, address.Port)) : default)];
        Publish();
    }

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
    public PeerAddress[] Current => Volatile.Read(ref _current);

    /// <summary>How many lives it remembers, silent ones included.</summary>
    public int Lives
    {
        get
        {
            lock (_lock)
                return _lives.Count;
        }
    }

    /// <summary>The address is a member's.</summary>
    public bool Knows(PeerAddress address)
    {
        foreach (PeerAddress member in Current)
        {
            if (member == address)
                return true;
        }
        return false;
    }

    /// <summary>Looks up the configured names; one that is not known now keeps the address that it had.</summary>
    public async Task ResolveAsync(CancellationToken cancel)
    {
        for (int index = 0; index < _configured.Length; index++)
        {
            try
            {
                PeerAddress found = PeerAddress.Of(await ResolveAsync(_configured[index], cancel));
                lock (_lock)
                    _resolved[index] = found;
            }
            catch (SocketException)
            {
                // The name server, or the member, may be there later.
            }
        }
        lock (_lock)
            Publish();
    }

    /// <summary>Takes an authentic hello.</summary>
    /// <param name="from">Where it came from: there the member gets its copies.</param>
    /// <param name="life">Names the run of the sender's process.</param>
    /// <param name="count">Grows with each hello of a life.</param>
    public Welcome Hello(PeerAddress from, ulong life, ulong count)
    {
        long now = _time.GetTimestamp();
        lock (_lock)
        {
            if (_lives.TryGetValue(life, out Life? known))
            {
                if (count <= known.Count)
                    return Welcome.Repeated;
                if (known.IsPresent && known.Address == from)
                {
                    (known.Count, known.Heard) = (count, now);
                    return Welcome.Taken;
                }
            }
            bool isNew = !Knows(from);
            bool moves = known is { IsPresent: true };
            if (isNew && !moves && Current.Length >= BalancerOptions.MaxMembers)
                return Welcome.TooMany;
            foreach (Life other in _lives.Values)
                other.IsPresent &= other.Address != from; // its process started anew
            if (known is null)
            {
                MakeRoom();
                _lives.Add(life, known = new Life());
            }
            (known.Address, known.Count, known.Heard, known.IsPresent) = (from, count, now, true);
            Publish();
            return Welcome.Taken;
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
                if (!life.IsPresent || _time.GetElapsedTime(life.Heard) < Silence)
                    continue;
                life.IsPresent = false;
                changed = true;
            }
            if (changed)
                Publish();
        }
    }

    /// <summary>The first address of a name: several would be several ways to one member.</summary>
    public static async Task<IPEndPoint> ResolveAsync(HostAddress address, CancellationToken cancel) =>
        new(IPAddress.TryParse(address.Host, out IPAddress? literal) ? literal : (await Dns.GetHostAddressesAsync(address.Host, cancel))[0], address.Port);

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
        PeerAddress[] members =
        [
            .. _resolved.Where(static address => address != default)
                .Concat(_lives.Values.Where(static life => life.IsPresent).Select(static life => life.Address))
                .Distinct()
                .Take(BalancerOptions.MaxMembers),
        ];
        if (!members.AsSpan().SequenceEqual(Current))
            Volatile.Write(ref _current, members);
    }

    private sealed class Life
    {
        public PeerAddress Address { get; set; }

        public ulong Count { get; set; }

        public long Heard { get; set; }

        public bool IsPresent { get; set; }
    }
}
