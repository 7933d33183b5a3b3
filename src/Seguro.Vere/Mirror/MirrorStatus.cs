using Seguro.Core;

namespace Seguro.Vere.Mirror;

/// <summary>How a mirror stands at one moment.</summary>
public sealed record MirrorStatus
{
    /// <summary>Whose log it is.</summary>
    public required Ship Ship { get; init; }

    /// <summary>The pier's folder.</summary>
    public required string Pier { get; init; }

    /// <summary>The store's engine.</summary>
    public required string Engine { get; init; }

    /// <summary>What it is doing.</summary>
    public required MirrorState State { get; init; }

    /// <summary>The term that it writes in.</summary>
    public required Term Term { get; init; }

    /// <summary>The last event that was seen in the pier.</summary>
    public required EventNumber Seen { get; init; }

    /// <summary>When the pier was last seen.</summary>
    public required DateTimeOffset SeenAt { get; init; }

    /// <summary>The end of the log in the store.</summary>
    public required EventNumber Head { get; init; }

    /// <summary>When the newest event was put into the store; <see langword="null"/> where none was since the start.</summary>
    public required DateTimeOffset? CopiedAt { get; init; }

    /// <summary>For how long the oldest event that is not in the store has been seen in the pier; zero where all are.</summary>
    public required TimeSpan Lag { get; init; }

    /// <summary>For how long pier and store have not both been followed; zero where all is well.</summary>
    public required TimeSpan SilentFor { get; init; }

    /// <summary>A vere, or another process, holds the pier.</summary>
    public required bool IsRunning { get; init; }

    /// <summary>Its number, where that can be told.</summary>
    public required int? ProcessId { get; init; }

    /// <summary>How many events were put into the store since the start.</summary>
    public required ulong Copied { get; init; }

    /// <summary>Not followed, or behind, for longer than <see cref="MirrorOptions.Silence"/>.</summary>
    public required bool IsDegraded { get; init; }

    /// <summary>What is wrong now; <see langword="null"/> where nothing is.</summary>
    public required string? Warning { get; init; }

    /// <summary>How many events the pier has that the store has not.</summary>
    public ulong LagEvents => Seen > Head ? Seen - Head : 0;
}
