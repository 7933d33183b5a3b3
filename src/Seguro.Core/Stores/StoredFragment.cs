namespace Seguro.Core;

/// <summary>A fragment as it comes out of a store.</summary>
/// <param name="Number">The event that it belongs to.</param>
/// <param name="Index">Its place among the event's fragments, from 0.</param>
/// <param name="Size">The size of the event's whole payload, in bytes.</param>
/// <param name="Chain">The chain that was stored with the event; <see langword="null"/> where the store has none (a pier that vere wrote).</param>
/// <param name="Bytes">The bytes: valid until the next fragment is asked for.</param>
public readonly record struct StoredFragment(EventNumber Number, int Index, long Size, Chain? Chain, ReadOnlyMemory<byte> Bytes);
