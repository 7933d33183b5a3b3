using Seguro.Core;

namespace Seguro.Piers.Transfer;

/// <summary>What a restore made.</summary>
/// <param name="Pier">The pier and its log.</param>
/// <param name="LogHead">The last event of the log that it was made of.</param>
/// <param name="Snapshot">What went along; <see langword="null"/> for nothing: vere computes all events when it starts.</param>
/// <param name="PassedOver">What was found and could not be used.</param>
/// <param name="IsForensic">It has fewer events than the log, and is marked.</param>
public sealed record PierRestoreResult(PierExportResult Pier, EventNumber LogHead, RestoredSnapshot? Snapshot, IReadOnlyList<RestoredSnapshot> PassedOver, bool IsForensic);
