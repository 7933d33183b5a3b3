using System.Net;
using Seguro.Balancer;
using Seguro.Core;

namespace Seguro.Node.Effects;

/// <summary>Datagrams by way of the balancer, which gives each to every member, and sends out only what the newest master released.</summary>
/// <param name="link">The link; disposed of with this.</param>
public sealed class BalancerPort(BalancerLink link) : DatagramPort
{
    /// <inheritdoc/>
    public override Task Completion => link.Completion;

    /// <inheritdoc/>
    public override void Announce(bool isMaster, Term term) => link.Announce(isMaster, term);

    /// <inheritdoc/>
    public override IReadOnlyList<string> Warnings => link.Warnings;

    /// <inheritdoc/>
    public override bool Send(Term term, IPEndPoint to, ReadOnlySpan<byte> datagram) => link.Send(term, PeerAddress.Of(to), datagram);

    /// <inheritdoc/>
    public override async ValueTask<(IPEndPoint From, ReadOnlyMemory<byte> Datagram)> ReceiveAsync(Memory<byte> buffer, CancellationToken cancel)
    {
        IngressDatagram datagram = await link.ReceiveAsync(buffer, cancel);
        return (datagram.From.ToEndPoint(), datagram.Payload);
    }

    /// <inheritdoc/>
    public override ValueTask DisposeAsync() => link.DisposeAsync();
}
