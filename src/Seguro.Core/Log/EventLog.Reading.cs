using System.Buffers;
using System.Runtime.CompilerServices;

namespace Seguro.Core;

public sealed partial class EventLog
{
    /// <summary>Streams the pieces of the events <paramref name="from"/> … <paramref name="to"/> in memory that does not grow with their sizes.</summary>
    /// <remarks>
    /// Each event is verified against the chain that the store holds, as its last piece is handed out: a reader that passes pieces on
    /// before must throw them away when the stream ends with an error. A pier that vere wrote holds no chain; then
    /// the numbers and sizes are checked and the chain is computed from the base of <paramref name="state"/> or from the event before.
    /// </remarks>
    /// <param name="state">A state that was read before; says what exists.</param>
    /// <param name="from">The first event.</param>
    /// <param name="to">The last event; below <paramref name="from"/> means none.</param>
    /// <param name="cancel">Ends the stream.</param>
    /// <exception cref="SeguroException">
    /// <see cref="ErrorCode.Trimmed"/>, <see cref="ErrorCode.BeyondHead"/>, or <see cref="ErrorCode.Corrupt"/> with the first event that is wrong.
    /// </exception>
    public async IAsyncEnumerable<EventFragment> StreamAsync(
        LogState state, EventNumber from, EventNumber to, [EnumeratorCancellation] CancellationToken cancel)
    {
        if (to < from)
            yield break;
        CheckRange(state, from, to);
        using ChainHasher hasher = new();
        Chain previous = await ChainBeforeAsync(state, from, cancel);
        EventNumber next = from;
        long offset = 0;
        await foreach (StoredFragment fragment in Stored.ReadAsync(from, to, cancel))
        {
            if (offset == 0 && fragment.Number < next)
                continue; // beyond the size of the event before: left by a failed attempt
            if (fragment.Number != next || (offset == 0 && fragment.Index != 0))
                throw await MissingAsync(next, cancel);
            if (offset == 0)
                hasher.Begin(previous, next, fragment.Size);
            if (fragment.Bytes.Length > fragment.Size - offset || (fragment.Bytes.IsEmpty && fragment.Size > 0))
                throw Corrupt(next, $"its fragment {fragment.Index} does not fit its size of {fragment.Size} bytes");
            hasher.Add(fragment.Bytes.Span);
            bool last = offset + fragment.Bytes.Length == fragment.Size;
            Chain chain = default;
            if (last)
            {
                chain = hasher.End();
                if (fragment.Chain is { } stored && stored != chain)
                    throw Corrupt(next, "its bytes do not match its chain");
                if (next == state.Head.Number && state.Head.Chain != chain)
                    throw Corrupt(next, "it does not match the chain of the log's head");
            }
            yield return new EventFragment(next, offset, fragment.Size, fragment.Bytes, chain);
            offset = last ? 0 : offset + fragment.Bytes.Length;
            if (!last)
                continue;
            previous = chain;
            if (next == to)
                yield break;
            next = next.Next;
        }
        throw await MissingAsync(next, cancel);
    }

    /// <summary>The events <paramref name="from"/> … <paramref name="to"/>, whole and verified.</summary>
    /// <remarks>An event's payload is valid until the next event is asked for. An event in several fragments is put together in memory: for
    /// events that may be large, use <see cref="StreamAsync"/>.</remarks>
    /// <exception cref="SeguroException">As <see cref="StreamAsync"/>.</exception>
    public async IAsyncEnumerable<Event> ReadAsync(
        LogState state, EventNumber from, EventNumber to, [EnumeratorCancellation] CancellationToken cancel)
    {
        byte[]? whole = null;
        try
        {
            await foreach (EventFragment piece in StreamAsync(state, from, to, cancel))
            {
                if (piece.Offset == 0 && piece.IsLast)
                {
                    yield return new Event(piece.Number, piece.Bytes, piece.Chain);
                    continue;
                }
                if (piece.Offset == 0)
                {
                    if (whole is not null)
                        ArrayPool<byte>.Shared.Return(whole);
                    whole = ArrayPool<byte>.Shared.Rent(checked((int)piece.Size));
                }
                piece.Bytes.CopyTo(whole.AsMemory(checked((int)piece.Offset)));
                if (piece.IsLast)
                    yield return new Event(piece.Number, whole.AsMemory(0, checked((int)piece.Size)), piece.Chain);
            }
        }
        finally
        {
            if (whole is not null)
                ArrayPool<byte>.Shared.Return(whole);
        }
    }

    /// <summary>The events from <paramref name="from"/> on, those to come too, until cancelled. Only what is committed is handed out.</summary>
    /// <exception cref="SeguroException">As <see cref="StreamAsync"/>, but a start above the head only waits.</exception>
    public async IAsyncEnumerable<Event> TailAsync(EventNumber from, [EnumeratorCancellation] CancellationToken cancel)
    {
        EventNumber next = from;
        while (true)
        {
            LogState state = await ReadStateAsync(cancel);
            await foreach (Event read in ReadAsync(state, next, state.Head.Number, cancel))
            {
                yield return read;
                next = read.Number.Next;
            }
            await Stored.WaitPastAsync(next.Previous, cancel);
        }
    }

    private async ValueTask<Chain> ChainBeforeAsync(LogState state, EventNumber from, CancellationToken cancel)
    {
        if (from == state.First)
            return state.Base.Chain;
        if (await Stored.ReadChainAsync(from.Previous, cancel) is { } chain)
            return chain;
        Chain computed = default;
        await foreach (EventFragment piece in StreamAsync(state, state.First, from.Previous, cancel))
        {
            if (piece.IsLast)
                computed = piece.Chain;
        }
        return computed;
    }

    private void CheckRange(LogState state, EventNumber from, EventNumber to)
    {
        if (from < state.First)
            throw TrimmedBelow(state, from);
        if (to > state.Head.Number)
        {
            throw new SeguroException(
                ErrorCode.BeyondHead,
                state.IsEmpty ? $"event {to} of {Ship} does not exist: the log is empty" : $"event {to} of {Ship} does not exist: the last is {state.Head.Number}",
                "Ask for an event that exists, or use `seguro log tail` to wait for it.");
        }
    }

    /// <summary>An event that should be there is not: trimmed under the reader, or gone.</summary>
    private async ValueTask<SeguroException> MissingAsync(EventNumber number, CancellationToken cancel)
    {
        LogState state = await ReadStateAsync(cancel);
        return number < state.First ? TrimmedBelow(state, number) : Corrupt(number, "it, or a part of it, is missing");
    }

    private SeguroException TrimmedBelow(LogState state, EventNumber number) => new(
        ErrorCode.Trimmed,
        $"event {number} of {Ship} is not in this store any more: its first is {state.First}",
        "Read it from a member's local log or from a backup.");

    private SeguroException Corrupt(EventNumber number, string what) => new(
        ErrorCode.Corrupt,
        $"event {number} of {Ship} in {Capabilities.Engine} is corrupt: {what}",
        "Nothing was passed on. Restore the log from another member or from a backup; `seguro log verify` checks every event.");
}
