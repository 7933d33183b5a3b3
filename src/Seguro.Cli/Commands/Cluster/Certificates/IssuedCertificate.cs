using System.Security.Cryptography.X509Certificates;
using Seguro.Core;
using Seguro.Identity;
using Seguro.Node.Configuration;

namespace Seguro.Cli.Commands.Cluster.Certificates;

/// <summary>A folder with a certificate that <c>cluster init</c> or <c>cluster add</c> made beside the authority: a member's, or the client's.</summary>
/// <param name="Identity">Whose it is, or is to be.</param>
/// <param name="Folder">Where <c>member.crt</c> is.</param>
/// <param name="Hosts">By which names and addresses it is to be reached, where the certificate does not say it.</param>
internal sealed record IssuedCertificate(ClusterIdentity Identity, string Folder, IReadOnlyList<string> Hosts)
{
    /// <summary>All of a cluster's folder, members first.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.NotFound"/>: there are none; a configuration can't be read.</exception>
    public static IReadOnlyList<IssuedCertificate> Find(string root)
    {
        List<IssuedCertificate> found = [];
        foreach (NodeConfiguration member in ClusterFolder.Members(root))
            found.Add(new IssuedCertificate(new ClusterIdentity(member.Cluster, member.Self.Name), member.Certificates, [member.Self.Links.Host]));
        if (found.Count == 0)
            throw new SeguroException(ErrorCode.NotFound, $"there is no member's configuration in {root}", "Name the folder that `seguro cluster init` made.");
        string client = Path.Combine(root, ClusterFolder.Client);
        if (Directory.Exists(client))
            found.Add(new IssuedCertificate(new ClusterIdentity(found[0].Identity.Cluster, ConfigurationWriter.Client, IsClient: true), client, ["localhost"]));
        return found;
    }

    /// <summary>The certificate that lies there; <see langword="null"/> where there is none that can be read.</summary>
    public X509Certificate2? Read()
    {
        try
        {
            return X509CertificateLoader.LoadCertificateFromFile(Path.Combine(Folder, ClusterCertificates.MemberFile));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or System.Security.Cryptography.CryptographicException)
        {
            return null;
        }
    }
}
