using HdrHistogram;

namespace Seguro.Benchmarks;

/// <summary>What one contestant did with one workload, round by round.</summary>
internal sealed class Score(Measurement what)
{
    private readonly LongHistogram _latency = LatencyFigures.NewHistogram();
    private readonly List<double> _events = [];
    private readonly List<double> _bytes = [];
    private long _roundEvents;
    private long _roundBytes;
    private long _roundNanoseconds;
    private long _flushes;
    private long _flushed;
    private long _grouped;
    private long _groups;

    /// <summary>One commit of this round.</summary>
    public void Add(long nanoseconds, long events, long bytes)
    {
        _latency.RecordValue(nanoseconds);
        _roundEvents += events;
        _roundBytes += bytes;
        _roundNanoseconds += nanoseconds;
    }

    /// <summary>A round in which one commit followed the other: its rate is by the time that they took, that of the others' turns left out.</summary>
    public void EndRound()
    {
        if (_roundNanoseconds > 0)
            AddRound(_roundEvents, _roundBytes, _roundNanoseconds / 1e9);
        (_roundEvents, _roundBytes, _roundNanoseconds) = (0, 0, 0);
    }

    /// <summary>A round in which commits overlapped, or were not timed one by one.</summary>
    public void AddRound(long events, long bytes, double seconds)
    {
        _events.Add(events / seconds);
        _bytes.Add(bytes / seconds);
    }

    /// <summary>Latencies of commits that overlapped.</summary>
    public void AddLatencies(HistogramBase nanoseconds) => _latency.Add(nanoseconds);

    /// <summary>The device's flushes while this contestant alone made so many commits.</summary>
    public void AddFlushes(long flushes, long commits)
    {
        _flushes += flushes;
        _flushed += commits;
    }

    /// <summary>So many events went in so many commits, where the contestant itself decided about that.</summary>
    public void AddGroups(long events, long commits)
    {
        _grouped += events;
        _groups += commits;
    }

    /// <summary>The result; <see langword="null"/> where nothing was done.</summary>
    public Measurement? ToMeasurement() => _events.Count == 0 ? null : what with
    {
        Latency = LatencyFigures.From(_latency),
        EventsPerSecond = Median(_events),
        BytesPerSecond = Median(_bytes),
        FlushesPerCommit = _flushed > 0 ? (double)_flushes / _flushed : null,
        More = _groups > 0 ? new Dictionary<string, double> { ["events a commit"] = (double)_grouped / _groups } : what.More,
    };

    private static double Median(List<double> values)
    {
        values.Sort();
        int middle = values.Count / 2;
        return values.Count % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
    }
}
