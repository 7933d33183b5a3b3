using Seguro.Core;
using Seguro.Harbor.Format;

namespace Seguro.Harbor.Writing;

/// <summary>How a backup to one target stands at one moment.</summary>
/// <param name="Target">The target.</param>
/// <param name="Archived">The last event that it has.</param>
/// <param name="Head">The last event of the log, when that was last read.</param>
/// <param name="Lag">For how long the oldest event that it lacks has been known; zero where it has all.</param>
/// <param name="Segments">How many segments were made since the start.</param>
/// <param name="Bytes">Their sizes, in bytes.</param>
/// <param name="IsDegraded">It was behind for a minute or longer.</param>
/// <param name="Warning">What is wrong now; <see langword="null"/> where nothing is.</param>
public sealed record BackupStatus(
    string Target, EventNumber Archived, EventNumber Head, TimeSpan Lag, long Segments, long Bytes, bool IsDegraded, string? Warning)
{
    /// <summary>What the target lacks for good as far as this log goes, since the log no longer had it; <see langword="null"/> where nothing.</summary>
    public HarborGap? Gap { get; init; }
}
