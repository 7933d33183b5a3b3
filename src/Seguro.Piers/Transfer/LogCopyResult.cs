using Seguro.Core;

namespace Seguro.Piers.Transfer;

/// <summary>What a copy from store to store did.</summary>
/// <param name="Events">How many events were copied.</param>
/// <param name="Bytes">How many payload bytes.</param>
/// <param name="First">The first event of the copy.</param>
/// <param name="Head">Where source and copy end.</param>
/// <param name="Elapsed">How long it took.</param>
public sealed record LogCopyResult(ulong Events, long Bytes, EventNumber First, Position Head, TimeSpan Elapsed);
