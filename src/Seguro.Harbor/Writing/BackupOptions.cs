namespace Seguro.Harbor.Writing;

/// <summary>What a backup needs to be told.</summary>
public sealed record BackupOptions
{
    /// <summary>How old an event may be before it is on its way to the target, while the backup follows.</summary>
    public TimeSpan Within { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The most bytes of events in a segment, but for a single event that is larger.</summary>
    public int SegmentBytes { get; init; } = 16 << 20;

    /// <summary>After so long behind, the backup is degraded.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The longest pause between two attempts to reach a target that is away.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// Where the log no longer has what comes next, the backup goes on with what the log has: the target has a gap then, which is told, and is in
    /// <see cref="BackupStatus.Gap"/> for as long as it is there.
    /// Otherwise that ends the backup, and its user decides.
    /// </summary>
    public bool LeavesGaps { get; init; }

    /// <summary>Told what people should know: a full sentence, and whether it is a warning. From any thread; it may not block.</summary>
    public Action<bool, string> Tell { get; init; } = static (_, _) => { };

    /// <summary>What its metrics are tagged with beside the target; where nothing is said, with the ship, and <c>cluster</c> is <c>harbor</c>.</summary>
    public IReadOnlyList<KeyValuePair<string, object?>> Labels { get; init; } = [];

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
