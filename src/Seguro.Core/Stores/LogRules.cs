namespace Seguro.Core;

/// <summary>
/// The rules of appending, staging and trimming, decided on a <see cref="LogState"/>. Stores written in C# call these under their own
/// lock; stores written in SQL say the same in one conditional statement, and the conformance suite compares the two.
/// </summary>
public static class LogRules
{
    /// <summary>Decides an append. <see langword="null"/>: write it, the head becomes <see cref="After"/>.</summary>
    public static WriteOutcome? Decide(LogState state, Append append)
    {
        if (Fence(state, append.Term) is { } fenced)
            return fenced;
        if (state.Head.Position == append.Last)
            return WriteOutcome.Committed.Instance;
        return state.Head.Position == append.Previous ? null : new WriteOutcome.Conflict(state);
    }

    /// <summary>The state after an append that was decided to be written.</summary>
    public static LogState After(LogState state, Append append) => state with
    {
        Head = new Head(append.Term, append.Last.Number, append.Last.Chain),
        Bytes = checked(state.Bytes + append.Size),
    };

    /// <summary>Decides a staging. <see langword="null"/>: write it.</summary>
    public static WriteOutcome? Decide(LogState state, Stage stage)
    {
        if (Fence(state, stage.Term) is { } fenced)
            return fenced;
        return stage.Number > state.Head.Number ? null : new WriteOutcome.Conflict(state);
    }

    /// <summary>Decides a trim to <paramref name="first"/>. <see langword="null"/>: the base becomes the position before <paramref name="first"/>.</summary>
    public static WriteOutcome? DecideTrim(LogState state, Term term, EventNumber first)
    {
        if (first == EventNumber.None)
            throw new ArgumentOutOfRangeException(nameof(first), "The first event that is kept is at least 1.");
        if (Fence(state, term) is { } fenced)
            return fenced;
        if (first <= state.First)
            return WriteOutcome.Committed.Instance;
        return first > state.Head.Number.Next ? new WriteOutcome.Conflict(state) : null;
    }

    /// <summary>Decides a change of metadata from <paramref name="current"/>. <see langword="null"/>: write it.</summary>
    public static WriteOutcome? DecideMetadata(
        LogState state, Term term, ReadOnlyMemory<byte>? current, ReadOnlyMemory<byte>? expected, ReadOnlyMemory<byte> value)
    {
        if (Fence(state, term) is { } fenced)
            return fenced;
        if (current is { } now && now.Span.SequenceEqual(value.Span))
            return WriteOutcome.Committed.Instance;
        bool asExpected = current is { } is1 && expected is { } is2 ? is1.Span.SequenceEqual(is2.Span) : current is null && expected is null;
        return asExpected ? null : new WriteOutcome.Conflict(state);
    }

    /// <summary>A write of any other term than the current one is fenced.</summary>
    public static WriteOutcome.Fenced? Fence(LogState state, Term term) => term == state.Lease.Term ? null : new WriteOutcome.Fenced(state.Lease);
}
