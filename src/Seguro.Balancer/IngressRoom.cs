using System.Net.Sockets;

namespace Seguro.Balancer;

/// <summary>What the pumps that one thread steps share, since a step leaves nothing behind: buffers for what comes in from outside, its copies, and the members' keys.</summary>
internal sealed class IngressRoom : IDisposable
{
    // Enough to make a call of the kernel cheap for each datagram; the memory is Slots × 64 KiB, of which the kernel maps what was used.
    private const int Slots = 32;

    private SealRing _seals;

    /// <summary>Takes the memory, and the seals.</summary>
    /// <param name="inside">The family of the sockets that the copies leave from.</param>
    /// <param name="seals">Seal the copies, each with its member's key.</param>
    public IngressRoom(AddressFamily inside, SealRing seals)
    {
        _seals = seals;
        Queue = new SendQueue(Slots * BalancerOptions.MaxMembers, inside);
    }

    public ReceiveBatch Batch { get; } = new(Slots, BalancerFrame.HeaderSize, BalancerFrame.MaxPayload, 0);

    public SendQueue Queue { get; }

    /// <summary>The keys in force. To be set from any thread; who is in a step goes on with the old ones, which are the collector's.</summary>
    public SealRing Seals
    {
        get => Volatile.Read(ref _seals);
        set => Volatile.Write(ref _seals, value);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Batch.Dispose();
        Queue.Dispose();
        _seals.Dispose();
    }
}
