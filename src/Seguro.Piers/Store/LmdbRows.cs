using Seguro.Core;

namespace Seguro.Piers.Store;

/// <summary>Looks up the rows that are recorded for events, quickly for neighbours. Not safe for use by two threads at a time.</summary>
/// <remarks>
/// The newest environment has the rows of all that was there when Seguro first wrote to it; an older one those up to a roll of vere's. A row moves from
/// the tail to the table, never back: so the tail is asked first, and not again for events that were before it.
/// </remarks>
sealed class LmdbRows(PierFiles files)
{
    private readonly Place[] _places = [.. files.Epochs.Reverse().Select(static epoch => new Place(epoch))];
    private readonly byte[] _row = new byte[LmdbRecords.RowSize];

    /// <summary>The end of the log as it is recorded in an epoch; <see langword="null"/> where it is not.</summary>
    public static LmdbTail? ReadTail(PierEpoch epoch)
    {
        LmdbTail? tail = null;
        epoch.NewReader().ReadTable(PierMeta.Table, LmdbTail.Name, LmdbTail.LargestSize, (_, _, bytes) => tail = bytes is null ? null : LmdbTail.Read(bytes));
        return tail;
    }

    /// <summary>The chain that is recorded for an event.</summary>
    public Chain? ChainOf(EventNumber number) => Find(number)?.Chain;

    /// <summary>The chain and the term that are recorded for an event.</summary>
    public (Chain Chain, Term Term)? Find(EventNumber number)
    {
        foreach (Place place in _places)
        {
            if (place.MayBeInTail(number) && place.ReadTail()?.RowOf(number) is { } newest)
                return newest;
            if (place.Table.TryReadRow(number.Value, _row))
                return LmdbRecords.ReadRow(_row);
        }
        return null;
    }

    private sealed class Place(PierEpoch epoch)
    {
        private ulong _tailFirst;

        public EventReader Table { get; } = epoch.NewReader(LmdbRecords.Table);

        public bool MayBeInTail(EventNumber number) => number.Value >= _tailFirst;

        public LmdbTail? ReadTail()
        {
            LmdbTail? tail = LmdbRows.ReadTail(epoch);
            _tailFirst = tail?.First ?? ulong.MaxValue;
            return tail;
        }
    }
}
