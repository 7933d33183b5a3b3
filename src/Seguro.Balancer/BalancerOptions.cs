using System.Net;
using Seguro.Core;

namespace Seguro.Balancer;

/// <summary>How a balancer is set up.</summary>
public sealed record BalancerOptions
{
    /// <summary>The most members that get what comes in.</summary>
    public const int MaxMembers = 16;

    /// <summary>The most ships, each with a port of its own.</summary>
    public const int MaxShips = 10_000;

    /// <summary>How many ships, of a cluster of nodes; ship <c>n</c> has the ports of <see cref="Listen"/> and <see cref="Inside"/> plus <c>n</c>.</summary>
    public int Ships { get; init; } = 1;

    /// <summary>
    /// The public address: outside peers send here, and see what is released come from here. <see langword="null"/>: this process takes no datagrams, and only knows who is master; the
    /// kernel carries them (<see cref="KernelRoutes"/>), or they go to the ship's own host.
    /// </summary>
    public IPEndPoint? Listen { get; init; }

    /// <summary>
    /// The address on the members' network: hellos and effects come in here, and the copies leave from here. One address, never all of the machine's:
    /// the world has no business here.
    /// </summary>
    public required IPEndPoint Inside { get; init; }

    /// <summary>What the members authenticate themselves with. Asked for once a second: another ring than the last one is in force from then on. Must not throw.</summary>
    public required Func<KeyRing> Keys { get; init; }

    /// <summary>Hears what people should know, each a full sentence. From the thread that runs the balancer.</summary>
    public Action<string>? Notice { get; init; }

    /// <summary>Bytes of buffer to ask the kernel for, for each socket and direction; it grants no more than <c>net.core.rmem_max</c> and <c>wmem_max</c>.</summary>
    public int BufferBytes { get; init; } = 8 << 20;

    /// <summary>Refuses what no balancer can do.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.BadValue"/>: too many ships, or no port for each of them.</exception>
    internal void Check()
    {
        if (Ships is < 1 or > MaxShips)
            throw new SeguroException(ErrorCode.BadValue, $"a balancer has 1 to {MaxShips} ships, and not {Ships}", "Name fewer.");
        foreach (IPEndPoint address in (IPEndPoint[])[.. Listen is null ? [] : (IPEndPoint[])[Listen], Inside])
        {
            if (address.Port + Ships - 1 > IPEndPoint.MaxPort)
                throw new SeguroException(ErrorCode.BadValue, $"{Ships} ships from {address} on need ports up to {address.Port + Ships - 1}, and the last is {IPEndPoint.MaxPort}", "Name an address with a lower port, or fewer ships.");
        }
        if (Listen is { Port: > 0 } listen && Inside.Port > 0 && Math.Abs(listen.Port - Inside.Port) < Ships
            && (listen.Address.Equals(Inside.Address) || listen.Address.Equals(IPAddress.Any) || listen.Address.Equals(IPAddress.IPv6Any)))
            throw new SeguroException(ErrorCode.BadValue, $"the ports of {Ships} ships from {listen} on and those from {Inside} on overlap", $"Leave {Ships} ports or more between the two.");
    }
}
