using System.ComponentModel;
using System.Net;

namespace Seguro.Testing;

/// <summary>
/// Places that are far from each other: each has a network of its own (the first may be this process's), and every IP packet from one to another takes
/// <see cref="OneWay"/>, so that a round trip takes twice that. In order, none lost unless <see cref="Capacity"/> packets are on their way. Needs root.
/// </summary>
/// <remarks>For kernels without <c>netem</c>: packets go through network cards that this process serves (<see cref="TunDevice"/>), on one thread. What it adds
/// beyond the delay is its own work: some ten microseconds a packet on an idle machine.</remarks>
public sealed partial class DelayLine : IAsyncDisposable
{
    /// <summary>How many packets may be on their way; further ones are lost, as at a router.</summary>
    public const int Capacity = 8192;

    private const int LargestPacket = 1500;
    private const int BlockSize = 16;
    private const string Card = "segurofar";

    // 198.18.0.0/15 is for benchmarks (RFC 2544, appendix C.2.2): no machine's own network.
    private const uint Addresses = 198u << 24 | 18u << 16;
    private const int Blocks = (1 << 17) / BlockSize;
    private static int _made;

    private readonly List<LinePlace> _places = [];
    private readonly List<TunDevice> _cards = [];
    private readonly uint _block;

    private DelayLine(TimeSpan oneWay, uint block)
    {
        _block = block;
        OneWay = oneWay;
        _thread = new Thread(Carry) { IsBackground = true, Name = nameof(DelayLine), Priority = ThreadPriority.Highest };
    }

    /// <summary>Where programs can be; the first is where this process is if it was made so.</summary>
    public IReadOnlyList<LinePlace> Places => _places;

    /// <summary>Why this machine, or this user, can't have one; null where it can.</summary>
    public static async Task<string?> WhyNotAsync()
    {
        try
        {
            await (await CreateAsync(2, TimeSpan.Zero)).DisposeAsync();
            return null;
        }
        catch (Exception error) when (error is InvalidOperationException or Win32Exception)
        {
            return $"no delay lines here: {error.Message.Trim()}";
        }
    }

    /// <summary>Makes one.</summary>
    /// <param name="places">How many places, 2 … 14.</param>
    /// <param name="oneWay">The delay from any place to any other.</param>
    /// <param name="here">The first place is in this process's own network: a client in this process is beside a server there.</param>
    /// <exception cref="InvalidOperationException">The user is not root, or the machine does not let it.</exception>
    public static async Task<DelayLine> CreateAsync(int places, TimeSpan oneWay, bool here = true)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(places, 2);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(places, BlockSize - 2);
        uint number = unchecked(((uint)Environment.ProcessId * 4) + (uint)Interlocked.Increment(ref _made)) % Blocks;
        DelayLine line = new(oneWay, Addresses + (number * BlockSize));
        try
        {
            for (int i = 0; i < places; i++)
                await line.AddAsync(i, here && i == 0);
            line._thread.Start();
            return line;
        }
        catch
        {
            await line.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _isStopped = true;
        if (_thread.ThreadState.HasFlag(ThreadState.Unstarted) is false)
            _thread.Join();
        foreach (TunDevice card in _cards)
            card.Dispose();
        foreach (LinePlace place in _places)
        {
            if (place.Network is { } network)
                await network.DisposeAsync();
        }
    }

    private async Task AddAsync(int index, bool here)
    {
        NetworkNamespace? network = here ? null : await NetworkNamespace.CreateAsync();
        LinePlace place = new(new IPAddress(BitConverter.GetBytes(IPAddress.HostToNetworkOrder((int)(_block + (uint)index + 1)))), network);
        _places.Add(place);
        // A name of its own where others of this machine see it.
        string card = here ? $"sfar{_block - Addresses:x}" : Card;
        _cards.Add(place.Enter(() => TunDevice.Make(card)));
        string[] ip = network is null ? ["ip"] : ["ip", "-n", network.Name];
        await Tool.RunAsync([.. ip, "address", "add", $"{place.Host}/28", "dev", card]);
        await Tool.RunAsync([.. ip, "link", "set", card, "mtu", $"{LargestPacket}", "txqueuelen", $"{Capacity}", "up"]);
    }
}
