using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Seguro.Core;
using Seguro.Files;

namespace Seguro.Identity;

/// <summary>
/// A member's certificate and the authorities of its cluster, for mutual TLS 1.3: each side shows a certificate that chains to the
/// cluster's <c>ca.crt</c>. The system's own authorities count for nothing.
/// </summary>
/// <remarks>Immutable; for any thread. Files are PEM, and are read once, by <see cref="Load"/>.</remarks>
public sealed class ClusterCertificates : IDisposable
{
    /// <summary>The file with the authority's certificate; it may hold several, so that an authority can be replaced.</summary>
    public const string AuthorityFile = "ca.crt";

    /// <summary>The file with the authority's key. Members need it only to issue certificates.</summary>
    public const string AuthorityKeyFile = "ca.key";

    /// <summary>The file with the member's certificate, followed by those between it and the authority, where there are any.</summary>
    public const string MemberFile = "member.crt";

    /// <summary>The file with the member's key.</summary>
    public const string MemberKeyFile = "member.key";

    private const string Renew = "Issue certificates anew (seguro cluster init makes an authority and one for each member, in a new folder), and give every member its own.";

    private readonly string _folder;
    private readonly X509Certificate2Collection _authorities;
    private readonly X509Certificate2Collection _intermediates;
    private readonly X509Certificate2 _member;
    private readonly SslStreamCertificateContext _context;

    private ClusterCertificates(string folder, X509Certificate2Collection authorities, X509Certificate2 member, X509Certificate2Collection intermediates)
    {
        _folder = folder;
        _authorities = authorities;
        _member = member;
        _intermediates = intermediates;
        _context = SslStreamCertificateContext.Create(member, intermediates, offline: true);
    }

    /// <summary>The member's own certificate; owned by this object.</summary>
    public X509Certificate2 Member => _member;

    /// <summary>Whose the member's own certificate is.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.AccessDenied"/>: it names nobody.</exception>
    public ClusterIdentity Identity => ClusterIdentity.Of(_member, out string why)
        ?? throw new SeguroException(ErrorCode.AccessDenied, $"{Path.Combine(_folder, MemberFile)} is of no use: {why}", Renew);

