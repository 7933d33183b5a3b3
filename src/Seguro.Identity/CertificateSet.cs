using System.Globalization;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Seguro.Core;
using Seguro.Files;

namespace Seguro.Identity;

/// <summary>What the certificate files of a folder held when they were read: checked, in force then, and belonging together. Immutable.</summary>
sealed class CertificateSet
{
    private static readonly string[] Files = [ClusterCertificates.AuthorityFile, ClusterCertificates.MemberFile, ClusterCertificates.MemberKeyFile];

    private CertificateSet(X509Certificate2Collection authorities, X509Certificate2 member, X509Certificate2Collection intermediates, int version)
    {
        Authorities = authorities;
        Member = member;
        Intermediates = intermediates;
        Version = version;
        Context = SslStreamCertificateContext.Create(member, intermediates, offline: true);
    }

    public int Version { get; }

    public X509Certificate2Collection Authorities { get; }

    public X509Certificate2Collection Intermediates { get; }

    public X509Certificate2 Member { get; }

    public SslStreamCertificateContext Context { get; }

    /// <summary>All certificates, with the names of the files that hold them.</summary>
    public IEnumerable<(string File, X509Certificate2 Certificate)> Named =>
    [
        .. Authorities.Select(static authority => (ClusterCertificates.AuthorityFile, authority)),
        (ClusterCertificates.MemberFile, Member),
        .. Intermediates.Select(static between => (ClusterCertificates.MemberFile, between)),
    ];

    /// <summary>What is seen of the files from outside: it changes when they do.</summary>
    public static string Look(string folder) => string.Join(' ', Files.Select(file =>
    {
        FileInfo info = new(Path.Combine(folder, file));
        return info.Exists ? string.Create(CultureInfo.InvariantCulture, $"{info.LastWriteTimeUtc.Ticks}/{info.Length}") : "-";
    }));

    /// <summary>Reads and checks a folder's files.</summary>
    /// <exception cref="SeguroException">Those of <see cref="ClusterCertificates.Load"/>.</exception>
    public static CertificateSet Read(string folder, int version)
    {
        X509Certificate2Collection authorities = ReadCertificates(folder, ClusterCertificates.AuthorityFile);
        X509Certificate2Collection chain = ReadCertificates(folder, ClusterCertificates.MemberFile);
        string keyPath = Require(folder, ClusterCertificates.MemberKeyFile);
        SecretFile.RefuseShared(keyPath, "private key");
        X509Certificate2 member;
        try
        {
            member = X509Certificate2.CreateFromPemFile(Path.Combine(folder, ClusterCertificates.MemberFile), keyPath);
        }
        catch (Exception error) when (error is CryptographicException or ArgumentException)
        {
            throw new SeguroException(ErrorCode.AccessDenied, $"{keyPath} is not the key of {ClusterCertificates.MemberFile} beside it",
                "Put a certificate and its own key there, or issue a new pair.", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(keyPath, error);
        }
        foreach (X509Certificate2 authority in authorities)
            CheckDates(Path.Combine(folder, ClusterCertificates.AuthorityFile), authority);
        CheckDates(Path.Combine(folder, ClusterCertificates.MemberFile), member);
        X509Certificate2Collection intermediates = [.. chain.Skip(1)];
        CertificateSet set = new(authorities, member, intermediates, version);
        set.CheckChain(folder);
        return set;
    }

    /// <summary>How the other side's certificate is judged. A new one each time: a handshake adds to it.</summary>
    public X509ChainPolicy Policy()
    {
        X509ChainPolicy policy = new()
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.AddRange(Authorities);
        policy.ExtraStore.AddRange(Intermediates);
        return policy;
    }

    public void Dispose()
    {
        foreach ((_, X509Certificate2 certificate) in Named)
            certificate.Dispose();
    }

    private void CheckChain(string folder)
    {
        using X509Chain chain = new() { ChainPolicy = Policy() };
        if (chain.Build(Member))
            return;
        string why = string.Join("; ", chain.ChainStatus.Select(static status => status.StatusInformation.Trim()).Distinct(StringComparer.Ordinal));
        throw new SeguroException(ErrorCode.AccessDenied, $"{Path.Combine(folder, ClusterCertificates.MemberFile)} was not issued by {ClusterCertificates.AuthorityFile} beside it: {why}",
            $"Issue the member's certificate with the cluster's authority (seguro cluster certificates renew), and give every member the same {ClusterCertificates.AuthorityFile}.");
    }

    private static void CheckDates(string path, X509Certificate2 certificate)
    {
        DateTime now = DateTime.UtcNow;
        DateTime from = certificate.NotBefore.ToUniversalTime();
        DateTime until = certificate.NotAfter.ToUniversalTime();
        if (now < from)
            throw new SeguroException(ErrorCode.AccessDenied, $"{path} is in force only from {from:u}, and now is {now:u}", "Set this machine's clock.");
        if (now > until)
            throw new SeguroException(ErrorCode.AccessDenied, $"{path} expired at {until:u}", ClusterCertificates.Renew);
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
                $"Point at the folder that holds the cluster's {ClusterCertificates.AuthorityFile}, {ClusterCertificates.MemberFile} and {ClusterCertificates.MemberKeyFile}.");
    }

    private static SeguroException Unreadable(string path, Exception error) =>
        FileFault.Reading(path, error);
}
