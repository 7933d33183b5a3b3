using System.Security.Cryptography;
using System.Text;

namespace Seguro.Core;

/// <summary>The log in a store whose lease is a node's own (<see cref="NodeLeases"/>). It never has an event.</summary>
public static class NodeLog
{
    /// <summary>In its metadata: the node's name.</summary>
    public const string NodeKey = "node";

    private const string First = "~seguro";
    private const int Groups = 3;
    private const int Letters = 6;

    /// <summary>The log's name: <c>~seguro</c> and three groups that come of the node's name. No ship can be called so.</summary>
    public static Ship NameOf(string node)
    {
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes(node));
        StringBuilder name = new(First);
        for (int i = 0; i < Groups * Letters; i++)
            name.Append(i % Letters == 0 ? "-" : "").Append((char)('a' + (hash[i] % 26)));
        return Ship.Parse(name.ToString());
    }

    /// <summary>It is such a log, by its name.</summary>
    public static bool IsOne(Ship ship) => ship.Name.Length == First.Length + (Groups * (Letters + 1)) && ship.Name.StartsWith(First + "-", StringComparison.Ordinal);
}
