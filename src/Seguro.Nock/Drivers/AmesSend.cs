using System.Net;

namespace Seguro.Nock.Drivers;

/// <summary>A datagram that a ship wants sent.</summary>
/// <param name="Destination">Where to; null where that is a galaxy, whose address the caller must find.</param>
/// <param name="Galaxy">The galaxy (0 … 255), by whose number the caller finds the address (<c>zod.urbit.org</c>); null where the destination is known.</param>
/// <param name="Datagram">The bytes, without the zero bytes that the ship may have meant at their end: an atom has none. A new array, the caller's.</param>
public readonly record struct AmesSend(IPEndPoint? Destination, byte? Galaxy, ReadOnlyMemory<byte> Datagram);
