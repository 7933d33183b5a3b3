using Grpc.Core;
using Seguro.Core;

namespace Seguro.Node.Links;

/// <summary>Which ship a call is for, in its headers. Members of an older version say nothing, and pass over what they hear.</summary>
static class ShipHeader
{
    /// <summary>The key of links that have no ship's name.</summary>
    public const string Unnamed = "";

    private const string Key = "seguro-ship";

    /// <summary>Headers that say it.</summary>
    public static Metadata Of(LinkOptions options)
    {
        Metadata headers = [];
        if (options.Ship is { } ship)
            headers.Add(Key, ship.Name);
        return headers;
    }

    /// <summary>What the caller says; <see langword="null"/> where it says nothing that can be a ship.</summary>
    public static string? Read(Metadata headers) => Ship.TryParse(headers.GetValue(Key), out Ship ship) ? ship.Name : null;

    /// <summary>The only one; <see langword="null"/> where there are none, or several.</summary>
    public static MemberLinks? SingleOrNone(this IEnumerable<MemberLinks> links)
    {
        MemberLinks[] first = [.. links.Take(2)];
        return first.Length == 1 ? first[0] : null;
    }
}
