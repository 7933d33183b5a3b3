using System.Diagnostics.Metrics;

namespace Seguro.HarborService;

/// <summary>What a service can be measured by: the meter <c>Seguro.HarborService</c>. No owner's name is in it: there may be many.</summary>
internal sealed class ServiceMetrics : IDisposable
{
    private readonly Meter _meter = new("Seguro.HarborService");
    private readonly Counter<long> _requests;
    private readonly Counter<long> _bytes;
    private long _answered;
    private long _refused;
    private long _failed;
    private long _in;
    private long _out;

    public ServiceMetrics(Func<long> active, Func<long> lost, Func<TimeSpan>? left)
    {
        _requests = _meter.CreateCounter<long>("seguro.harbor.service.requests", "{request}", "Requests that were answered, by what they asked for and with which status.");
        _bytes = _meter.CreateCounter<long>("seguro.harbor.service.bytes", "By", "Bytes of objects that came in and went out.");
        _meter.CreateObservableGauge("seguro.harbor.service.active", active, "{request}", "Requests that are on their way.");
        _meter.CreateObservableCounter("seguro.harbor.service.audit.lost", lost, "{entry}", "Entries of owners' audits that could not be kept.");
        if (left is not null)
            _meter.CreateObservableGauge("seguro.harbor.service.certificate.left", () => left().TotalSeconds, "s", "Time until the service's certificate expires; below 0: it has.");
    }

    /// <summary>Requests so far: answered, refused, failed.</summary>
    public (long Answered, long Refused, long Failed) Requests => (Interlocked.Read(ref _answered), Interlocked.Read(ref _refused), Interlocked.Read(ref _failed));

    /// <summary>Bytes of objects so far.</summary>
    public (long In, long Out) Bytes => (Interlocked.Read(ref _in), Interlocked.Read(ref _out));

    public void Answered(string verb, int status)
    {
        _requests.Add(1, new KeyValuePair<string, object?>("verb", verb), new KeyValuePair<string, object?>("status", status));
        Interlocked.Increment(ref status < 400 ? ref _answered : ref status < 500 ? ref _refused : ref _failed);
    }

    public void Moved(string direction, long bytes)
    {
        _bytes.Add(bytes, new KeyValuePair<string, object?>("direction", direction));
        Interlocked.Add(ref direction == "in" ? ref _in : ref _out, bytes);
    }

    public void Dispose() => _meter.Dispose();
}
