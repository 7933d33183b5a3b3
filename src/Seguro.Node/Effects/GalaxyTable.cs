using System.Net;
using System.Net.Sockets;
using Seguro.Nouns;

namespace Seguro.Node.Effects;

/// <summary>Where the 256 galaxies are. Names are looked up beside the sending, again every five minutes; who is not found yet gets nothing, and Ames repeats.</summary>
sealed class GalaxyTable(EffectRouterOptions options, CancellationToken stop)
{
    private const int RealPort = 13_337;
    private const int FakePort = 31_337;
    private static readonly TimeSpan Again = TimeSpan.FromMinutes(5);
    private readonly Entry?[] _entries = new Entry?[256];

    /// <summary>The address; <see langword="null"/> where it is not known, or not yet.</summary>
    public IPEndPoint? Find(byte galaxy)
    {
        if (options.GalaxyDomain is not { } domain)
            return new IPEndPoint(IPAddress.Loopback, FakePort + galaxy);
        Entry? entry = Volatile.Read(ref _entries[galaxy]);
        if (entry is null || options.Time.GetElapsedTime(entry.Asked) > Again)
        {
            Entry asked = new(options.Time.GetTimestamp(), entry?.Address);
            if (Interlocked.CompareExchange(ref _entries[galaxy], asked, entry) == entry)
                _ = LookUpAsync(galaxy, domain, asked);
        }
        return entry?.Address;
    }

    private async Task LookUpAsync(byte galaxy, string domain, Entry asked)
    {
        try
        {
            string host = $"{ShipName.Format(galaxy).TrimStart('~')}.{domain}";
            IPAddress[] found = await Dns.GetHostAddressesAsync(host, AddressFamily.InterNetwork, stop);
            if (found.Length > 0)
                Interlocked.CompareExchange(ref _entries[galaxy], asked with { Address = new IPEndPoint(found[0], RealPort + galaxy) }, asked);
        }
        catch (Exception error) when (error is SocketException or OperationCanceledException)
        {
            // The address that was known before holds; it is asked again in five minutes.
        }
    }

    private sealed record Entry(long Asked, IPEndPoint? Address);
}
