using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Seguro.Identity;

/// <summary>Looks at the other side's certificate in a handshake, and says in words why it is refused.</summary>
/// <param name="refuse">Says why somebody is refused, <see langword="null"/> where they are not; left out: the chain is enough.</param>
/// <param name="refused">Hears why somebody was.</param>
sealed class PeerCheck(Func<ClusterIdentity, string?>? refuse, Action<string>? refused = null)
{
    /// <summary>For <see cref="SslServerAuthenticationOptions.RemoteCertificateValidationCallback"/> and the client's.</summary>
    /// <exception cref="AuthenticationException">The other side is refused. The handshake ends with it.</exception>
    public bool Validate(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is not X509Certificate2 shown || errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable))
            throw Refused("the other side showed no certificate");
        if (errors != SslPolicyErrors.None)
            throw Refused($"the other side's certificate ({shown.Subject}) is not taken: {Describe(shown, chain, errors)}");
        if (refuse is not null)
        {
            ClusterIdentity? identity = ClusterIdentity.Of(shown, out string why);
            if ((identity is null ? why : refuse(identity)) is { } refusal)
                throw Refused($"the other side's certificate ({shown.Subject}) is not taken: {refusal}");
        }
        return errors == SslPolicyErrors.None;
    }

    private AuthenticationException Refused(string why)
    {
        refused?.Invoke(why);
        return new AuthenticationException(why);
    }

    private static string Describe(X509Certificate2 shown, X509Chain? chain, SslPolicyErrors errors)
    {
        DateTime until = shown.NotAfter.ToUniversalTime();
        if (DateTime.UtcNow > until)
            return $"it expired at {until:u}";
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
            return "it was not issued for this address";
        return string.Join("; ", (chain?.ChainStatus ?? []).Select(static status => status.StatusInformation.Trim()).Where(static text => text.Length > 0).Distinct(StringComparer.Ordinal))
            is { Length: > 0 } status ? status : "it was not issued by the cluster's authority";
    }
}
