using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Seguro.Core;

namespace Seguro.Stores.Sqlite;

/// <summary>A log's row: its state, and the checksum that finds a flipped bit in it.</summary>
/// <param name="State">The state.</param>
/// <param name="Total">The bytes of all events that the log ever held up to its head, trimmed ones included.</param>
readonly record struct SqliteRow(LogState State, long Total)
{
    private const string Columns =
        "base_number, base_chain, head_term, head_number, head_chain, bytes, total, lease_term, lease_holder, lease_renewals, lease_ticks, seal";

    /// <summary>Reads a log's row; <see langword="null"/> where there is none.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.Corrupt"/>: the row is not what was written.</exception>
    public static SqliteRow? Read(SqliteSession session, long log, Ship ship)
    {
        SqliteStatement row = session.Prepare($"SELECT {Columns} FROM log WHERE id = ?1").Bind(log);
        try
        {
            if (!row.Step())
                return null;
            if (row.Size(1) != Chain.Size || row.Size(4) != Chain.Size)
                throw Damaged(ship, "the state");
            Position start = new(new EventNumber(row.Unsigned(0)), new Chain(row.Blob(1)));
            Head head = new(new Term(row.Unsigned(2)), new EventNumber(row.Unsigned(3)), new Chain(row.Blob(4)));
            Lease lease = new(new Term(row.Unsigned(7)), row.Text(8), row.Unsigned(9), TimeSpan.FromTicks(row.Number(10)));
            SqliteRow read = new(new LogState(start, head, lease, row.Number(5)), row.Number(6));
            return read.Seal(ship) == row.Number(11) ? read : throw Damaged(ship, "the state");
        }
        finally
        {
            row.Reset();
        }
    }

    /// <summary>Writes a new log's row and returns its id.</summary>
    public long Insert(SqliteSession session, Ship ship)
    {
        SqliteStatement insert = session.Prepare($"INSERT INTO log ({Columns}, ship) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)");
        Bind(insert, ship);
        insert.Bind(13, ship.Name).Run();
        return session.ReadNumber("SELECT last_insert_rowid()");
    }

    /// <summary>Writes the row of an existing log.</summary>
    public void Update(SqliteSession session, long log, Ship ship)
    {
        SqliteStatement update = session.Prepare($"UPDATE log SET ({Columns}) = (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) WHERE id = ?13");
        Bind(update, ship);
        update.Bind(13, log).Run();
    }

    /// <summary>The checksum over a value of the metadata.</summary>
    public static long Seal(Ship ship, string key, ReadOnlySpan<byte> value)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{ship} {key} "));
        hash.AppendData(value);
        return BinaryPrimitives.ReadInt64LittleEndian(hash.GetHashAndReset());
    }

    /// <summary>The error for a row that is not what was written.</summary>
    public static SeguroException Damaged(Ship ship, string what) => new(
        ErrorCode.Corrupt, $"{what} of the log of {ship} is damaged: it does not match its checksum", "Restore the log from another copy or from a backup.");

    private void Bind(SqliteStatement statement, Ship ship)
    {
        Span<byte> chain = stackalloc byte[Chain.Size];
        State.Base.Chain.CopyTo(chain);
        statement.Bind(1, Signed(State.Base.Number.Value)).Bind(2, chain);
        State.Head.Chain.CopyTo(chain);
        statement.Bind(3, Signed(State.Head.Term.Value)).Bind(4, Signed(State.Head.Number.Value)).Bind(5, chain).Bind(6, State.Bytes).Bind(7, Total);
        statement.Bind(8, Signed(State.Lease.Term.Value)).Bind(9, State.Lease.Holder).Bind(10, Signed(State.Lease.Renewals));
        statement.Bind(11, State.Lease.Duration.Ticks).Bind(12, Seal(ship));
    }

    private long Seal(Ship ship)
    {
        string text = $"{ship} {State.Base.Number} {State.Base.Chain} {State.Head.Term} {State.Head.Number} {State.Head.Chain} {State.Bytes} {Total} "
            + $"{State.Lease.Term} {State.Lease.Renewals} {State.Lease.Duration.Ticks} {State.Lease.Holder}";
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(text), digest);
        return BinaryPrimitives.ReadInt64LittleEndian(digest);
    }

    private static long Signed(ulong value) => unchecked((long)value);
}
