using Seguro.Harbor.Targets;

namespace Seguro.HarborService.Requests;

/// <summary>What is asked for, as the first line of a request says it. Nothing is decoded or resolved: what is not written exactly as it must be is none.</summary>
/// <param name="Verb"><c>put</c>, <c>get</c>, <c>delete</c>, <c>list</c>, <c>audit</c>, <c>account</c>.</param>
/// <param name="Owner">Whose.</param>
/// <param name="Name">The object or folder; empty where there is none.</param>
internal readonly record struct OwnersRequest(string Verb, string Owner, string Name)
{
    private const string Root = "/v1/";
    private const int Longest = 512;

    /// <summary>Its place in the storage.</summary>
    public string Path => $"{Owners.OwnerRegistry.ShipsOf(Owner)}/{Name}";

    /// <summary>Takes it apart.</summary>
    /// <exception cref="RequestRefusal">It is none.</exception>
    public static OwnersRequest Parse(string method, string target)
    {
        if (target.Length > Longest || !target.StartsWith(Root, StringComparison.Ordinal))
            throw new RequestRefusal(404, "there is nothing here", "A harbor's service answers to `seguro harbor`.");
        string[] parts = target[Root.Length..].Split('/', 3);
        string name = parts.Length > 2 ? parts[2] : "";
        if (parts.Length < 2 || !ObjectPath.IsPart(parts[0]) || (name.Length > 0 && !ObjectPath.IsName(name)))
            throw new RequestRefusal(400, "the name is none that an object can have", "Names have parts of letters, digits, hyphens and points, with slashes between; no part begins with a point.");
        string? verb = (method, parts[1], name.Length > 0) switch
        {
            ("PUT", "o", true) => "put",
            ("GET", "o", true) => "get",
            ("DELETE", "o", true) => "delete",
            ("GET", "list", true) => "list",
            ("GET", "audit", false) => "audit",
            ("GET", "account", false) => "account",
            _ => null,
        };
        return new OwnersRequest(verb ?? throw new RequestRefusal(405, "this can't be asked", "A harbor's service answers to `seguro harbor`."), parts[0], name);
    }
}
