namespace Seguro.Core;

/// <summary>What a node tells its members of leases: how it stands with its own, and which epochs of others have ended. A value; each is newer than the one before.</summary>
public sealed record NodeView
{
    /// <summary>Nothing is known, and nothing is held.</summary>
    public static NodeView None { get; } = new();

    /// <summary>The epoch that the node holds; <see cref="Term.None"/> where it holds none.</summary>
    public Term Epoch { get; init; }

    /// <summary>Until then, by the member's clock, the node relies on it: from then on its members are masters no more, unless they were told of a later time before.</summary>
    public TimeSpan Deadline { get; init; }

    /// <summary>In what a commit is worth less than the store promised, as of the last renewal.</summary>
    public CommitShortfall? Shortfall { get; init; }

    /// <summary>By node: this epoch and all before it have ended, for certain. A ship's lease that names such a one is nobody's.</summary>
    public IReadOnlyDictionary<string, Term> Ended { get; init; } = new Dictionary<string, Term>();

    /// <summary>Why the node's last epoch is over, for people; empty where nobody knows.</summary>
    public string Lost { get; init; } = "";

    /// <summary>An epoch has ended, for certain.</summary>
    public bool HasEnded(NodeEpoch epoch) => Ended.TryGetValue(epoch.Node, out Term ended) && epoch.Number <= ended;
}
