namespace Seguro.Core;

/// <summary>An event as it goes into a store.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Size">The size of its whole payload, in bytes.</param>
/// <param name="Chain">The chain at <paramref name="Number"/>.</param>
/// <param name="Bytes">
/// Fragment 0: the payload, or its beginning where the rest was staged. Read until the call returns, not kept after it.
/// </param>
public readonly record struct NewEvent(EventNumber Number, long Size, Chain Chain, ReadOnlyMemory<byte> Bytes);
