namespace Seguro.Core;

/// <summary>The names of a log's metadata.</summary>
/// <remarks>
/// <see cref="Who"/>, <see cref="Fake"/> and <see cref="Life"/> have the very bytes that vere keeps in its META table
/// (vere-facts.md §2.4: minimal little-endian numbers), so that a pier's metadata goes in and out unchanged; Core does not look into them.
/// </remarks>
public static class MetadataKey
{
    /// <summary>The ship's number.</summary>
    public const string Who = "who";

    /// <summary>Whether the ship is fake: empty for a fake one, 01 for a real one.</summary>
    public const string Fake = "fake";

    /// <summary>How many events at the log's beginning are formulas of the boot.</summary>
    public const string Life = "life";

    /// <summary>The optimism in force, as <see cref="Seguro.Core.Optimism.ToBytes"/> writes it: <c>1 wait</c>.</summary>
    public const string Optimism = "optimism";

    /// <summary>Who belongs to the cluster: names with a space between, in the order in which they stand for mastership.</summary>
    public const string Members = "members";

    /// <summary>Who left the cluster: names with a space between, the last one last. Written before <see cref="Members"/>.</summary>
    public const string Left = "left";

    /// <summary>The watermark of released effects: an event's number in decimal digits.</summary>
    public const string Released = "released";

    /// <summary>The term in which the user accepted a loss: decimal digits (<see cref="ClusterSettings.Accepted"/>).</summary>
    public const string Accepted = "accepted";

    /// <summary>The last event that no cluster's gate has seen: decimal digits (<see cref="ClusterSettings.History"/>).</summary>
    public const string History = "history";

    /// <summary>Which events were brought in from elsewhere, and whether all of them are there: <see cref="ImportMark"/>.</summary>
    public const string Import = "import";

    /// <summary>Who may compute the ship's next event: <see cref="Seguro.Core.Custody"/>.</summary>
    public const string Custody = "custody";

    /// <summary>Why the cluster computes nothing: text; empty where it does (<see cref="ClusterSettings.Pause"/>).</summary>
    public const string Pause = "pause";

    /// <summary>The protocol between members that is in force: decimal digits; 1 where nothing is said. A member that does not speak it does not serve this log.</summary>
    public const string Protocol = "protocol";

    /// <summary>The longest key, in characters of ASCII.</summary>
    public const int LongestKey = 64;

    /// <summary>The largest value, in bytes.</summary>
    public const int LargestValue = 65_536;

    /// <summary>Refuses a key or a value that a store could not keep.</summary>
    /// <exception cref="ArgumentException">The key is not 1 to 64 of <c>a-z 0-9 . -</c>, or the value is too large.</exception>
    public static void Check(string key, ReadOnlyMemory<byte> value)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        if (key.Length > LongestKey || !key.All(static c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '.' or '-'))
            throw new ArgumentException($"'{key}' is not a metadata key: 1 to {LongestKey} of a-z, 0-9, '.' and '-'.", nameof(key));
        if (value.Length > LargestValue)
            throw new ArgumentException($"The metadata '{key}' has {value.Length} bytes; at most {LargestValue} are kept.", nameof(value));
    }
}
