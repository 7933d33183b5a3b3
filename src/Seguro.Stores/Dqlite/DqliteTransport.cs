using System.Net.Security;
using Seguro.Core;
using Seguro.Identity;

namespace Seguro.Stores.Dqlite;

/// <summary>How a URL's nodes are spoken with: TLS with the cluster's certificates, or plain on loopback.</summary>
static class DqliteTransport
{
    /// <summary>The TLS options for a host; <see langword="null"/>: plain.</summary>
    /// <exception cref="SeguroException">The certificates are missing or do not belong together.</exception>
    public static Func<string, SslClientAuthenticationOptions>? Choose(StoreUrl url, StoreOptions options)
    {
        if (url.IsPlain)
            return null;
        if (options.Certificates is not { Length: > 0 } folder)
        {
            throw new SeguroException(
                ErrorCode.NotFound,
                $"{url} is spoken with over TLS, but no folder with the cluster's certificates was named",
                "Name the folder with ca.crt, member.crt and member.key; on loopback alone, dqlite+plain:// does without.");
        }
        ClusterCertificates certificates = ClusterCertificates.Load(folder);
        AccessList access = options.Access ?? new AccessList(certificates.Identity.Cluster, new AccessRecord());
        return host => certificates.ClientOptions(host, access.RefuseMember);
    }
}
