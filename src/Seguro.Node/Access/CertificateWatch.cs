using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Seguro.Identity;

namespace Seguro.Node.Access;

/// <summary>Looks at a member's certificates each minute: says what is wrong with them when that changes, and once a day, and has the time that is left as a metric.</summary>
public sealed class CertificateWatch : IAsyncDisposable
{
    private static readonly TimeSpan Round = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Reminder = TimeSpan.FromDays(1);

    private readonly ClusterCertificates _certificates;
    private readonly ILogger _log;
    private readonly TimeProvider _time;
    private readonly Meter _meter = new("Seguro.Access");
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;

    // The loop's own.
    private int _version;
    private string _said = "";
    private DateTimeOffset _saidAt;

    /// <summary>Begins.</summary>
    /// <param name="certificates">The member's; not owned.</param>
    /// <param name="log">Hears each warning.</param>
    /// <param name="time">The clock.</param>
    /// <param name="tags">What the metric is labelled with: whose certificates they are.</param>
    public CertificateWatch(ClusterCertificates certificates, ILogger log, TimeProvider time, params KeyValuePair<string, object?>[] tags)
    {
        ArgumentNullException.ThrowIfNull(certificates);
        ArgumentNullException.ThrowIfNull(time);
        _certificates = certificates;
        _log = log;
        _time = time;
        _meter.CreateObservableGauge(
            "seguro.certificates.left", () => new Measurement<double>((certificates.Expires - time.GetUtcNow()).TotalSeconds, tags), "s", "Time until the first of the member's certificates expires; below 0: it has.");
        _version = certificates.Version;
        _loop = WatchAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
        _meter.Dispose();
    }

    private async Task WatchAsync()
    {
        using PeriodicTimer timer = new(Round, _time);
        try
        {
            do
            {
                try
                {
                    Look();
                }
                catch (Exception failed)
                {
                    // One look that fails must not be the last.
                    _log.LogError("The certificates could not be looked at: {Why}", failed.Message);
                }
            }
            while (await timer.WaitForNextTickAsync(_stop.Token));
        }
        catch (OperationCanceledException)
        {
            // The end.
        }
    }

    private void Look()
    {
        DateTimeOffset now = _time.GetUtcNow();
        IReadOnlyList<string> warnings = _certificates.Warnings(now);
        if (_certificates.Version != _version)
        {
            _version = _certificates.Version;
            _log.LogInformation("New certificates are in use, good until {Until:u}.", _certificates.Expires);
        }
        // The words change by the hour; what they are about does not.
        string about = string.Join('\n', warnings.Select(static warning => warning.Split(',')[0]));
        if (about == _said && (warnings.Count == 0 || now - _saidAt < Reminder))
            return;
        (_said, _saidAt) = (about, now);
        foreach (string warning in warnings)
            _log.LogWarning("{Warning}", warning);
    }
}
