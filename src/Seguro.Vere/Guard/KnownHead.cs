using Seguro.Core;

namespace Seguro.Vere.Guard;

/// <summary>Somebody who was asked for the highest event of a ship: another store, a member, the place that was mirrored, a harbor.</summary>
/// <param name="Where">Who, for people: <c>the store sqlite:zod.db</c>.</param>
/// <param name="Number">The event.</param>
public readonly record struct KnownHead(string Where, EventNumber Number);
