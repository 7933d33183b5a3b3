using System.Globalization;

namespace Seguro.Core;

/// <summary>An epoch of a node: the term of the node's own lease. A ship's lease that names one is held for as long as that epoch lasts, and is never renewed itself.</summary>
/// <param name="Node">The node's name, which is also that of its members.</param>
/// <param name="Number">The term of the node's lease.</param>
public readonly record struct NodeEpoch(string Node, Term Number)
{
    /// <summary>What a ship's lease says of its duration: whoever does not know what an epoch is leaves it alone for so long.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    private const char Mark = '#';
    private const char Turn = '.';

    /// <summary>The holder's name in a ship's lease that is held through an epoch: <c>m1@1f0c#7.2</c>.</summary>
    /// <param name="candidate">The member, in this life of it.</param>
    /// <param name="epoch">Its node's epoch.</param>
    /// <param name="candidacy">How often it stood by now: what it gives back after one is never taken for what it won in another.</param>
    public static string HolderOf(string candidate, Term epoch, ulong candidacy) => string.Create(CultureInfo.InvariantCulture, $"{candidate}{Mark}{epoch.Value}{Turn}{candidacy}");

    /// <summary>Reads a holder's name; false where it holds its lease by itself.</summary>
    public static bool TryParse(string? holder, out NodeEpoch epoch)
    {
        epoch = default;
        int life = holder?.IndexOf('@', StringComparison.Ordinal) ?? -1;
        int mark = holder?.LastIndexOf(Mark) ?? -1;
        if (life <= 0 || mark <= life)
            return false;
        ReadOnlySpan<char> numbers = holder.AsSpan(mark + 1);
        int turn = numbers.IndexOf(Turn);
        if (turn >= 0)
            numbers = numbers[..turn];
        if (!ulong.TryParse(numbers, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number))
            return false;
        epoch = new NodeEpoch(holder![..life], new Term(number));
        return true;
    }

    /// <summary>The candidate's name in a holder's name.</summary>
    public static string CandidateOf(string holder)
    {
        ArgumentNullException.ThrowIfNull(holder);
        return TryParse(holder, out _) ? holder[..holder.LastIndexOf(Mark)] : holder;
    }

    /// <inheritdoc/>
    public override string ToString() => $"epoch {Number} of {Node}";
}
