using Seguro.Core;

namespace Seguro.Stores.Etcd;

/// <summary>What an etcd URL names: <c>HOST:PORT,HOST:PORT,…[/PREFIX]</c>.</summary>
/// <param name="Addresses">Where the cluster's members answer clients.</param>
/// <param name="Prefix">What all keys of this store begin with.</param>
sealed record EtcdStoreUrl(IReadOnlyList<HostAddress> Addresses, string Prefix)
{
    /// <summary>More addresses than this are not taken.</summary>
    public const int MostAddresses = 32;

    /// <summary>The prefix of a URL that names none.</summary>
    public const string DefaultPrefix = "seguro";

    private const int LongestPrefix = 64;

    /// <summary>Reads it.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.BadStoreUrl"/>, or <see cref="ErrorCode.InsecureTransport"/>.</exception>
    public static EtcdStoreUrl Parse(StoreUrl url)
    {
        string rest = url.Rest;
        if (rest.Contains('@', StringComparison.Ordinal))
            throw Bad(url, "it has a user's name", "etcd knows Seguro by its certificate: leave the user and the password out.");
        int slash = rest.IndexOf('/', StringComparison.Ordinal);
        string prefix = slash < 0 ? "" : rest[(slash + 1)..].TrimEnd('/');
        if (prefix.Length > LongestPrefix || !prefix.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '/'))
            throw Bad(url, $"'{prefix}' is not a prefix", $"A prefix has at most {LongestPrefix} of a-z, A-Z, 0-9, '-', '_', '.' and '/'.");
        string[] texts = (slash < 0 ? rest : rest[..slash]).Split(',');
        if (texts.Length > MostAddresses)
            throw Bad(url, $"it names {texts.Length} members; at most {MostAddresses} are asked", "Name fewer.");
        List<HostAddress> addresses = [];
        foreach (string text in texts)
        {
            if (!HostAddress.TryParse(text, out HostAddress address))
                throw Bad(url, text.Length == 0 ? "an address is empty" : $"'{text}' is not HOST:PORT", "Write etcd://HOST:PORT,HOST:PORT,… with the addresses at which the members answer clients (2379, if nothing else was said).");
            if (url.IsPlain && !address.IsLoopback)
            {
                throw new SeguroException(ErrorCode.InsecureTransport, $"{address} is not on this machine, and etcd+plain does not encrypt",
                    "Write etcd://… and name the folder with the certificates; etcd+plain is for loopback only.");
            }
            if (!addresses.Contains(address))
                addresses.Add(address);
        }
        return new EtcdStoreUrl(addresses, prefix.Length == 0 ? DefaultPrefix : prefix);
    }

    private static SeguroException Bad(StoreUrl url, string why, string nextStep) =>
        new(ErrorCode.BadStoreUrl, $"'{url}' is not an etcd store's URL: {why}", nextStep);
}
