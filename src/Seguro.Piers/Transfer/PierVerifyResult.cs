using Seguro.Core;

namespace Seguro.Piers.Transfer;

/// <summary>What a comparison of a pier with a log found.</summary>
/// <param name="First">The first event that both have, or would have.</param>
/// <param name="Last">The last event that both have; below <paramref name="First"/> where they share none.</param>
/// <param name="Difference">The first event that differs; <see langword="null"/> where all that both have is the same.</param>
/// <param name="PierFirst">The pier's first event.</param>
/// <param name="PierLast">The pier's last event.</param>
/// <param name="StoreFirst">The log's first event.</param>
/// <param name="StoreHead">The log's head.</param>
/// <param name="Bytes">Payload bytes compared.</param>
/// <param name="Elapsed">How long it took.</param>
public sealed record PierVerifyResult(
    EventNumber First,
    EventNumber Last,
    EventDifference? Difference,
    EventNumber PierFirst,
    EventNumber PierLast,
    EventNumber StoreFirst,
    Position StoreHead,
    long Bytes,
    TimeSpan Elapsed)
{
    /// <summary>How many events both have.</summary>
    public ulong Compared => Last < First ? 0 : Last - First + 1;

    /// <summary>They share events, and all of them are the same.</summary>
    public bool IsSame => Difference is null && Compared > 0;

    /// <summary>Events at the end that only the pier has.</summary>
    public ulong PierAhead => PierLast > StoreHead.Number ? PierLast - StoreHead.Number : 0;

    /// <summary>Events at the end that only the log has.</summary>
    public ulong StoreAhead => StoreHead.Number > PierLast ? StoreHead.Number - PierLast : 0;
}
