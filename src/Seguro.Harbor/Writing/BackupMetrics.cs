using System.Diagnostics.Metrics;
using Seguro.Core;

namespace Seguro.Harbor.Writing;

/// <summary>What a backup can be measured by: the meter <c>Seguro.Harbor</c>, every instrument tagged with the target, the ship, and whose backup it is.</summary>
internal sealed class BackupMetrics : IDisposable
{
    private readonly Meter _meter = new("Seguro.Harbor");

    public BackupMetrics(IReadOnlyList<KeyValuePair<string, object?>> labels, Func<BackupStatus> read)
    {
        KeyValuePair<string, object?>[] tags = [.. labels, new("target", read().Target)];
        Gauge("seguro.harbor.archived", "{event}", "The last event that the target has.", static status => status.Archived.Value);
        Gauge("seguro.harbor.lag.seconds", "s", "For how long the oldest event that the target lacks has been known.", static status => status.Lag.TotalSeconds);
        Gauge("seguro.harbor.degraded", "", "1 where the target was behind for a minute or longer.", static status => status.IsDegraded ? 1 : 0);
        Gauge("seguro.harbor.gap", "{event}", "How many events the target lacks in its middle, since the log no longer had them.", static status => status.Gap is { } gap ? gap.Last.Value - gap.First.Value + 1 : 0);
        _meter.CreateObservableCounter("seguro.harbor.segments", () => new Measurement<long>(read().Segments, tags), "{segment}", "Segments that were made.");
        _meter.CreateObservableCounter("seguro.harbor.bytes", () => new Measurement<long>(read().Bytes, tags), "By", "Their sizes, compressed and encrypted.");

        void Gauge(string name, string unit, string what, Func<BackupStatus, double> value) =>
            _meter.CreateObservableGauge(name, () => new Measurement<double>(value(read()), tags), unit.Length > 0 ? unit : null, what);
    }

    public void Dispose() => _meter.Dispose();
}
