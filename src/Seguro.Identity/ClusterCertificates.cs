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
/// <remarks>
/// For any thread. Files are PEM. They are looked at before each handshake (three calls of the system), and read again when they changed: new connections use the new ones, those that stand stay.
/// </remarks>
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

    /// <summary>How long before its end a certificate is warned of.</summary>
    public static readonly TimeSpan WarnBefore = TimeSpan.FromDays(30);

    internal const string Renew = "Issue a new one where the cluster's authority is: seguro cluster certificates renew FOLDER; then copy it here.";

    private readonly string _folder;
    private readonly Lock _lock = new();
    private volatile CertificateSet _set;
    private string _seen;
    private volatile string? _problem;

    private ClusterCertificates(string folder, CertificateSet set, string seen)
    {
        _folder = folder;
        _set = set;
        _seen = seen;
    }

    /// <summary>The member's own certificate, as it is in force now; owned by this object.</summary>
    public X509Certificate2 Member => Current.Member;

    /// <summary>Grows when other files were taken.</summary>
    public int Version => Current.Version;

    /// <summary>Whose the member's own certificate is.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.AccessDenied"/>: it names nobody.</exception>
    public ClusterIdentity Identity => ClusterIdentity.Of(Member, out string why)
        ?? throw new SeguroException(ErrorCode.AccessDenied, $"{Path.Combine(_folder, MemberFile)} is of no use: {why}", Renew);

    /// <summary>
    /// The authorities by what no renewal of their certificates changes, their public keys (SHA-256, in hexadecimal): first the one that issued the member's own certificate. Two clusters that chose
    /// the same name differ in them.
    /// </summary>
    public IReadOnlyList<string> AuthorityIds
    {
        get
        {
            CertificateSet set = Current;
            return
            [
                .. set.Authorities.OrderBy(authority => !authority.SubjectName.RawData.AsSpan().SequenceEqual((set.Intermediates.FirstOrDefault() ?? set.Member).IssuerName.RawData))
                    .Select(static authority => Convert.ToHexStringLower(SHA256.HashData(authority.PublicKey.ExportSubjectPublicKeyInfo()))),
            ];
        }
    }

    private CertificateSet Current
    {
        get
        {
            string files = CertificateSet.Look(_folder);
            if (files == Volatile.Read(ref _seen))
                return _set;
            lock (_lock)
            {
                if (files != _seen)
                    Take(files);
                return _set;
            }
        }
    }

    /// <summary>Reads the certificates of a folder, and checks that they are in force and belong together.</summary>
    /// <exception cref="SeguroException">
    /// <see cref="ErrorCode.NotFound"/>: a file is missing. <see cref="ErrorCode.FileAccess"/>: it can't be read, or the key can be read by all.
    /// <see cref="ErrorCode.AccessDenied"/>: a certificate is not in force, is another cluster's, or is not the key's.
    /// </exception>
    public static ClusterCertificates Load(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        string seen = CertificateSet.Look(folder);
        return new ClusterCertificates(folder, CertificateSet.Read(folder, version: 1), seen);
    }

    /// <summary>What people should know of these certificates: those that expired, or do so within thirty days, and files that can't be used. Each a full sentence.</summary>
    public IReadOnlyList<string> Warnings(DateTimeOffset now)
    {
        CertificateSet set = Current;
        List<string> warnings = [];
        if (_problem is { } problem)
            warnings.Add(problem);
        foreach ((string file, X509Certificate2 certificate) in set.Named)
        {
            DateTimeOffset until = new(certificate.NotAfter.ToUniversalTime());
            TimeSpan left = until - now;
            string path = Path.Combine(_folder, file);
            if (left <= TimeSpan.Zero)
                warnings.Add($"{path} expired at {until:u}: no new connection can be made with it, and no takeover may succeed. {Renew}");
            else if (left <= WarnBefore)
                warnings.Add($"{path} expires at {until:u}, in {(left.TotalDays >= 2 ? $"{(int)left.TotalDays} days" : $"{left.TotalHours:0.#} hours")}. {Renew}");
        }
        return warnings;
    }

    /// <summary>When the first of these certificates expires.</summary>
    public DateTimeOffset Expires => Current.Named.Min(static named => new DateTimeOffset(named.Certificate.NotAfter.ToUniversalTime()));

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
        if (!Member.MatchesHostname(host, allowWildcards: true, allowCommonName: false))
            throw new SeguroException(ErrorCode.AccessDenied, $"the member's certificate was not issued for '{host}'", "Issue one that names this host, or use an address that it names.");
    }

    /// <summary>What a server needs: it asks for the other side's certificate and takes only those of the authority.</summary>
    /// <param name="refuse">Says why somebody is not let in, <see langword="null"/> where they are; left out: whoever has a certificate is.</param>
    /// <param name="refused">Hears why somebody was refused.</param>
    public SslServerAuthenticationOptions ServerOptions(Func<ClusterIdentity, string?>? refuse = null, Action<string>? refused = null) => ServerOptions(Current, new PeerCheck(refuse, refused));

    private static SslServerAuthenticationOptions ServerOptions(CertificateSet set, PeerCheck check) => new()
    {
        RemoteCertificateValidationCallback = check.Validate,
        ServerCertificateContext = set.Context,
        ClientCertificateRequired = true,
        EnabledSslProtocols = SslProtocols.Tls13,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        CertificateChainPolicy = set.Policy(),
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
        CertificateSet set = Current;
        return new SslClientAuthenticationOptions
        {
            RemoteCertificateValidationCallback = new PeerCheck(refuse).Validate,
            TargetHost = targetHost,
            ClientCertificateContext = set.Context,
            EnabledSslProtocols = SslProtocols.Tls13,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            CertificateChainPolicy = set.Policy(),
            AllowRenegotiation = false,
            AllowTlsResume = false,
            EncryptionPolicy = EncryptionPolicy.RequireEncryption,
        };
    }

    /// <inheritdoc/>
    public void Dispose() => _set.Dispose();

    /// <summary>Other files lie there: those of the folder are taken, if they are whole and of the same identity. Copying them takes a moment; until they are, what was in force stays.</summary>
    private void Take(string files)
    {
        try
        {
            CertificateSet next = CertificateSet.Read(_folder, _set.Version + 1);
            if (ClusterIdentity.Of(next.Member, out _) is var identity && identity != ClusterIdentity.Of(_set.Member, out _))
                throw new SeguroException(ErrorCode.AccessDenied, $"the new {Path.Combine(_folder, MemberFile)} is that of {identity?.Uri ?? "nobody"}", "Put this member's own there.");
            _set = next; // the old one's objects may be in use: they are the collector's
            _problem = null;
        }
        catch (SeguroException error)
        {
            _problem = $"The certificate files changed, and can't be used: {error.Message}. Those that were there before stay in force. {error.NextStep}";
        }
        Volatile.Write(ref _seen, files);
    }
}
