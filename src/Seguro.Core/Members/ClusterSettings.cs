namespace Seguro.Core;

/// <summary>What the store's metadata says about the cluster. Written by the master only, fenced by its term.</summary>
/// <param name="Optimism">The optimism in force; <see langword="null"/> where none was written yet.</param>
/// <param name="Members">Who belongs to the cluster, in order; <see langword="null"/> where none was written yet.</param>
/// <param name="Released">The watermark: all effects up to this event are certainly out.</param>
public readonly record struct ClusterSettings(Optimism? Optimism, IReadOnlyList<string>? Members, EventNumber Released)
{
    /// <summary>How many names of members that left are remembered.</summary>
    public const int MostLeft = 64;

    /// <summary>Who left, the last one last, at most <see cref="MostLeft"/>: their names are not used again, so that an old certificate opens nothing. <see langword="null"/> where nobody did.</summary>
    public IReadOnlyList<string>? Left { get; init; }

    /// <summary>These settings with another list of members; whoever is on it no more has left.</summary>
    public ClusterSettings WithMembers(IReadOnlyList<string> members, IReadOnlyList<string> before)
    {
        ArgumentNullException.ThrowIfNull(members);
        string[] leaving = [.. before.Where(name => !members.Contains(name))];
        return this with { Members = members, Left = leaving.Length == 0 ? Left : [.. (Left ?? []).Except(leaving).Concat(leaving).TakeLast(MostLeft)] };
    }
}
