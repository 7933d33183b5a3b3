using System.Security.Cryptography.X509Certificates;
using Seguro.Identity;

namespace Seguro.Cli.Commands.Cluster.Certificates;

/// <summary>A certificate, as <c>cluster certificates show</c> prints it.</summary>
/// <param name="File">Where it is.</param>
/// <param name="Subject">Its subject.</param>
/// <param name="Identity">Whose it is, as a URI; <see langword="null"/> of an authority, and where it names nobody.</param>
/// <param name="Hosts">The names and addresses by which it is good.</param>
/// <param name="From">Since when it is in force, in UTC.</param>
/// <param name="Until">Until when, in UTC.</param>
/// <param name="Problem">Why it is of no use, where it is not.</param>
internal sealed record ShownCertificate(string File, string Subject, string? Identity, IReadOnlyList<string> Hosts, DateTime From, DateTime Until, string? Problem)
{
    public static ShownCertificate Of(string file, X509Certificate2 certificate)
    {
        bool isAuthority = Path.GetFileName(file) == ClusterCertificates.AuthorityFile;
        string why = "";
        ClusterIdentity? identity = isAuthority ? null : ClusterIdentity.Of(certificate, out why);
        return new ShownCertificate(
            file, certificate.Subject, identity?.Uri, [.. CertificateAuthority.HostsOf(certificate)], certificate.NotBefore.ToUniversalTime(), certificate.NotAfter.ToUniversalTime(),
            isAuthority || identity is not null ? null : why);
    }
}
