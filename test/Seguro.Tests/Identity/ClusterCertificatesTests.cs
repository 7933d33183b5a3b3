using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Seguro.Core;
using Seguro.Identity;
using Seguro.Testing;

namespace Seguro.Tests.Identity;

public sealed class ClusterCertificatesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new("tls");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Keys_are_for_their_owner_only()
    {
        string folder = Issue("one");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(folder, "member.key")));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(_folder["one-ca"], "ca.key")));
        ClusterCertificates.Load(folder).Dispose();
    }

    [Fact]
    public void Never_overwrites_what_is_there()
    {
        string folder = Issue("one");
        using CertificateAuthority authority = CertificateAuthority.Open(_folder["one-ca"]);
        Assert.Equal(ErrorCode.AlreadyExists, Assert.Throws<SeguroException>(() => authority.Issue(folder, new ClusterIdentity("one", "again"), ["127.0.0.1"])).Code);
        Assert.Equal(ErrorCode.AlreadyExists, Assert.Throws<SeguroException>(() => CertificateAuthority.Create(_folder["one-ca"], "again")).Code);
    }

    [Theory]
    [InlineData("ca.crt")]
    [InlineData("member.crt")]
    [InlineData("member.key")]
    public void Says_which_file_is_missing(string file)
    {
        string folder = Issue("one");
        File.Delete(Path.Combine(folder, file));
        SeguroException error = Assert.Throws<SeguroException>(() => ClusterCertificates.Load(folder));
        Assert.Equal(ErrorCode.NotFound, error.Code);
        Assert.Contains(file, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ca.crt", "not issued by")]
    [InlineData("member.key", "not the key")]
    public void Refuses_a_file_of_another_cluster(string file, string why)
    {
        string folder = Issue("one");
        File.Copy(Path.Combine(Issue("two"), file), Path.Combine(folder, file), overwrite: true);
        SeguroException error = Assert.Throws<SeguroException>(() => ClusterCertificates.Load(folder));
        Assert.Equal(ErrorCode.AccessDenied, error.Code);
        Assert.Contains(why, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Refuses_an_expired_certificate()
    {
        string folder = Issue("one");
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 authority = X509Certificate2.CreateFromPemFile(Path.Combine(_folder["one-ca"], "ca.crt"), Path.Combine(_folder["one-ca"], "ca.key"));
        CertificateRequest request = new("CN=old", key, HashAlgorithmName.SHA256);
        DateTimeOffset now = DateTimeOffset.UtcNow;
        using X509Certificate2 old = request.Create(authority, now.AddHours(-2), now.AddHours(-1), [1, 2, 3]);
        File.WriteAllText(Path.Combine(folder, "member.crt"), old.ExportCertificatePem());
        File.WriteAllText(Path.Combine(folder, "member.key"), key.ExportPkcs8PrivateKeyPem());
        SeguroException error = Assert.Throws<SeguroException>(() => ClusterCertificates.Load(folder));
        Assert.Equal(ErrorCode.AccessDenied, error.Code);
        Assert.Contains("expired", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Refuses_garbage()
    {
        string folder = Issue("one");
        File.WriteAllText(Path.Combine(folder, "ca.crt"), "garbage");
        Assert.Equal(ErrorCode.AccessDenied, Assert.Throws<SeguroException>(() => ClusterCertificates.Load(folder)).Code);
    }

    private string Issue(string name)
    {
        using CertificateAuthority authority = CertificateAuthority.Create(_folder[$"{name}-ca"], name);
        authority.Issue(_folder[name], new ClusterIdentity("test", "member"), ["127.0.0.1"]);
        return _folder[name];
    }
}
