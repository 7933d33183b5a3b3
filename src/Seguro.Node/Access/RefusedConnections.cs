using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;

namespace Seguro.Node.Access;

/// <summary>Counts who was refused at a member's doors, and remembers the last of each: for the status, the metrics and the log.</summary>
/// <remarks>For any thread.</remarks>
public sealed class RefusedConnections : IDisposable
{
    private static readonly TimeSpan Recent = TimeSpan.FromHours(1);
    private static readonly TimeSpan BetweenNotices = TimeSpan.FromMinutes(10);

    private readonly Lock _lock = new();
    private readonly Meter _meter = new("Seguro.Access");
    private readonly ILogger _log;
    private readonly TimeProvider _time;
    private readonly KeyValuePair<string, object?>[] _tags;
    private readonly Dictionary<string, Door> _doors = new(StringComparer.Ordinal);

    /// <summary>Begins to count.</summary>
    /// <param name="log">Hears of refusals, at most every ten minutes for each door.</param>
    /// <param name="time">The clock.</param>
    /// <param name="tags">What the metric is labelled with besides: whose doors they are.</param>
    public RefusedConnections(ILogger log, TimeProvider time, params KeyValuePair<string, object?>[] tags)
    {
        _tags = tags;
        _log = log;
        _time = time;
        foreach (string door in (ReadOnlySpan<string>)[Links, Dqlite, Admin])
            _doors[door] = new Door();
        _meter.CreateObservableCounter("seguro.refused", Measure, "{connection}", "Connections and requests that were refused, by door: links, dqlite, admin.");
    }

    /// <summary>The doors.</summary>
    public const string Links = "links";

    /// <inheritdoc cref="Links"/>
    public const string Dqlite = "dqlite";

    /// <inheritdoc cref="Links"/>
    public const string Admin = "admin";

    /// <summary>How many were refused, by door.</summary>
    public IReadOnlyDictionary<string, long> Counts
    {
        get
        {
            lock (_lock)
                return _doors.ToDictionary(static pair => pair.Key, static pair => pair.Value.Count, StringComparer.Ordinal);
        }
    }

    /// <summary>Who was refused within the last hour; a full sentence for each door.</summary>
    public IReadOnlyList<string> Warnings
    {
        get
        {
            lock (_lock)
                return [.. _doors.Where(pair => pair.Value.Count > 0 && _time.GetElapsedTime(pair.Value.At) < Recent).Select(static pair => Describe(pair.Key, pair.Value))];
        }
    }

    /// <summary>Notes refusals.</summary>
    /// <param name="door">Which door.</param>
    /// <param name="why">Why the last one was.</param>
    /// <param name="count">How many.</param>
    public void Note(string door, string why, long count = 1)
    {
        string? say = null;
        lock (_lock)
        {
            Door noted = _doors[door];
            (noted.Count, noted.Last, noted.At) = (noted.Count + count, why, _time.GetTimestamp());
            if (noted.Said == 0 || _time.GetElapsedTime(noted.Said) > BetweenNotices)
            {
                noted.Said = noted.At;
                say = Describe(door, noted);
            }
        }
        if (say is not null)
            _log.LogWarning("{Refused}", say);
    }

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    private IEnumerable<Measurement<long>> Measure() => Counts.Select(pair => new Measurement<long>(pair.Value, [.. _tags, new KeyValuePair<string, object?>("door", pair.Key)]));

    private static string Describe(string name, Door door) => $"Refused at {name}: {door.Count}; the last: {door.Last}.";

    private sealed class Door
    {
        public long Count { get; set; }

        public string Last { get; set; } = "";

        public long At { get; set; }

        public long Said { get; set; }
    }
}
