using System.Diagnostics.Metrics;

namespace Seguro.HarborService;

/// <summary>What a service can be measured by: the meter <c>Seguro.HarborService</c>. No owner's name is in it: there may be many.</summary>
internal sealed class ServiceMetrics : IDisposable
{
    private readonly Meter _meter = new("Seguro.HarborService");
    private readonly Counter<long> _requests;
    private readonly Counter<long> _bytes;

    public ServiceMetrics(Func<long> active, Func<long> lost, Func<TimeSpan>? left)
    {
        _requests = _meter.CreateCounter<long>("seguro.harbor.service.requests", "{request}", "Requests that were answered, by what they asked for and with which status.");
        _bytes = _meter.CreateCounter<long>("seguro.harbor.service.bytes", "By", "Bytes of objects that came in and went out.");
        _meter.CreateObservableGauge("seguro.harbor.service.active", active, "{request}", "Requests that are on their way.");
        _meter.CreateObservableCounter("seguro.harbor.service.audit.lost", lost, "{entry}", "Entries of owners' audits that could not be kept.");
        if (left is not null)
            _meter.CreateObservableGauge("seguro.harbor.service.certificate.left", () => left().TotalSeconds, "s", "Time until the service's certificate expires; below 0: it has.");
    }

    public void Answered(string verb, int status) => _requests.Add(1, new KeyValuePair<string, object?>("verb", verb), new KeyValuePair<string, object?>("status", status));

    public void Moved(string direction, long bytes) => _bytes.Add(bytes, new KeyValuePair<string, object?>("direction", direction));

    public void Dispose() => _meter.Dispose();
}
