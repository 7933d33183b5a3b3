using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Seguro.Identity;
using Seguro.Node.Access;
using Seguro.Node.Admin;
using Seguro.Testing;
using Seguro.Tests.Node.Links;

namespace Seguro.Tests.Node.Access;

public sealed class CertificateWatchTests
{
    [Fact]
    public async Task The_log_hears_of_the_end_once_a_day_and_of_new_certificates()
    {
        using TemporaryFolder folder = new();
        using CertificateAuthority authority = CertificateAuthority.Create(folder["ca"], "test");
        ClusterIdentity identity = new("test", "a");
        authority.Renew(folder["a"], identity, ["127.0.0.1"], days: 40);
        using ClusterCertificates certificates = ClusterCertificates.Load(folder["a"]);
        FakeTimeProvider time = new(DateTimeOffset.UtcNow);
        List<string> notices = [];
        await using CertificateWatch watch = new(certificates, new CollectingLog(notices), time);
        time.Advance(TimeSpan.FromDays(10.25));
        await Until.TrueAsync(() => Count("expires at") == 1, "the end is not told of");
        time.Advance(TimeSpan.FromHours(12));
        time.Advance(TimeSpan.FromHours(13));
        await Until.TrueAsync(() => Count("expires at") == 2, "the end is not told of again");
        authority.Renew(folder["a"], identity, ["127.0.0.1"], days: 3650);
        time.Advance(TimeSpan.FromMinutes(1));
        await Until.TrueAsync(() => Count("New certificates are in use") == 1, "that there are new certificates is not told");
        Assert.Equal(2, Count("expires at"));

        int Count(string about)
        {
            lock (notices)
                return notices.Count(notice => notice.Contains(about, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task A_look_that_fails_is_not_the_last_and_the_metric_says_whose_they_are()
    {
        using TemporaryFolder folder = new();
        using CertificateAuthority authority = CertificateAuthority.Create(folder["ca"], "test");
        authority.Renew(folder["a"], new ClusterIdentity("test", "a"), ["127.0.0.1"], days: 10);
        using ClusterCertificates certificates = ClusterCertificates.Load(folder["a"]);
        FakeTimeProvider time = new(DateTimeOffset.UtcNow);
        List<string> notices = [];
        string member = $"m{Guid.NewGuid()}";
        using PrometheusText metrics = new("Seguro.Access");
        await using CertificateWatch watch = new(certificates, new FailingOnce(new CollectingLog(notices)), time, new KeyValuePair<string, object?>("member", member));
        Assert.Contains($"seguro_certificates_left_seconds{{member=\"{member}\"}} ", metrics.Write(), StringComparison.Ordinal);
        Assert.Contains("could not be looked at: the log is away", Assert.Single(notices), StringComparison.Ordinal);
        time.Advance(TimeSpan.FromDays(1.5));
        await Until.TrueAsync(
            () =>
            {
                lock (notices)
                    return notices.Exists(static notice => notice.Contains("expires at", StringComparison.Ordinal));
            },
            "it looks no more");
    }

    private sealed class FailingOnce(ILogger log) : ILogger
    {
        private bool _hasFailed;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!_hasFailed)
            {
                _hasFailed = true;
                throw new InvalidOperationException("the log is away");
            }
            log.Log(logLevel, eventId, state, exception, formatter);
        }
    }
}
