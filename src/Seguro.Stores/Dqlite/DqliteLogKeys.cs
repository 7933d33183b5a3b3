using Seguro.Core;

namespace Seguro.Stores.Dqlite;

/// <summary>The keys of one log's events: see <see cref="DqliteSql"/>.</summary>
/// <param name="Log">The log's number in the database.</param>
/// <param name="Origin">The number before the log's first event, at the time when it was made.</param>
readonly record struct DqliteLogKeys(long Log, ulong Origin)
{
    private const long MostEvents = (1L << DqliteSql.OffsetBits) - 1;

    /// <summary>The key that stands before all events.</summary>
    public long First => Log << DqliteSql.OffsetBits;

    /// <summary>The highest key that an event may have.</summary>
    public long Last => First + MostEvents;

    /// <summary>The event's key, which is <see cref="First"/> for those at or before the origin, <see cref="Last"/> for those too far away.</summary>
    public long Clamped(EventNumber number) => number.Value <= Origin ? First : First + (long)Math.Min(number.Value - Origin, MostEvents);

    /// <summary>The event's key, if the log can hold the event.</summary>
    public long? Of(EventNumber number) => number.Value < Origin || number.Value - Origin > MostEvents ? null : First + (long)(number.Value - Origin);

    /// <summary>The event with this key.</summary>
    public EventNumber Number(long key) => new(unchecked(Origin + (ulong)(key - First)));
}
