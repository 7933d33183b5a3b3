namespace Seguro.Core;

/// <summary>What comes to a ship from outside, before it is an event: a datagram that was heard, a timer that rang.</summary>
/// <param name="Bytes">
/// What it is, in the ship's own terms, opaque to the protocol. For Urbit: jam of <c>[wire card]</c> (vere-facts.md §2.5), without the time.
/// </param>
/// <param name="Now">When it happened, by the master's wall clock. It becomes part of the event, so that replicas see the same time; nothing is decided by it.</param>
/// <param name="Digest">
/// Names its content, the same on every member that heard the same: by it a member that takes over knows what is in the log already. 0: it can't be
/// heard twice. For Urbit: the mug of <c>[wire card]</c>.
/// </param>
/// <param name="Source">Tells senders apart, so that none of them takes the others' room; 0: the member itself. It may be made up by whoever sends: nothing else is decided by it.</param>
public readonly record struct Ovum(ReadOnlyMemory<byte> Bytes, DateTimeOffset Now, uint Digest = 0, ulong Source = 0);
