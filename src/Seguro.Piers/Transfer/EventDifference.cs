using Seguro.Core;

namespace Seguro.Piers.Transfer;

/// <summary>The first event in which a pier and a log differ.</summary>
/// <param name="Number">Its number.</param>
/// <param name="PierSize">The size of its payload in the pier, in bytes.</param>
/// <param name="StoreSize">The size of its payload in the store, in bytes.</param>
/// <param name="Offset">The first byte that differs, from 0; the smaller size where one payload begins with the other.</param>
/// <param name="PierHash">SHA-256 of the payload in the pier, 64 hexadecimal digits.</param>
/// <param name="StoreHash">SHA-256 of the payload in the store.</param>
public sealed record EventDifference(EventNumber Number, long PierSize, long StoreSize, long Offset, string PierHash, string StoreHash)
{
    /// <summary>For a message.</summary>
    public override string ToString() =>
        $"event {Number}: {PierSize:N0} bytes in the pier, {StoreSize:N0} in the store, different from byte {Offset:N0} on";
}
