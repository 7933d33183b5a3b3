namespace Seguro.Stores.Dqlite;

/// <summary>How much of the window is taken.</summary>
/// <param name="Rows">Events that are held, over all logs.</param>
/// <param name="Held">Payload bytes that are held or staged, over all logs.</param>
/// <param name="Cap">The window.</param>
readonly record struct DqliteRoom(long Rows, long Held, long Cap)
{
    /// <summary>How many payload bytes the next event may have.</summary>
    public long Bytes => (Rows + 1) * DqliteSql.RowCost > Cap ? 0 : Math.Max(0, Cap - Held);

    /// <summary>Would this fit?</summary>
    public bool Fits(long bytes, long rows) => Held + bytes <= Cap && (Rows + rows) * DqliteSql.RowCost <= Cap;

    /// <summary>Reads it.</summary>
    public static async ValueTask<DqliteRoom> ReadAsync(DqliteSession session, CancellationToken cancel)
    {
        using DqliteRows rows = await session.QueryAsync(DqliteSql.Room, [], cancel);
        return rows.Read() ? new DqliteRoom(rows.Integer(0), rows.Integer(1), rows.Integer(2)) : throw new InvalidOperationException("An aggregate has a row.");
    }
}
