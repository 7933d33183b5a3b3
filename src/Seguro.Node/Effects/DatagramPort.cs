using System.Net;
using Seguro.Core;

namespace Seguro.Node.Effects;

/// <summary>Where a ship's datagrams come in and go out: the balancer, or a socket of the member's own.</summary>
/// <remarks>Threading: one <see cref="ReceiveAsync"/> at a time; everything else from any thread, also meanwhile. Sending never blocks and promises no more than UDP does.</remarks>
public abstract class DatagramPort : IAsyncDisposable
{
    /// <summary>The most bytes that <see cref="ReceiveAsync"/> may need.</summary>
    public const int BufferSize = 1 << 16;

    /// <summary>Faults when the port can't hear any more, beside <see cref="ReceiveAsync"/>; ends when it is disposed of.</summary>
    public virtual Task Completion => Task.CompletedTask;

    /// <summary>Says what this member is, where somebody wants to know.</summary>
    public abstract void Announce(bool isMaster, Term term);

    /// <summary>What people should know of it now; each a full sentence.</summary>
    public virtual IReadOnlyList<string> Warnings => [];

    /// <summary>Sends a datagram in the name of the master of a term. False where that failed.</summary>
    public abstract bool Send(Term term, IPEndPoint to, ReadOnlySpan<byte> datagram);

    /// <summary>Waits for the next datagram.</summary>
    /// <param name="buffer">At least <see cref="BufferSize"/> bytes.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <returns>Who sent it, and what: a slice of <paramref name="buffer"/>.</returns>
    public abstract ValueTask<(IPEndPoint From, ReadOnlyMemory<byte> Datagram)> ReceiveAsync(Memory<byte> buffer, CancellationToken cancel);

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();
}
