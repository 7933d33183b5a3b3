using System.Net;
using Seguro.Core;

namespace Seguro.Balancer;

/// <summary>How a balancer is set up.</summary>
public sealed record BalancerOptions
{
    /// <summary>The most members that get what comes in.</summary>
    public const int MaxMembers = 16;

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
}
