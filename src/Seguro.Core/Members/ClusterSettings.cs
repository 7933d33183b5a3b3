namespace Seguro.Core;

/// <summary>What the store's metadata says about the cluster. Written by the master only, fenced by its term.</summary>
/// <param name="Optimism">The optimism in force; <see langword="null"/> where none was written yet.</param>
/// <param name="Members">Who belongs to the cluster, in order; <see langword="null"/> where none was written yet.</param>
/// <param name="Released">The watermark: all effects up to this event are certainly out.</param>
/// <param name="Accepted">
/// The term in which the user accepted that the store had lost what it confirmed (<c>seguro cluster accept-loss</c>), and the log as it was then for the cluster's; none where that never
/// happened. Written by that command only; higher than every term known then.
/// </param>
/// <param name="History">
/// The last event that was not computed under a cluster's gate: another runtime made it, or it was put into the log by hand. No effect up to there ever leaves. <see langword="null"/> where no
/// cluster has taken the log over yet: its first master sets it to the head, before it computes anything.
/// </param>
public readonly record struct ClusterSettings(Optimism? Optimism, IReadOnlyList<string>? Members, EventNumber Released, Term Accepted = default, EventNumber? History = null)
{
    /// <summary>How many names of members that left are remembered.</summary>
    public const int MostLeft = 64;

    /// <summary>
    /// Who left, the last one last, at most <see cref="MostLeft"/>: their names are not used again, so that an old certificate opens nothing.
    /// <see langword="null"/> where nobody did.
    /// </summary>
    public IReadOnlyList<string>? Left { get; init; }

    /// <summary>The longest reason of a pause, in characters.</summary>
    public const int LongestPause = 200;

    /// <summary>How a pause's reason begins where the log was handed over to another cluster: it is not resumed by mistake.</summary>
    public const string Moved = "moved to ";

    /// <summary>Why the ship computes nothing, in printable ASCII; empty where it does; <see langword="null"/> where nothing was written yet, and it does.</summary>
    public string? Pause { get; init; }

    /// <summary>The ship computes nothing.</summary>
    public bool IsPaused => Pause is { Length: > 0 };

    /// <summary>A text can be a pause's reason.</summary>
    public static bool IsPause(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Length <= LongestPause && text.All(static c => c is >= ' ' and <= '~');
    }

    /// <summary>These settings with another list of members; whoever is on it no more has left.</summary>
    public ClusterSettings WithMembers(IReadOnlyList<string> members, IReadOnlyList<string> before)
    {
        ArgumentNullException.ThrowIfNull(members);
        string[] leaving = [.. before.Where(name => !members.Contains(name))];
        return this with { Members = members, Left = leaving.Length == 0 ? Left : [.. (Left ?? []).Except(leaving).Concat(leaving).TakeLast(MostLeft)] };
    }
}
