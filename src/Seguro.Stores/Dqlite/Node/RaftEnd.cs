namespace Seguro.Stores.Dqlite;

/// <summary>Where a node's raft log ends: the term and the number of its last entry. Of two ends of one node's log the later one has the higher term, or the same and the higher number.</summary>
readonly record struct RaftEnd(ulong Term, ulong Index) : IComparable<RaftEnd>
{
    public static bool operator <(RaftEnd left, RaftEnd right) => left.CompareTo(right) < 0;

    public static bool operator >(RaftEnd left, RaftEnd right) => left.CompareTo(right) > 0;

    public static bool operator <=(RaftEnd left, RaftEnd right) => left.CompareTo(right) <= 0;

    public static bool operator >=(RaftEnd left, RaftEnd right) => left.CompareTo(right) >= 0;

    public int CompareTo(RaftEnd other) => (Term, Index).CompareTo((other.Term, other.Index));

    public override string ToString() => $"entry {Index} of term {Term}";
}
