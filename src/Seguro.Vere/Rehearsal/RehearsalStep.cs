namespace Seguro.Vere.Rehearsal;

/// <summary>A step of a rehearsal, and what it took.</summary>
/// <param name="Name">Which: <c>catch up</c>, <c>migrate</c>, <c>replay</c>, <c>start</c>.</param>
/// <param name="Outcome">How it ended.</param>
/// <param name="What">What is to be known of it, for people.</param>
public sealed record RehearsalStep(string Name, RehearsalOutcome Outcome, string What)
{
    /// <summary>The command, as it would be typed.</summary>
    public string Command { get; init; } = "";

    /// <summary>The exit code; 128 and a signal's number where one ended it. <see langword="null"/> where nothing was run.</summary>
    public int? ExitCode { get; init; }

    /// <summary>How long it took, in seconds.</summary>
    public double Seconds { get; init; }

    /// <summary>The processor time of its processes, in seconds.</summary>
    public double CpuSeconds { get; init; }

    /// <summary>The most memory that its processes had together, in bytes of resident pages.</summary>
    public long PeakMemory { get; init; }

    /// <summary>How much larger the pier was when it ended, in bytes.</summary>
    public long DiskBytes { get; init; }

    /// <summary>The last lines that it printed.</summary>
    public string LastLines { get; init; } = "";

    /// <summary>Nothing speaks against the new runtime.</summary>
    public bool IsGood => Outcome is RehearsalOutcome.Ok or RehearsalOutcome.Skipped;
}