    /// <summary>Reads the certificates of a folder, and checks that they are in force and belong together.</summary>
    /// <exception cref="SeguroException">
    /// <see cref="ErrorCode.NotFound"/>: a file is missing. <see cref="ErrorCode.FileAccess"/>: it can't be read.
    /// <see cref="ErrorCode.AccessDenied"/>: a certificate is not in force, is another cluster's, or is not the key's.
    /// </exception>
    public static ClusterCertificates Load(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        X509Certificate2Collection authorities = ReadCertificates(folder, AuthorityFile);
        X509Certificate2Collection chain = ReadCertificates(folder, MemberFile);
        string keyPath = Require(folder, MemberKeyFile);
        SecretFile.RefuseShared(keyPath, "private key");
        X509Certificate2 member;
        try
        {
            member = X509Certificate2.CreateFromPemFile(Path.Combine(folder, MemberFile), keyPath);
        }
        catch (Exception error) when (error is CryptographicException or ArgumentException)
        {
            throw new SeguroException(ErrorCode.AccessDenied, $"{keyPath} is not the key of {MemberFile} beside it",
                "Put a certificate and its own key there, or issue a new pair.", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(keyPath, error);
        }
        foreach (X509Certificate2 authority in authorities)
            CheckDates(Path.Combine(folder, AuthorityFile), authority);
        CheckDates(Path.Combine(folder, MemberFile), member);
        X509Certificate2Collection intermediates = [.. chain.Skip(1)];
        CheckChain(folder, member, intermediates, authorities);
        return new ClusterCertificates(folder, authorities, member, intermediates);
    }

    /// <summary>Refuses a certificate that is not that of a member of a cluster.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.AccessDenied"/>.</exception>
    public void RequireIdentity(ClusterIdentity wanted)
    {
        ArgumentNullException.ThrowIfNull(wanted);
        ClusterIdentity own = Identity;
        if (own != wanted)
            throw new SeguroException(ErrorCode.AccessDenied, $"the certificate in {_folder} is that of {own}, and the configuration says {wanted}",
                "Use the folder that was made for this member of this cluster, or mend 'cluster' and 'member:name'.");
    }

    /// <summary>Refuses to be a server under a name or IP address that the member's certificate does not hold: no client would trust it.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.AccessDenied"/>.</exception>
    public void RequireHost(string host)
    {
        if (!_member.MatchesHostname(host, allowWildcards: true, allowCommonName: false))
            throw new SeguroException(ErrorCode.AccessDenied, $"the member's certificate was not issued for '{host}'", "Issue one that names this host, or use an address that it names.");
    }

    /// <summary>What a server needs: it asks for the other side's certificate and takes only those of the authority.</summary>
    /// <param name="refuse">Says why somebody is not let in, <see langword="null"/> where they are; left out: whoever has a certificate is.</param>
    public SslServerAuthenticationOptions ServerOptions(Func<ClusterIdentity, string?>? refuse = null) => new()
    {
        RemoteCertificateValidationCallback = new PeerCheck(refuse).Validate,
        ServerCertificateContext = _context,
        ClientCertificateRequired = true,
        EnabledSslProtocols = SslProtocols.Tls13,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        CertificateChainPolicy = Policy(_authorities, _intermediates),
        AllowRenegotiation = false,
        AllowTlsResume = false,
        EncryptionPolicy = EncryptionPolicy.RequireEncryption,
    };

    /// <summary>What a client needs: it shows the member's certificate and takes only the authority's, issued to <paramref name="targetHost"/>.</summary>
    /// <param name="targetHost">The name or IP address by which the server is reached; it must be in the server's certificate.</param>
    /// <param name="refuse">Says why a server is not spoken with, <see langword="null"/> where it is; left out: whoever has a certificate is.</param>
    public SslClientAuthenticationOptions ClientOptions(string targetHost, Func<ClusterIdentity, string?>? refuse = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(targetHost);
        return new SslClientAuthenticationOptions
        {
            RemoteCertificateValidationCallback = new PeerCheck(refuse).Validate,
            TargetHost = targetHost,
            ClientCertificateContext = _context,
            EnabledSslProtocols = SslProtocols.Tls13,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            CertificateChainPolicy = Policy(_authorities, _intermediates),
            AllowRenegotiation = false,
            AllowTlsResume = false,
            EncryptionPolicy = EncryptionPolicy.RequireEncryption,
        };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _member.Dispose();
        foreach (X509Certificate2 certificate in _authorities.Concat(_intermediates))
            certificate.Dispose();
    }

    private static X509ChainPolicy Policy(X509Certificate2Collection authorities, X509Certificate2Collection intermediates)
    {
        // A new one each time: a handshake adds to it.
        X509ChainPolicy policy = new()
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.AddRange(authorities);
        policy.ExtraStore.AddRange(intermediates);
        return policy;
    }

    private static void CheckChain(string folder, X509Certificate2 member, X509Certificate2Collection intermediates, X509Certificate2Collection authorities)
    {
        using X509Chain chain = new() { ChainPolicy = Policy(authorities, intermediates) };
        if (chain.Build(member))
            return;
        string why = string.Join("; ", chain.ChainStatus.Select(static status => status.StatusInformation.Trim()).Distinct(StringComparer.Ordinal));
        throw new SeguroException(ErrorCode.AccessDenied, $"{Path.Combine(folder, MemberFile)} was not issued by {AuthorityFile} beside it: {why}",
            $"Issue the member's certificate with the cluster's authority, and give every member the same {AuthorityFile}.");
    }

    private static void CheckDates(string path, X509Certificate2 certificate)
    {
        DateTime now = DateTime.UtcNow;
        DateTime from = certificate.NotBefore.ToUniversalTime();
        DateTime until = certificate.NotAfter.ToUniversalTime();
        if (now < from)
            throw new SeguroException(ErrorCode.AccessDenied, $"{path} is in force only from {from:u}, and now is {now:u}", "Set this machine's clock.");
        if (now > until)
            throw new SeguroException(ErrorCode.AccessDenied, $"{path} expired at {until:u}", Renew);
    }

    private static X509Certificate2Collection ReadCertificates(string folder, string file)
    {
        string path = Require(folder, file);
        X509Certificate2Collection certificates = [];
        try
        {
            certificates.ImportFromPemFile(path);
        }
        catch (CryptographicException error)
        {
            throw new SeguroException(ErrorCode.AccessDenied, $"{path} is not a certificate in PEM form", "Put the cluster's certificate there.", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(path, error);
        }
        return certificates.Count > 0
            ? certificates
            : throw new SeguroException(ErrorCode.AccessDenied, $"{path} holds no certificate in PEM form", "Put the cluster's certificate there.");
    }

    private static string Require(string folder, string file)
    {
        string path = Path.Combine(folder, file);
        return File.Exists(path)
            ? path
            : throw new SeguroException(ErrorCode.NotFound, $"the certificate file {path} is missing",
                $"Point at the folder that holds the cluster's {AuthorityFile}, {MemberFile} and {MemberKeyFile}.");
    }

    private static SeguroException Unreadable(string path, Exception error) =>
        new(ErrorCode.FileAccess, $"{path} can't be read: {error.Message}", "Give the user that runs Seguro the right to read it.", error);
}
