using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Seguro.Core;
using Seguro.Identity;
using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Identity;

/// <summary>Certificates are renewed while everything runs, and warned of in time.</summary>
public sealed class CertificateReloadTests : IDisposable
{
    private static readonly ClusterIdentity One = new("test", "one");

    private readonly TemporaryFolder _folder = new("reload");
    private readonly CertificateAuthority _authority;

    public CertificateReloadTests()
    {
        _authority = CertificateAuthority.Create(_folder["ca"], "test");
        _authority.Issue(_folder["one"], One, ["127.0.0.1"]);
        _authority.Issue(_folder["two"], new ClusterIdentity("test", "two"), ["127.0.0.1"]);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _authority.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task New_files_are_used_by_the_next_handshake()
    {
        using ClusterCertificates one = ClusterCertificates.Load(_folder["one"]);
        using ClusterCertificates two = ClusterCertificates.Load(_folder["two"]);
        string before = await ShownAsync(one, two);
        _authority.Renew(_folder["one"], One, ["127.0.0.1"], days: 100);
        string after = await ShownAsync(one, two);
        Assert.NotEqual(before, after);
        Assert.Equal(after, one.Member.SerialNumber);
        Assert.Empty(one.Warnings(DateTimeOffset.UtcNow));
    }

    [Fact]
    public async Task Files_that_do_not_belong_together_are_not_used_and_warned_of()
    {
        using ClusterCertificates one = ClusterCertificates.Load(_folder["one"]);
        using ClusterCertificates two = ClusterCertificates.Load(_folder["two"]);
        string before = await ShownAsync(one, two);
        _authority.Renew(_folder["new"], One, ["127.0.0.1"], days: 100);
        // As while they are copied: one is there, the other is not yet.
        File.Copy(Path.Combine(_folder["new"], "member.crt"), Path.Combine(_folder["one"], "member.crt"), overwrite: true);
        Assert.Equal(before, await ShownAsync(one, two));
        Assert.Contains("can't be used", Assert.Single(one.Warnings(DateTimeOffset.UtcNow)), StringComparison.Ordinal);
        File.Copy(Path.Combine(_folder["new"], "member.key"), Path.Combine(_folder["one"], "member.key"), overwrite: true);
        Assert.NotEqual(before, await ShownAsync(one, two));
        Assert.Empty(one.Warnings(DateTimeOffset.UtcNow));

        // Another's are not taken, nor expired ones.
        foreach (string file in (string[])["member.crt", "member.key"])
            File.Copy(Path.Combine(_folder["two"], file), Path.Combine(_folder["one"], file), overwrite: true);
        Assert.Equal(One, one.Identity);
        Assert.Contains("seguro://test/two", Assert.Single(one.Warnings(DateTimeOffset.UtcNow)), StringComparison.Ordinal);
        new SpecialCertificate { Uris = [One.Uri], Until = TimeSpan.FromMinutes(-1) }.IssueInto(_folder["one"], _folder["ca"]);
        await ShownAsync(one, two);
        Assert.Contains("expired", Assert.Single(one.Warnings(DateTimeOffset.UtcNow)), StringComparison.Ordinal);
    }

    [Fact]
    public void The_end_is_warned_of_thirty_days_before()
    {
        _authority.Renew(_folder["one"], One, ["127.0.0.1"], days: 100);
        using ClusterCertificates one = ClusterCertificates.Load(_folder["one"]);
        DateTimeOffset until = one.Expires;
        Assert.InRange(until - DateTimeOffset.UtcNow, TimeSpan.FromDays(99), TimeSpan.FromDays(100));
        Assert.Empty(one.Warnings(until.AddDays(-31)));
        Assert.Contains("in 29 days", Assert.Single(one.Warnings(until.AddDays(-29.5))), StringComparison.Ordinal);
        Assert.Contains("in 10 hours", Assert.Single(one.Warnings(until.AddHours(-10))), StringComparison.Ordinal);
        string expired = Assert.Single(one.Warnings(until.AddSeconds(1)));
        Assert.Contains("expired", expired, StringComparison.Ordinal);
        Assert.Contains("seguro cluster certificates renew", expired, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("member.key")]
    [InlineData("ca.key")]
    public void A_key_that_all_can_read_is_refused_with_the_command_that_mends_it(string file)
    {
        string path = Path.Combine(_folder[file == "ca.key" ? "ca" : "one"], file);
        File.SetUnixFileMode(path, File.GetUnixFileMode(path) | UnixFileMode.OtherRead);
        SeguroException error = Assert.Throws<SeguroException>(() => file == "ca.key" ? (IDisposable)CertificateAuthority.Open(_folder["ca"]) : ClusterCertificates.Load(_folder["one"]));
        Assert.Equal(ErrorCode.ExposedSecret, error.Code);
        Assert.Contains($"chmod 600 {path}", error.NextStep, StringComparison.Ordinal);
    }

    /// <summary>The serial number of what a server shows.</summary>
    private static async Task<string> ShownAsync(ClusterCertificates server, ClusterCertificates client)
    {
        using System.Net.Sockets.Socket listener = new(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
        listener.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        listener.Listen();
        using System.Net.Sockets.Socket near = new(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
        await near.ConnectAsync(listener.LocalEndPoint!, Cancel);
        using System.Net.Sockets.Socket far = await listener.AcceptAsync(Cancel);
        await using SslStream asking = new(new System.Net.Sockets.NetworkStream(near));
        await using SslStream answering = new(new System.Net.Sockets.NetworkStream(far));
        await Task.WhenAll(answering.AuthenticateAsServerAsync(server.ServerOptions(), Cancel), asking.AuthenticateAsClientAsync(client.ClientOptions("127.0.0.1"), Cancel));
        return ((X509Certificate2)asking.RemoteCertificate!).SerialNumber;
    }
}
