using System.Text.Json;
using Seguro.Testing;

namespace Seguro.Tests.Cli;

public sealed class CertificatesCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new("certificates");

    private string Root => _folder["c"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Shows_and_renews_certificates_with_their_hosts()
    {
        (await CommandRun.OfAsync("cluster", "init", Root, "--ship", "~zod", "--members", "2", "--cluster", "My Cluster")).Ok();
        JsonElement[] shown = await ShowAsync(0);
        Assert.Equal([null, "seguro://My%20Cluster/m1", "seguro://My%20Cluster/m2", "seguro://My%20Cluster/client/operator"], shown.Select(static one => one.GetProperty("identity").GetString()));
        DateTime until = shown[1].GetProperty("until").GetDateTime();

        // All, with the hosts that they have.
        (await CommandRun.OfAsync("cluster", "certificates", "renew", Root, "--days", "40")).Ok();
        shown = await ShowAsync(0);
        Assert.True(shown[1].GetProperty("until").GetDateTime() < until);
        Assert.Equal(["127.0.0.1", "localhost"], Hosts(shown[1]));
        Assert.Equal(["localhost"], Hosts(shown[3]));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(Root, "m1", "certificates", "member.key")));

        // One that moved, for too short a time.
        (await CommandRun.OfAsync("cluster", "certificates", "renew", Root, "m2", "--host", "10.1.2.3", "--host", "m2.example", "--days", "10")).Ok();
        shown = await ShowAsync(4);
        Assert.Equal(["10.1.2.3", "m2.example"], Hosts(shown[2]));
        Assert.Equal(["127.0.0.1", "localhost"], Hosts(shown[1]));
        Assert.Contains("expires in", (await CommandRun.OfAsync("cluster", "certificates", "show", Path.Combine(Root, "m2", "certificates"))).Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_of_an_older_version_is_shown_as_of_no_use_and_renewed()
    {
        (await CommandRun.OfAsync("cluster", "init", Root, "--ship", "~zod", "--members", "1")).Ok();
        new SpecialCertificate { Subject = "CN=member m1" }.IssueInto(Path.Combine(Root, "m1", "certificates"), Root);
        JsonElement[] shown = await ShowAsync(4);
        Assert.Contains("older version", shown[1].GetProperty("problem").GetString(), StringComparison.Ordinal);
        (await CommandRun.OfAsync("cluster", "certificates", "renew", Root, "m1")).Ok();
        shown = await ShowAsync(0);
        Assert.Equal("seguro://seguro/m1", shown[1].GetProperty("identity").GetString());
        Assert.Equal(["127.0.0.1"], Hosts(shown[1]));
    }

    [Fact]
    public async Task Says_what_is_wrong()
    {
        (await CommandRun.OfAsync("cluster", "certificates", "renew", _folder["nothing"])).Fails("SG1012", 1, "cluster init");
        (await CommandRun.OfAsync("cluster", "init", Root, "--ship", "~zod", "--members", "2")).Ok();
        (await CommandRun.OfAsync("cluster", "certificates", "renew", Root, "--host", "10.0.0.1")).Fails("SG2000", 2, "Name that member");
        (await CommandRun.OfAsync("cluster", "certificates", "renew", Root, "m9")).Fails("SG1012", 1, "m1, m2");
        (await CommandRun.OfAsync("cluster", "certificates", "renew", Root, "m1", "--days", "0")).Fails("SG2003", 2);
    }

    private async Task<JsonElement[]> ShowAsync(int exitCode)
    {
        CommandRun run = await CommandRun.OfAsync("cluster", "certificates", "show", Root, "--json");
        Assert.Equal(exitCode, run.ExitCode);
        return [.. run.Json.GetProperty("certificates").EnumerateArray()];
    }

    private static IEnumerable<string?> Hosts(JsonElement certificate) => certificate.GetProperty("hosts").EnumerateArray().Select(static host => host.GetString());
}
