using Seguro.Core;

namespace Seguro.Piers.Transfer;

/// <summary>What an export made.</summary>
/// <param name="Path">The pier's folder.</param>
/// <param name="Base">The number before its first event. Above 0, vere can open the pier only with a snapshot of that event beside it (vere-facts.md §6.4).</param>
/// <param name="Events">Events written.</param>
/// <param name="Bytes">Their payload bytes.</param>
/// <param name="Head">The position of the last event, its chain verified.</param>
/// <param name="Elapsed">How long it took.</param>
public sealed record PierExportResult(string Path, EventNumber Base, ulong Events, long Bytes, Position Head, TimeSpan Elapsed);
