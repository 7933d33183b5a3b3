using System.Diagnostics;
using System.Globalization;
using Seguro.Identity;
using Seguro.Node.Admin;

namespace Seguro.SystemTests;

/// <summary>Certificates that expire while the cluster runs: connections that stand go on, so it shows at the next takeover, and there it must be said.</summary>
public sealed class ExpiredCertificatesTests
{
    [Fact]
    public async Task Candidates_say_that_certificates_expired_and_go_on_when_they_are_renewed()
    {
        await using ClusterOnLoopback cluster = await ClusterOnLoopback.MakeAsync(3, "--kind", "opaque");
        cluster.StartAll();
        StatusReport master = await cluster.UntilMasterAsync(replicas: 2);
        using (CertificateAuthority authority = CertificateAuthority.Open(cluster.Root))
        {
            foreach (string name in cluster.Names)
                authority.Renew(Path.Combine(cluster.Root, name, "certificates"), new ClusterIdentity("seguro", name), ["127.0.0.1", "localhost"], DateTimeOffset.UtcNow);
        }
        string[] left = [.. cluster.Names.Where(name => name != master.Name)];
        // The master dies, and the others' dqlite nodes, which their members start again: all need new connections.
        await using (SeguroProcess killed = cluster.Take(master.Name))
            killed.Kill();
        foreach (string name in left)
            await KillNodeAsync(cluster.Process(name));
        StatusReport candidate = await cluster.UntilAsync("a candidate that says why", static status => status.Role == "candidate" && status.Warnings.Any(IsOfExpiry), left);
        Assert.False(candidate.IsHealthy);

        (await SeguroProcess.RunAsync("cluster", "certificates", "renew", cluster.Root)).Ok();
        StatusReport next = await cluster.UntilMasterAsync(replicas: 1, above: master.Term);
        Assert.DoesNotContain(next.Warnings, IsOfExpiry);
    }

    private static bool IsOfExpiry(string warning) =>
        warning.Contains("expired at", StringComparison.Ordinal) && warning.Contains("seguro cluster certificates renew", StringComparison.Ordinal);

    private static async Task KillNodeAsync(int member)
    {
        using Process found = Process.Start(new ProcessStartInfo("pgrep", ["-P", member.ToString(CultureInfo.InvariantCulture)]) { RedirectStandardOutput = true, UseShellExecute = false })!;
        string node = (await found.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)).Trim();
        using Process process = Process.GetProcessById(int.Parse(node, CultureInfo.InvariantCulture));
        process.Kill();
    }
}
