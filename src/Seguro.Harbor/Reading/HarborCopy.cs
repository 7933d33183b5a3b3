using Seguro.Core;

namespace Seguro.Harbor.Reading;

/// <summary>What one target has of a ship.</summary>
public sealed record HarborCopy
{
    /// <summary>The target.</summary>
    public required string Target { get; init; }

    /// <summary>The first event; <see cref="EventNumber.None"/> where there is none.</summary>
    public EventNumber First { get; init; }

    /// <summary>The last event, by the newest manifest.</summary>
    public EventNumber Last { get; init; }

    /// <summary>When that was.</summary>
    public DateTimeOffset? Time { get; init; }

    /// <summary>How many objects there are.</summary>
    public int Objects { get; init; }

    /// <summary>Their sizes, in bytes.</summary>
    public long Bytes { get; init; }

    /// <summary>The events after which there is a snapshot.</summary>
    public IReadOnlyList<EventNumber> Snapshots { get; init; } = [];

    /// <summary>Why it can't be used; <see langword="null"/> where it can.</summary>
    public SeguroException? Problem { get; init; }

    internal HarborFolder Folder { get; init; } = null!;

    /// <summary>What is there; another where it was listed again.</summary>
    internal FolderIndex Index { get; set; } = null!;

    /// <summary>How often it was.</summary>
    internal int ListedAgain { get; set; }

    internal Position Base { get; init; }

    internal Position Head { get; init; }
}
