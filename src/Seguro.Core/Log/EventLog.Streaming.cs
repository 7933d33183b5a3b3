using System.Buffers;

namespace Seguro.Core;

public sealed partial class EventLog
{
    /// <summary>Appends one event of any size whose payload comes in pieces.</summary>
    /// <remarks>
    /// Memory: two fragments, however large the event is (a store that takes events whole, like lmdb, gets it whole). The fragments are staged as
    /// they fill; the event becomes visible at once, with its first fragment. If the pieces end early or the writer stops, nothing is visible.
    /// </remarks>
    /// <param name="term">The writer's term.</param>
    /// <param name="previous">The position of the log's head.</param>
    /// <param name="size">The size of the payload, in bytes.</param>
    /// <param name="pieces">The payload in order; each piece is read before the next is asked for.</param>
    /// <param name="cancel">Ends it; an append in flight may or may not get committed.</param>
    /// <exception cref="SeguroException">The event is too large, or the store failed without writing it.</exception>
    /// <exception cref="InvalidOperationException">The pieces are more or fewer bytes than <paramref name="size"/>.</exception>
    public async ValueTask<AppendResult> AppendAsync(
        Term term, Position previous, long size, IAsyncEnumerable<ReadOnlyMemory<byte>> pieces, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(pieces);
        FragmentPlan plan = FragmentPlan.For(size, Capabilities);
        EventNumber number = previous.Number.Next;
        using ChainHasher hasher = new();
        hasher.Begin(previous.Chain, number, size);
        byte[] first = ArrayPool<byte>.Shared.Rent(plan.Length(0));
        byte[] other = plan.Count > 1 ? ArrayPool<byte>.Shared.Rent(plan.FragmentSize) : [];
        try
        {
            int index = 0;
            int filled = 0;
            await foreach (ReadOnlyMemory<byte> piece in pieces.WithCancellation(cancel))
            {
                hasher.Add(piece.Span);
                for (ReadOnlyMemory<byte> left = piece; !left.IsEmpty;)
                {
                    byte[] target = index == 0 ? first : other;
                    int length = plan.Length(index);
                    int taken = Math.Min(left.Length, length - filled);
                    left.Span[..taken].CopyTo(target.AsSpan(filled));
                    left = left[taken..];
                    filled += taken;
                    if (filled < length)
                        break;
                    if (index > 0)
                    {
                        Stage stage = new(term, number, index, [other.AsMemory(0, length)]) { Size = size };
                        WriteOutcome staged = await RepeatAsync(token => Stored.StageAsync(stage, token), cancel);
                        // As with whole events: a conflict may be this very event, appended by an earlier attempt; the append tells.
                        if (staged is not (WriteOutcome.Committed or WriteOutcome.Conflict))
                            return new AppendResult(staged, previous);
                    }
                    index++;
                    filled = 0;
                }
            }
            Position last = new(number, hasher.End());
            WriteOutcome outcome = await AppendGroupAsync(
                new Append(term, previous, [new NewEvent(number, size, last.Chain, first.AsMemory(0, plan.Length(0)))]), cancel);
            return new AppendResult(outcome, outcome is WriteOutcome.Committed ? last : previous);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(first);
            ArrayPool<byte>.Shared.Return(other);
        }
    }
}
