namespace Seguro.Node.Admin;

/// <summary>The paths of the admin API that name a ship: <c>/ships/~zod/status</c> is <c>/status</c> of ~zod.</summary>
static class ShipPath
{
    /// <summary>All ships.</summary>
    public const string All = "/ships";

    /// <summary>After a ship's name: it is to be removed.</summary>
    public const string Remove = "/remove";

    /// <summary>The ship that a path names, if it does, and the rest of it.</summary>
    public static (string? Ship, string Path) Split(string path)
    {
        if (!path.StartsWith(All + "/", StringComparison.Ordinal))
            return (null, path);
        string rest = path[(All.Length + 1)..];
        int slash = rest.IndexOf('/', StringComparison.Ordinal);
        return slash < 0 ? (rest, "") : (rest[..slash], rest[slash..]);
    }
}
