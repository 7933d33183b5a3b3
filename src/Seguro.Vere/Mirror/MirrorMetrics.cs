using System.Diagnostics.Metrics;

namespace Seguro.Vere.Mirror;

/// <summary>What a mirror can be measured by: the meter <c>Seguro.Vere</c>, every instrument tagged with the ship, and with <c>mirror</c> for a cluster.</summary>
internal sealed class MirrorMetrics : IDisposable
{
    private readonly Meter _meter = new("Seguro.Vere");
    private readonly Counter<long> _events;
    private readonly Histogram<double> _delay;
    private readonly KeyValuePair<string, object?>[] _tags;

    public MirrorMetrics(MirrorReport report)
    {
        _tags = [new("ship", report.Status.Ship.Name), new("cluster", "mirror")];
        _events = _meter.CreateCounter<long>("seguro.mirror.events", "{event}", "Events that were put into the store.");
        _delay = _meter.CreateHistogram<double>("seguro.mirror.delay", "s", "From the notification that the pier was written to, to the commit of what was new in the store.");
        Gauge("seguro.mirror.seen", "{event}", "The last event that was seen in the pier.", static status => status.Seen.Value);
        Gauge("seguro.mirror.head", "{event}", "The end of the log in the store.", static status => status.Head.Value);
        Gauge("seguro.mirror.lag.events", "{event}", "Events that the pier has and the store has not.", static status => status.LagEvents);
        Gauge("seguro.mirror.lag.seconds", "s", "For how long the oldest event that is not in the store has been seen.", static status => status.Lag.TotalSeconds);
        Gauge("seguro.mirror.silent.seconds", "s", "For how long pier and store have not both been followed.", static status => status.SilentFor.TotalSeconds);
        Gauge("seguro.mirror.running", "", "1 where a vere holds the pier, else 0.", static status => status.IsRunning ? 1 : 0);
        Gauge("seguro.mirror.state", "", "0 following, 1 catching up, 2 the pier is away, 3 the store is away.", static status => (int)status.State);
        Gauge("seguro.mirror.degraded", "", "1 where it was silent, or behind, for a minute or longer.", static status => status.IsDegraded ? 1 : 0);

        void Gauge(string name, string unit, string what, Func<MirrorStatus, double> value) =>
            _meter.CreateObservableGauge(name, () => new Measurement<double>(value(report.Status), _tags), unit.Length > 0 ? unit : null, what);
    }

    /// <summary>Events were put into the store.</summary>
    /// <param name="events">How many.</param>
    /// <param name="delay">Since the pier told; <see langword="null"/> where it did not, or there is more to come.</param>
    public void Copied(ulong events, TimeSpan? delay)
    {
        _events.Add((long)events, _tags);
        if (delay is { } time)
            _delay.Record(time.TotalSeconds, _tags);
    }

    public void Dispose() => _meter.Dispose();
}
