using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Seguro.Core;

namespace Seguro.Identity;

/// <summary>
/// Whose a certificate is: a member of a cluster, <c>seguro://CLUSTER/MEMBER</c>, or a client of its database, <c>seguro://CLUSTER/client/NAME</c>. It stands in the certificate as the one
/// URI of that scheme among the subject's alternative names (RFC 5280 §4.2.1.6).
/// </summary>
/// <param name="Cluster">The cluster's name.</param>
/// <param name="Name">The member's, or the client's.</param>
/// <param name="IsClient">It is a client of the database, and no member.</param>
public sealed record ClusterIdentity(string Cluster, string Name, bool IsClient = false)
{
    /// <summary>The longest name of a cluster, in characters.</summary>
    public const int LongestCluster = 100;

    private const string Scheme = "seguro://";
    private const string ClientFolder = "client/";
    private const string AlternativeNames = "2.5.29.17";
    private const string CommonName = "2.5.4.3";

    // GeneralName: uniformResourceIdentifier [6] IA5String.
    private static readonly Asn1Tag UriTag = new(TagClass.ContextSpecific, 6);

    /// <summary>The URI.</summary>
    public string Uri => $"{Scheme}{System.Uri.EscapeDataString(Cluster)}/{(IsClient ? ClientFolder : "")}{Name}";

    /// <summary>The common name of its certificate: for people only, nothing is decided by it.</summary>
    public string CommonNameText => $"{(IsClient ? "client" : "member")} {Name}";

    /// <summary>Reads a URI; <see langword="null"/> where it is none of these.</summary>
    public static ClusterIdentity? Parse(string uri)
    {
        ArgumentNullException.ThrowIfNull(uri);
        int slash = uri.StartsWith(Scheme, StringComparison.Ordinal) ? uri.IndexOf('/', Scheme.Length) : -1;
        if (slash < 0)
            return null;
        string cluster = System.Uri.UnescapeDataString(uri[Scheme.Length..slash]);
        string name = uri[(slash + 1)..];
        bool isClient = name.StartsWith(ClientFolder, StringComparison.Ordinal);
        if (isClient)
            name = name[ClientFolder.Length..];
        return cluster.Length is > 0 and <= LongestCluster && MemberName.IsValid(name) ? new ClusterIdentity(cluster, name, isClient) : null;
    }

    /// <summary>Reads the identity of a certificate, whose chain must have been checked before.</summary>
    /// <param name="certificate">The certificate.</param>
    /// <param name="why">Why it names nobody.</param>
    /// <returns><see langword="null"/> where it names nobody, or more than one.</returns>
    public static ClusterIdentity? Of(X509Certificate2 certificate, out string why)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        try
        {
            string[] uris = [.. Uris(certificate).Where(static uri => uri.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))];
            int common = certificate.SubjectName.EnumerateRelativeDistinguishedNames()
                .Count(static part => part.HasMultipleElements || part.GetSingleElementType().Value == CommonName);
            why = uris.Length switch
            {
                0 => "it names neither cluster nor member (an older version of Seguro issued it, or another program)",
                1 when common > 1 => "its subject has more than one name",
                1 => $"'{uris[0]}' is not the name of a member or a client",
                _ => $"it names more than one member: {string.Join(", ", uris)}",
            };
            return uris.Length == 1 && common <= 1 ? Parse(uris[0]) : null;
        }
        catch (Exception error) when (error is AsnContentException or CryptographicException)
        {
            why = $"its names can't be read: {error.Message}";
            return null;
        }
    }

    /// <inheritdoc/>
    public override string ToString() => Uri;

    private static IEnumerable<string> Uris(X509Certificate2 certificate)
    {
        foreach (X509Extension extension in certificate.Extensions.Where(static extension => extension.Oid?.Value == AlternativeNames))
        {
            AsnReader names = new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadSequence();
            while (names.HasData)
            {
                if (names.PeekTag().HasSameClassAndValue(UriTag))
                    yield return names.ReadCharacterString(UniversalTagNumber.IA5String, UriTag);
                else
                    names.ReadEncodedValue();
            }
        }
    }
}
