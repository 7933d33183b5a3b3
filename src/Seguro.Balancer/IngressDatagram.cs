namespace Seguro.Balancer;

/// <summary>A datagram from outside, as the balancer gave it to every member.</summary>
/// <param name="Number">The balancer's number for it: the same at every member, higher for later ones, also after the balancer started anew.</param>
/// <param name="From">Who sent it.</param>
/// <param name="Payload">What it holds: a slice of the buffer that was given for it.</param>
public readonly record struct IngressDatagram(ulong Number, PeerAddress From, ReadOnlyMemory<byte> Payload);
