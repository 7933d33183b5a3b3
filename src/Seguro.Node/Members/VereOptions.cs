namespace Seguro.Node.Members;

/// <summary>The stock vere of a member whose ship runs on one.</summary>
public sealed record VereOptions
{
    /// <summary>The program.</summary>
    public required string Binary { get; init; }

    /// <summary>What the king is given: ports, the loom's size.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>How Seguro's own command is started: the program, and what comes before the verb.</summary>
    public required IReadOnlyList<string> Seguro { get; init; }

    /// <summary>A replica lets vere compute the events again (<c>urbit play</c>), in groups; else it only keeps them.</summary>
    public bool Replays { get; init; } = true;
}
