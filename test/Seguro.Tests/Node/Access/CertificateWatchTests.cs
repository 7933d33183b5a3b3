using Microsoft.Extensions.Time.Testing;
using Seguro.Identity;
using Seguro.Node.Access;
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
}
