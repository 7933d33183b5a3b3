namespace Seguro.Vere.Rehearsal;

/// <summary>What a rehearsal goes by.</summary>
public sealed record RehearsalOptions
{
    /// <summary>The pier that is copied: a stopped ship's, or one that a member or a vere holds.</summary>
    public required string Pier { get; init; }

    /// <summary>The new runtime.</summary>
    public required string Binary { get; init; }

    /// <summary>The runtime that the pier is for; <see langword="null"/> where it is not at hand: then the pier's snapshot must be of its last event.</summary>
    public string? OldBinary { get; init; }

    /// <summary>Where copies are made; must not exist, and is removed at the end.</summary>
    public required string Folder { get; init; }

    /// <summary>What each step may use.</summary>
    public required RehearsalLimits Limits { get; init; }

    /// <summary>Are the events of the newest epoch computed again by the new runtime?</summary>
    public bool Replays { get; init; } = true;

    /// <summary>Hears what is done. From any thread.</summary>
    public required Action<string> Notice { get; init; }
}
