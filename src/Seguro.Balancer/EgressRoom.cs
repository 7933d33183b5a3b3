using System.Net.Sockets;

namespace Seguro.Balancer;

/// <summary>What the pumps that one thread steps share, since a step leaves nothing behind: buffers for what members send, what leaves, the answers to hellos, and the members' keys.</summary>
internal sealed class EgressRoom : IDisposable
{
    private const int Slots = 32;
    private const int WelcomeFrame = BalancerFrame.WelcomeSize + BalancerFrame.Overhead;

    private readonly byte[] _welcomes = GC.AllocateUninitializedArray<byte>(Slots * WelcomeFrame, pinned: true);
    private SealRing _seals;

    /// <summary>Takes the memory, and the seals.</summary>
    /// <param name="outside">The family of the sockets that effects leave from.</param>
    /// <param name="inside">The family of those that members speak with.</param>
    /// <param name="seals">Check what members send.</param>
    public EgressRoom(AddressFamily outside, AddressFamily inside, SealRing seals)
    {
        _seals = seals;
        Queue = new SendQueue(Slots, outside);
        Welcomes = new SendQueue(Slots, inside);
    }

    // One byte more than the largest frame: what fills it is too long.
    public ReceiveBatch Batch { get; } = new(Slots, 0, BalancerFrame.MaxSize + 1, 0);

    public SendQueue Queue { get; }

    public SendQueue Welcomes { get; }

    /// <summary>The keys in force. To be set from any thread; who is in a step goes on with the old ones, which are the collector's.</summary>
    public SealRing Seals
    {
        get => Volatile.Read(ref _seals);
        set => Volatile.Write(ref _seals, value);
    }

    /// <summary>Room for the answer to what is in a slot; it stays where it is.</summary>
    public Span<byte> WelcomeAt(int slot) => _welcomes.AsSpan(slot * WelcomeFrame, WelcomeFrame);

    /// <inheritdoc/>
    public void Dispose()
    {
        Batch.Dispose();
        Queue.Dispose();
        Welcomes.Dispose();
        _seals.Dispose();
    }
}
