using Seguro.Core;

namespace Seguro.Piers.Transfer;

/// <summary>The events that a pier and a log both have, and whether they are the same.</summary>
/// <remarks>
/// Compared by chain: the log's chain before the overlap, carried on over the pier's events, must end in the log's chain at the
/// overlap's end. So nothing but 32 bytes leaves the store where both are the same.
/// </remarks>
sealed class PierOverlap(Pier pier, EventLog log, LogState state, ulong most = ulong.MaxValue)
{
    /// <summary>The first event that both have, or would have; of more than <c>most</c>, the first of the newest.</summary>
    public EventNumber First { get; } = Max(Max(pier.Info.First, state.First), new EventNumber(Newest(pier, state, most)));

    /// <summary>The last event that both have; below <see cref="First"/> where there is none.</summary>
    public EventNumber Last { get; } = Min(pier.Info.Last, state.Head.Number);

    public bool IsEmpty => Last < First;

    public ulong Count => IsEmpty ? 0 : Last - First + 1;

    /// <summary>The first event that differs; <see langword="null"/> where none does. Counts the pier's bytes on <paramref name="meter"/>.</summary>
    public async ValueTask<EventNumber?> FindDifferenceAsync(TransferMeter meter, CancellationToken cancel)
    {
        if (IsEmpty)
            return null;
        Chain before = First == state.First ? state.Base.Chain : (await log.ReadPositionAsync(First.Previous, cancel)).Chain;
        Chain expected = Last == state.Head.Number ? state.Head.Chain : (await log.ReadPositionAsync(Last, cancel)).Chain;
        return Fold(new Position(First.Previous, before), Last, meter, cancel).Chain == expected
            ? null
            : await SearchAsync(new Position(First.Previous, before), cancel);
    }

    /// <summary>
    /// Halves the range by the chains that the store has for single events: the pier is read at most twice, the store answers
    /// about as often as the range has binary digits. Where it has no such chains, the bytes are compared.
    /// </summary>
    private async ValueTask<EventNumber> SearchAsync(Position equal, CancellationToken cancel)
    {
        TransferMeter uncounted = new(progress: null, TransferStep.Comparing, 0, 0);
        EventNumber different = Last;
        while (different - equal.Number > 1)
        {
            EventNumber middle = equal.Number + ((different - equal.Number) / 2);
            if (await log.Stored.ReadChainAsync(middle, cancel) is not { } stored)
                return await EventComparison.FindFirstAsync(pier, log, state, equal.Number.Next, different, uncounted, cancel) ?? different;
            Position reached = Fold(equal, middle, uncounted, cancel);
            if (reached.Chain == stored)
                equal = reached;
            else
                different = middle;
        }
        return different;
    }

    private Position Fold(Position position, EventNumber to, TransferMeter meter, CancellationToken cancel)
    {
        using ChainHasher hasher = new();
        foreach (PierPiece piece in pier.ReadPieces(position.Number.Next, to))
        {
            cancel.ThrowIfCancellationRequested();
            if (piece.Offset == 0)
                hasher.Begin(position.Chain, piece.Number, piece.Size);
            hasher.Add(piece.Bytes.Span);
            if (piece.IsLast)
                position = new Position(piece.Number, hasher.End());
            meter.Add(piece.IsLast ? 1UL : 0, piece.Bytes.Length);
        }
        return position;
    }

    private static ulong Newest(Pier pier, LogState state, ulong most)
    {
        ulong last = Min(pier.Info.Last, state.Head.Number).Value;
        return last > most ? last - most + 1 : 0;
    }

    private static EventNumber Max(EventNumber left, EventNumber right) => left > right ? left : right;

    private static EventNumber Min(EventNumber left, EventNumber right) => left < right ? left : right;
}
