using System.Formats.Asn1;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Seguro.Core;
using Seguro.Files;

namespace Seguro.Identity;

/// <summary>A cluster's own certificate authority (ECDSA P-256): makes the certificates that its members know each other by.</summary>
/// <remarks>For one thread. Keys are written readable to their owner only; existing files are never overwritten.</remarks>
public sealed class CertificateAuthority : IDisposable
{
    private const int AuthorityYears = 30;
    private const UnixFileMode SecretMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode PublicMode = SecretMode | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>For how many days a certificate is good, where nothing else is said: ten years.</summary>
    public const int UsualDays = 3653;

    private readonly X509Certificate2 _certificate;

    private CertificateAuthority(X509Certificate2 certificate) => _certificate = certificate;

    /// <summary>Makes a new authority: <c>ca.crt</c> and <c>ca.key</c> in <paramref name="folder"/>.</summary>
    /// <param name="folder">Made where it is missing.</param>
    /// <param name="cluster">The cluster's name, for people.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.AlreadyExists"/>, <see cref="ErrorCode.FileAccess"/>.</exception>
    public static CertificateAuthority Create(string folder, string cluster)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        RefuseExisting(folder, ClusterCertificates.AuthorityFile, ClusterCertificates.AuthorityKeyFile);
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new(Name($"Seguro cluster {cluster}"), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        DateTimeOffset now = DateTimeOffset.UtcNow;
        // A day back, because members' clocks differ.
        X509Certificate2 certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddYears(AuthorityYears));
        Write(folder, ClusterCertificates.AuthorityKeyFile, key.ExportPkcs8PrivateKeyPem(), SecretMode);
        Write(folder, ClusterCertificates.AuthorityFile, certificate.ExportCertificatePem(), PublicMode);
        return new CertificateAuthority(certificate);
    }

    /// <summary>Opens the authority of a folder.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.NotFound"/>, <see cref="ErrorCode.FileAccess"/>, <see cref="ErrorCode.AccessDenied"/>.</exception>
    public static CertificateAuthority Open(string folder)
    {
        string certificate = Path.Combine(folder, ClusterCertificates.AuthorityFile);
        string key = Path.Combine(folder, ClusterCertificates.AuthorityKeyFile);
        foreach (string file in (ReadOnlySpan<string>)[certificate, key])
        {
            if (!File.Exists(file))
                throw new SeguroException(ErrorCode.NotFound, $"{file} is missing", "Issue certificates on the machine that holds the cluster's authority.");
        }
        SecretFile.RefuseShared(key, "private key");
        try
        {
            return new CertificateAuthority(X509Certificate2.CreateFromPemFile(certificate, key));
        }
        catch (Exception error) when (error is CryptographicException or ArgumentException)
        {
            throw new SeguroException(ErrorCode.AccessDenied, $"{certificate} and {key} are not a certificate and its key", "Restore them from a backup.", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw FileFault.Reading($"{certificate} or {key}", error);
        }
    }

    /// <summary>Issues a certificate: <c>member.crt</c>, <c>member.key</c> and a copy of <c>ca.crt</c> in <paramref name="folder"/>.</summary>
    /// <param name="folder">Made where it is missing; may be the authority's own.</param>
    /// <param name="identity">Whose it is.</param>
    /// <param name="hosts">The names and IP addresses by which the others reach it; at least one.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.BadValue"/>, <see cref="ErrorCode.AlreadyExists"/>, <see cref="ErrorCode.FileAccess"/>.</exception>
    public void Issue(string folder, ClusterIdentity identity, IReadOnlyCollection<string> hosts)
    {
        RefuseExisting(folder, ClusterCertificates.MemberFile, ClusterCertificates.MemberKeyFile);
        Renew(folder, identity, hosts, UsualDays);
    }

    /// <summary>
    /// Issues a certificate in place of the one that is there, with a new key. Each file is whole at any time; between the two renames they do not
    /// belong together, and who reads them waits for a moment.
    /// </summary>
    /// <param name="folder">Made where it is missing; may be the authority's own.</param>
    /// <param name="identity">Whose it is.</param>
    /// <param name="hosts">The names and IP addresses by which the others reach it; at least one.</param>
    /// <param name="days">For how long it is good; never longer than the authority's own.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.BadValue"/>, <see cref="ErrorCode.FileAccess"/>.</exception>
    public void Renew(string folder, ClusterIdentity identity, IReadOnlyCollection<string> hosts, int days)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(identity);
        ArgumentNullException.ThrowIfNull(hosts);
        if (days is < 1 or > 36_500)
            throw new SeguroException(ErrorCode.BadValue, $"a certificate for {days} days", "Use 1 to 36500.");
        Renew(folder, identity, hosts, DateTimeOffset.UtcNow.AddDays(days));
    }

    /// <summary>The same, until a time that the caller chooses.</summary>
    internal void Renew(string folder, ClusterIdentity identity, IReadOnlyCollection<string> hosts, DateTimeOffset end)
    {
        if (hosts.Count == 0)
            throw new SeguroException(ErrorCode.BadValue, $"the certificate of '{identity.Name}' names no host", "Give at least one name or IP address by which the others reach it.");
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new(Name(identity.CommonNameText), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        // Every member is a server to some and a client to others.
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")], critical: false));
        request.CertificateExtensions.Add(AlternativeNames(identity, hosts));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_certificate, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        Span<byte> serial = stackalloc byte[16];
        RandomNumberGenerator.Fill(serial);
        serial[0] &= 0x7F;
        DateTimeOffset until = Min(end, new DateTimeOffset(_certificate.NotAfter.ToUniversalTime()));
        using X509Certificate2 certificate = request.Create(_certificate, DateTimeOffset.UtcNow.AddHours(-23), until, serial);
        Write(folder, ClusterCertificates.MemberKeyFile, key.ExportPkcs8PrivateKeyPem(), SecretMode);
        Write(folder, ClusterCertificates.MemberFile, certificate.ExportCertificatePem(), PublicMode);
        if (!File.Exists(Path.Combine(folder, ClusterCertificates.AuthorityFile)))
            Write(folder, ClusterCertificates.AuthorityFile, _certificate.ExportCertificatePem(), PublicMode);
    }

    /// <summary>The names and addresses by which a certificate is good.</summary>
    public static IEnumerable<string> HostsOf(X509Certificate2 certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        return certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>()
            .SelectMany(static names => names.EnumerateIPAddresses().Select(static address => address.ToString()).Concat(names.EnumerateDnsNames()));
    }

    /// <inheritdoc/>
    public void Dispose() => _certificate.Dispose();

    private static X509SubjectAlternativeNameExtension AlternativeNames(ClusterIdentity identity, IReadOnlyCollection<string> hosts)
    {
        // By hand: the class library's builder takes a System.Uri, which would change the cluster's name to small letters.
        AsnWriter names = new(AsnEncodingRules.DER);
        using (names.PushSequence())
        {
            names.WriteCharacterString(UniversalTagNumber.IA5String, identity.Uri, new Asn1Tag(TagClass.ContextSpecific, 6));
            foreach (string host in hosts)
            {
                if (IPAddress.TryParse(host, out IPAddress? address))
                    names.WriteOctetString(address.GetAddressBytes(), new Asn1Tag(TagClass.ContextSpecific, 7));
                else if (Uri.CheckHostName(host) == UriHostNameType.Dns)
                    names.WriteCharacterString(UniversalTagNumber.IA5String, host, new Asn1Tag(TagClass.ContextSpecific, 2));
                else
                    throw new SeguroException(ErrorCode.BadValue, $"'{host}' is neither a host's name nor an IP address", "Write it without a port.");
            }
        }
        return new X509SubjectAlternativeNameExtension(names.Encode());
    }

    private static X500DistinguishedName Name(string name)
    {
        X500DistinguishedNameBuilder builder = new();
        builder.AddCommonName(name.Length is > 0 and <= 64 ? name : throw new SeguroException(ErrorCode.BadValue, $"'{name}' can't be in a certificate", "Use a name of 1 to 64 characters."));
        return builder.Build();
    }

    private static DateTimeOffset Min(DateTimeOffset left, DateTimeOffset right) => left < right ? left : right;

    private static void RefuseExisting(string folder, params ReadOnlySpan<string> files)
    {
        foreach (string file in files)
        {
            if (File.Exists(Path.Combine(folder, file)))
                throw new SeguroException(ErrorCode.AlreadyExists, $"{Path.Combine(folder, file)} exists already", "Move it away, or use another folder.");
        }
    }

    private static void Write(string folder, string file, string pem, UnixFileMode mode) =>
        DurableFile.Write(Path.Combine(folder, file), System.Text.Encoding.ASCII.GetBytes(pem + "\n"), mode);
}
