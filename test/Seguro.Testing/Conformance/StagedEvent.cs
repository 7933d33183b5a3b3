using Seguro.Core;

namespace Seguro.Testing;

/// <summary>An event of several fragments, to be written step by step. Its fragments are small, so that several fit in a transaction.</summary>
/// <param name="Number">The event.</param>
/// <param name="Previous">The position before it.</param>
/// <param name="Payload">The whole payload.</param>
/// <param name="FragmentSize">The size of its fragments.</param>
public sealed record StagedEvent(EventNumber Number, Position Previous, byte[] Payload, int FragmentSize)
{
    private const int LargestFragment = 65_536;

    /// <summary>An event that follows the session's head.</summary>
    public static StagedEvent Of(LogSession session, int fragments, ulong seed)
    {
        StoreCapabilities can = session.Store.Capabilities;
        int size = (int)Math.Min(Math.Min(can.LargestFragment, LargestFragment), Math.Max(1, can.LargestTransaction / 8));
        byte[] payload = SeededPayload.Of(seed, (fragments * size) - 1);
        return new StagedEvent(session.Head.Number.Next, session.Head, payload, size);
    }

    /// <summary>Stages <paramref name="count"/> fragments from <paramref name="first"/> on.</summary>
    public Stage Stage(Term term, int first, int count) =>
        new(term, Number, first, [.. Enumerable.Range(first, count).Select(Fragment)]);

    /// <summary>Appends fragment 0.</summary>
    public Append Append(Term term)
    {
        Position after = LogSession.After(Previous, [Payload]);
        return new Append(term, Previous, [new NewEvent(Number, Payload.Length, after.Chain, Fragment(0))]);
    }

    private ReadOnlyMemory<byte> Fragment(int index)
    {
        int start = index * FragmentSize;
        return Payload.AsMemory(start, Math.Min(FragmentSize, Payload.Length - start));
    }
}
