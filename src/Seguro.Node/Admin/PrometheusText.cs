using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace Seguro.Node.Admin;

/// <summary>Collects this process's metrics and writes them in Prometheus' text format (exposition format 0.0.4).</summary>
/// <remarks>
/// For any thread. Names become <c>a_b</c> of <c>a.b</c>, counters end in <c>_total</c>, histograms have buckets from 10 µs to 100 s, for values in seconds. At most
/// <see cref="MostSeries"/> series are kept; what comes after is left out. What is observed and was not there at the last look is left out, too, as is all of a meter that ended.
/// </remarks>
public sealed class PrometheusText : IDisposable
{
    /// <summary>The type to serve it with.</summary>
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>How many series there may be.</summary>
    public const int MostSeries = 4096;

    private static readonly double[] Bounds =
        [1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100];

    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<(Instrument Instrument, string Labels), Series> _series = new();
    private readonly Lock _writing = new();
    private long _round;

    /// <summary>Collects from meters whose names begin so.</summary>
    public PrometheusText(string meters)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name.StartsWith(meters, StringComparison.Ordinal))
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.MeasurementsCompleted = (ended, _) => Remove((instrument, _) => instrument == ended);
        _listener.SetMeasurementEventCallback<byte>((instrument, value, tags, _) => Record(instrument, value, tags));
        _listener.SetMeasurementEventCallback<short>((instrument, value, tags, _) => Record(instrument, value, tags));
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Record(instrument, value, tags));
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Record(instrument, value, tags));
        _listener.SetMeasurementEventCallback<float>((instrument, value, tags, _) => Record(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Record(instrument, value, tags));
        _listener.SetMeasurementEventCallback<decimal>((instrument, value, tags, _) => Record(instrument, (double)value, tags));
        _listener.Start();
    }

    /// <summary>All of it, now.</summary>
    public string Write()
    {
        lock (_writing)
        {
            long round = ++_round;
            _listener.RecordObservableInstruments();
            // What nobody measures any more is not what it last was.
            Remove((instrument, series) => instrument.IsObservable && series.Round != round);
        }
        StringBuilder text = new();
        foreach (IGrouping<string, KeyValuePair<(Instrument Instrument, string Labels), Series>> family in
            _series.GroupBy(static pair => NameOf(pair.Key.Instrument))
            .OrderBy(static group => group.Key, StringComparer.Ordinal))
        {
            Instrument first = family.First().Key.Instrument;
            string kind = IsHistogram(first) ? "histogram" : IsCounter(first) ? "counter" : "gauge";
            text.Append(CultureInfo.InvariantCulture, $"# HELP {family.Key} {Escape(first.Description ?? "", quotes: false)}\n# TYPE {family.Key} {kind}\n");
            foreach (((_, string labels), Series series) in family.OrderBy(static pair => pair.Key.Labels, StringComparer.Ordinal))
                series.Write(text, family.Key, labels, kind == "histogram");
        }
        return text.ToString();
    }

    /// <inheritdoc/>
    public void Dispose() => _listener.Dispose();

    private void Remove(Func<Instrument, Series, bool> which)
    {
        foreach (((Instrument Instrument, string) key, Series series) in _series)
        {
            if (which(key.Instrument, series))
                _series.TryRemove(key, out _);
        }
    }

    private void Record(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        (Instrument, string) key = (instrument, LabelsOf(tags));
        if (!_series.TryGetValue(key, out Series? series))
        {
            if (_series.Count >= MostSeries)
                return;
            series = _series.GetOrAdd(key, static _ => new Series());
        }
        series.Round = Volatile.Read(ref _round);
        series.Record(value, IsHistogram(instrument), isSum: !instrument.IsObservable && !IsGauge(instrument));
    }

    private static bool IsHistogram(Instrument instrument) => instrument.GetType().Name.StartsWith("Histogram", StringComparison.Ordinal);

    private static bool IsGauge(Instrument instrument) => instrument.GetType().Name.StartsWith("Gauge", StringComparison.Ordinal);

    private static bool IsCounter(Instrument instrument) => instrument.GetType().Name is { } name
        && (name.StartsWith("Counter", StringComparison.Ordinal) || name.StartsWith("ObservableCounter", StringComparison.Ordinal));

    private static string NameOf(Instrument instrument)
    {
        string name = Clean(instrument.Name);
        if (instrument.Unit == "s" && !name.EndsWith("_seconds", StringComparison.Ordinal))
            name += "_seconds";
        return IsCounter(instrument) && !name.EndsWith("_total", StringComparison.Ordinal) ? name + "_total" : name;
    }

    private static string Clean(string name) => string.Concat(name.Select(static c => char.IsAsciiLetterOrDigit(c) ? c : '_'));

    private static string LabelsOf(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (tags.IsEmpty)
            return "";
        StringBuilder labels = new();
        foreach ((string name, object? value) in tags)
            labels.Append(labels.Length == 0 ? "" : ",").Append(Clean(name)).Append("=\"").Append(Escape(value?.ToString() ?? "", quotes: true)).Append('"');
        return labels.ToString();
    }

    private static string Escape(string text, bool quotes)
    {
        string escaped = text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
        return quotes ? escaped.Replace("\"", "\\\"", StringComparison.Ordinal) : escaped;
    }

    private sealed class Series
    {
        private readonly Lock _lock = new();
        private long[]? _buckets;
        private long _count;
        private double _value;
        private long _round;

        /// <summary>When it was last recorded.</summary>
        public long Round
        {
            get => Volatile.Read(ref _round);
            set => Volatile.Write(ref _round, value);
        }

        public void Record(double value, bool isHistogram, bool isSum)
        {
            lock (_lock)
            {
                _value = isHistogram || isSum ? _value + value : value;
                if (!isHistogram)
                    return;
                _count++;
                _buckets ??= new long[Bounds.Length];
                int place = Array.BinarySearch(Bounds, value);
                place = place < 0 ? ~place : place;
                if (place < _buckets.Length)
                    _buckets[place]++;
            }
        }

        public void Write(StringBuilder text, string name, string labels, bool isHistogram)
        {
            lock (_lock)
            {
                string own = labels.Length == 0 ? "" : $"{{{labels}}}";
                if (!isHistogram)
                {
                    text.Append(CultureInfo.InvariantCulture, $"{name}{own} {_value:R}\n");
                    return;
                }
                string before = labels.Length == 0 ? "" : labels + ",";
                long sum = 0;
                for (int index = 0; index < Bounds.Length; index++)
                {
                    sum += _buckets?[index] ?? 0;
                    text.Append(CultureInfo.InvariantCulture, $"{name}_bucket{{{before}le=\"{Bounds[index]:R}\"}} {sum}\n");
                }
                text.Append(CultureInfo.InvariantCulture, $"{name}_bucket{{{before}le=\"+Inf\"}} {_count}\n{name}_sum{own} {_value:R}\n{name}_count{own} {_count}\n");
            }
        }
    }
}
