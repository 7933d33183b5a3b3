using Seguro.Core;

namespace Seguro.Stores.Dqlite;

/// <summary>The addresses in a dqlite URL.</summary>
static class DqliteStoreUrl
{
    /// <summary>More addresses than this are not taken.</summary>
    public const int MostAddresses = 32;

    /// <summary>Reads <c>HOST:PORT,HOST:PORT,…</c>.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.BadStoreUrl"/>, or <see cref="ErrorCode.InsecureTransport"/>.</exception>
    public static IReadOnlyList<HostAddress> Addresses(StoreUrl url)
    {
        if (url.Rest.Contains('@', StringComparison.Ordinal))
            throw Bad(url, "it has a user's name: dqlite knows Seguro by its certificate");
        string[] texts = url.Rest.TrimEnd('/').Split(',');
        if (texts.Length > MostAddresses)
            throw Bad(url, $"it names {texts.Length} nodes; at most {MostAddresses} are asked");
        List<HostAddress> addresses = [];
        foreach (string text in texts)
        {
            if (!HostAddress.TryParse(text, out HostAddress address))
                throw Bad(url, text.Length == 0 ? "an address is empty" : $"'{text}' is not HOST:PORT");
            if (url.IsPlain)
                CheckLoopback(address);
            if (!addresses.Contains(address))
                addresses.Add(address);
        }
        return addresses;
    }

    /// <summary>Unencrypted traffic stays on this machine.</summary>
    public static void CheckLoopback(HostAddress address)
    {
        if (address.IsLoopback)
            return;
        throw new SeguroException(
            ErrorCode.InsecureTransport,
            $"{address} is not on this machine, and dqlite+plain does not encrypt",
            "Write dqlite://… and name the folder with the cluster's certificates; dqlite+plain is for loopback only.");
    }

    private static SeguroException Bad(StoreUrl url, string why) => new(
        ErrorCode.BadStoreUrl,
        $"'{url}' is not a dqlite store's URL: {why}",
        "Write dqlite://HOST:PORT,HOST:PORT,… with the addresses of the cluster's nodes.");
}
