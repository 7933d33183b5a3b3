using System.Globalization;
using Seguro.Core;

namespace Seguro.Harbor.Restoring;

/// <summary>What a drill proved: for people, and to be kept.</summary>
/// <param name="Ship">Whose log.</param>
/// <param name="Began">When, UTC.</param>
/// <param name="Took">How long the restore and its verification took.</param>
/// <param name="Targets">From where.</param>
/// <param name="First">The first event that was restored.</param>
/// <param name="Head">The last one, with the chain that came out.</param>
/// <param name="Bytes">The events' payloads, in bytes.</param>
/// <param name="Snapshot">The snapshot that went along; 0 for none.</param>
/// <param name="IsPier">A pier was made, opened and read again; else the log was restored into a database.</param>
/// <param name="Damage">What was wrong, and was made up for by another target.</param>
public sealed record DrillReport(
    Ship Ship, DateTimeOffset Began, TimeSpan Took, IReadOnlyList<string> Targets, EventNumber First, Position Head, long Bytes, EventNumber Snapshot, bool IsPier, IReadOnlyList<string> Damage)
{
    /// <summary>How many of the events were computed, with the mug that they carry coming out; <see langword="null"/>: none were computed.</summary>
    public ulong? Mugs { get; init; }

    /// <summary>A page that a person can read.</summary>
    public string ToText() => string.Create(CultureInfo.InvariantCulture, $"""
        Drill of {Ship}, {Began.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC

        restored    events {First} to {Head.Number}, {Bytes:N0} bytes, {(IsPier ? "into a pier of its own" : "into a database of its own")}
        from        {string.Join(", ", Targets)}
        snapshot    {(Snapshot == EventNumber.None ? "none: vere would compute all events" : $"after event {Snapshot}")}
        took        {Took.TotalSeconds:N1} s ({Bytes / 1e6 / Math.Max(Took.TotalSeconds, 1e-6):N1} MB/s)
        proven      every byte, by the chain {Head.Chain}{(Mugs is { } mugs ? $";\n            and that {mugs:N0} events lead to the mugs that they carry, computed on Seguro's Nock machine" : "")}
        not proven  that vere computes the same from it: start the restored pier in isolation for that{(Mugs is null ? "; or, on Seguro's own machine, --replay" : "")}
        damage      {(Damage.Count == 0 ? "none" : string.Join("\n            ", Damage))}

        What was restored was removed again.

        """);

    /// <summary>The time of the proof for a monitor that reads text files (Prometheus' node exporter).</summary>
    public string ToMetrics() => string.Create(CultureInfo.InvariantCulture, $"""
        # HELP seguro_harbor_last_proven When a restore was last proven, in seconds since 1970.
        # TYPE seguro_harbor_last_proven gauge
        {Metric}{"{"}ship="{Ship}"{"}"} {Began.ToUnixTimeSeconds()}
        # HELP seguro_harbor_proven_event The last event of that restore.
        # TYPE seguro_harbor_proven_event gauge
        seguro_harbor_proven_event{"{"}ship="{Ship}"{"}"} {Head.Number}

        """);

    private const string Metric = "seguro_harbor_last_proven";
}
