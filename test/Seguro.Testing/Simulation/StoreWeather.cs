namespace Seguro.Testing;

/// <summary>How a simulated database is just now: the same for all logs in it.</summary>
internal sealed class StoreWeather
{
    /// <summary>How long a commit usually takes, in ticks.</summary>
    public long Latency { get; set; } = 2 * Schedule.Millisecond;

    /// <summary>Until when nobody is served.</summary>
    public long AwayUntil { get; set; }

    /// <summary>How often the outcome of a write is unknown.</summary>
    public double UnknownRate { get; set; }

    /// <summary>How old plain reads may be, in ticks.</summary>
    public long Staleness { get; set; }
}
