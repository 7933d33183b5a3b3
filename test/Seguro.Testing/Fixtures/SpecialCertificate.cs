using System.Formats.Asn1;
using Seguro.Identity;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Seguro.Stores.Dqlite;

namespace Seguro.Testing;

/// <summary>Certificates that Seguro would not issue, or not so, signed by an authority that it made.</summary>
public sealed record SpecialCertificate
{
    /// <summary>The subject.</summary>
    public string Subject { get; init; } = "CN=member a";

    /// <summary>The URIs among its alternative names.</summary>
    public IReadOnlyList<string> Uris { get; init; } = [];

    /// <summary>When it expires, from now.</summary>
    public TimeSpan Until { get; init; } = TimeSpan.FromDays(1);

    /// <summary>Issues it.</summary>
    /// <param name="authority">The folder of the authority.</param>
    public X509Certificate2 Issue(string authority)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 issuer = X509Certificate2.CreateFromPemFile(
            Path.Combine(authority, ClusterCertificates.AuthorityFile), Path.Combine(authority, ClusterCertificates.AuthorityKeyFile));
        CertificateRequest request = new(Subject, key, HashAlgorithmName.SHA256);
        AsnWriter names = new(AsnEncodingRules.DER);
        using (names.PushSequence())
        {
            names.WriteOctetString([127, 0, 0, 1], new Asn1Tag(TagClass.ContextSpecific, 7));
            foreach (string uri in Uris)
                names.WriteCharacterString(UniversalTagNumber.IA5String, uri, new Asn1Tag(TagClass.ContextSpecific, 6));
        }
        request.CertificateExtensions.Add(new X509SubjectAlternativeNameExtension(names.Encode()));
        DateTimeOffset until = DateTimeOffset.UtcNow + Until;
        using X509Certificate2 certificate = request.Create(issuer, DateTimeOffset.UtcNow.AddHours(-2), until, RandomNumberGenerator.GetBytes(8));
        return certificate.CopyWithPrivateKey(key);
    }

    /// <summary>Issues it into a folder, as <c>member.crt</c> and <c>member.key</c> beside the authority's <c>ca.crt</c>.</summary>
    public void IssueInto(string folder, string authority)
    {
        using X509Certificate2 certificate = Issue(authority);
        Directory.CreateDirectory(folder);
        File.Copy(Path.Combine(authority, ClusterCertificates.AuthorityFile), Path.Combine(folder, ClusterCertificates.AuthorityFile), overwrite: true);
        File.WriteAllText(Path.Combine(folder, ClusterCertificates.MemberFile), certificate.ExportCertificatePem());
        string key = Path.Combine(folder, ClusterCertificates.MemberKeyFile);
        File.WriteAllText(key, certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        File.SetUnixFileMode(key, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }
}
