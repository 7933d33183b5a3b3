namespace Seguro.Stores.Dqlite;

/// <summary>The tables, and the statements that change and read them.</summary>
/// <remarks>
/// <para>An event's key is <c>log.id &lt;&lt; 44 | number − log.origin</c>: one integer, so that the rows of a log lie in order in the table's own tree. Appending
/// then changes one page, and pages are full; with a key of two columns SQLite spills rows above a quarter of a page, and appends split pages in halves.</para>
/// <para>The head is the row with the log's highest key, or the log's base. So one INSERT moves the head, and fragments that were staged
/// become visible with it. <c>total</c> is the running sum of sizes over the log's life: the bytes of any range are a difference.</para>
/// </remarks>
static class DqliteSql
{
    /// <summary>The version of these tables.</summary>
    public const long SchemaVersion = 1;

    /// <summary>How many bits of a key number the events of one log.</summary>
    public const int OffsetBits = 44;

    /// <summary>The largest row count is such that rows without payload stay below the cap, too: what a row costs beside its payload, in bytes.</summary>
    public const int RowCost = 64;

    /// <summary>How many events one trimming step deletes.</summary>
    public const int TrimStep = 256;

    /// <summary>Makes the tables, followed by a row for <c>seguro</c>: all of them in one transaction, so that what is there already is another's who was first.</summary>
    public const string CreateTables = """
        CREATE TABLE IF NOT EXISTS seguro(id INTEGER PRIMARY KEY CHECK(id = 1), schema INTEGER NOT NULL, cap INTEGER NOT NULL, barrier INTEGER NOT NULL);
        CREATE TABLE IF NOT EXISTS log(id INTEGER PRIMARY KEY CHECK(id < 524288), ship TEXT NOT NULL UNIQUE, origin INTEGER NOT NULL,
          base INTEGER NOT NULL, base_chain BLOB NOT NULL, base_term INTEGER NOT NULL, base_total INTEGER NOT NULL,
          term INTEGER NOT NULL, holder TEXT NOT NULL, renewals INTEGER NOT NULL, duration INTEGER NOT NULL);
        CREATE TABLE IF NOT EXISTS event(key INTEGER PRIMARY KEY, term INTEGER NOT NULL, size INTEGER NOT NULL, total INTEGER NOT NULL,
          chain BLOB NOT NULL, payload BLOB NOT NULL);
        CREATE TABLE IF NOT EXISTS fragment(event INTEGER NOT NULL, idx INTEGER NOT NULL, stamp INTEGER NOT NULL, bytes BLOB NOT NULL,
          PRIMARY KEY(event, idx)) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS metadata(log INTEGER NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY(log, key)) WITHOUT ROWID;
        CREATE VIEW IF NOT EXISTS held(log, rows, bytes) AS
          SELECT l.id, coalesce(z.key - a.key + 1, 0), coalesce(z.total - a.total + a.size, 0)
            + coalesce((SELECT sum(length(bytes)) FROM fragment
                        WHERE event > max(coalesce(z.key, 0), l.base) AND event < ((l.id + 1) << 44)), 0)
          FROM log l
          LEFT JOIN event z ON z.key = (SELECT max(key) FROM event WHERE key > (l.id << 44) AND key < ((l.id + 1) << 44))
          LEFT JOIN event a ON a.key = (SELECT min(key) FROM event WHERE key > (l.id << 44) AND key < ((l.id + 1) << 44));

        """;

    /// <summary>A write that changes something in any case: where it succeeds, a majority of the nodes has agreed on all before it.</summary>
    public const string Barrier = "UPDATE seguro SET barrier = barrier + 1";

    /// <summary>The names of the tables that there are.</summary>
    public const string Tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' LIMIT 100";

    /// <summary>The schema's version and the cap.</summary>
    public const string Schema = "SELECT schema, cap FROM seguro WHERE id = 1";

    /// <summary>Sets the cap, where what is held fits below it. 1: the cap.</summary>
    public const string SetCap = "UPDATE seguro SET cap = ?1 WHERE id = 1 AND (SELECT coalesce(sum(h.bytes), 0) FROM held h) <= ?1";

    /// <summary>The rows and bytes that are held, and the cap.</summary>
    public const string Room = "SELECT coalesce(sum(h.rows), 0), coalesce(sum(h.bytes), 0), (SELECT cap FROM seguro) FROM held h";

    /// <summary>Gives the store its identity where it has none: ?1 key, ?2 identity. Under id 0, which no log has.</summary>
    public const string GiveIdentity = "INSERT INTO metadata(log, key, value) VALUES(0, ?1, ?2) ON CONFLICT DO NOTHING";

    /// <summary>The store's identity: ?1 key.</summary>
    public const string Identity = "SELECT value FROM metadata WHERE log = 0 AND key = ?1";

    /// <summary>A ship's log: ?1 ship.</summary>
    public const string FindLog = "SELECT id, origin FROM log WHERE ship = ?1";

    /// <summary>All ships.</summary>
    public const string Ships = "SELECT ship FROM log ORDER BY ship";

    /// <summary>A log's state: ?1 log.</summary>
    public const string State = "SELECT l.base, l.base_chain, l.base_term, l.base_total, l.term, l.holder, l.renewals, l.duration, "
        + "e.key, e.term, e.chain, e.total FROM " + LogAndHead + " WHERE l.id = ?1";

    /// <summary>A log's lease: ?1 log.</summary>
    public const string Lease = "SELECT term, holder, renewals, duration FROM log WHERE id = ?1";

    /// <summary>The highest key that there is: ?1 log.</summary>
    public const string HeadKey = "SELECT coalesce(e.key, l.base) FROM " + LogAndHead + " WHERE l.id = ?1";

    /// <summary>Appends one event that is not staged: ?1 log, ?2 key of the head, ?3 term, ?4 chain of the head, ?5 size, ?6 chain, ?7 payload.</summary>
    public const string AppendOne = "INSERT INTO event(key, term, size, total, chain, payload) "
        + "SELECT ?2 + 1, ?3, ?5, coalesce(e.total, l.base_total) + ?5, ?6, ?7 FROM " + LogAndHead + " WHERE " + IsHead
        + " AND (SELECT CASE WHEN " + Taken + " + ?5 + 64 <= s.cap THEN 1 "
        + "ELSE (SELECT sum(h.bytes) + ?5 <= s.cap AND (sum(h.rows) + 1) * 64 <= s.cap FROM held h) END FROM seguro s)";

    /// <summary>
    /// Appends a group: ?1 log, ?2 key of the head, ?3 term, ?4 chain of the head, ?5 records (<see cref="AppendRecords"/>), ?6 all fragments 0 in one blob,
    /// ?7 the blob's length, ?8 how many events, ?9 how many of them have staged fragments, ?10 the sum of the stamps of those or NULL.
    /// (To SQLite, a part of an empty blob is NULL.)
    /// </summary>
    public const string AppendGroup = """
        WITH RECURSIVE
        i(k) AS (SELECT 0 UNION ALL SELECT k + 1 FROM i WHERE k + 1 < ?8),
        rec(k, size, upto, at, len, chain) AS MATERIALIZED (
          SELECT k, CAST(substr(?5, k * 96 + 1, 16) AS INTEGER), CAST(substr(?5, k * 96 + 17, 16) AS INTEGER),
            CAST(substr(?5, k * 96 + 33, 16) AS INTEGER), CAST(substr(?5, k * 96 + 49, 16) AS INTEGER), substr(?5, k * 96 + 65, 32)
          FROM i),
        gate(total) AS MATERIALIZED (
          SELECT coalesce(e.total, l.base_total) FROM
        """ + " " + LogAndHead + " WHERE " + IsHead + """

          AND (SELECT CASE WHEN
        """ + Taken + """
         + ?7 + ?8 * 64 <= s.cap THEN 1
            ELSE (SELECT sum(h.bytes) + ?7 <= s.cap AND (sum(h.rows) + ?8) * 64 <= s.cap FROM held h) END FROM seguro s)
          AND (?9 = 0 OR NOT EXISTS (SELECT 1 FROM rec r WHERE r.size > r.len AND NOT EXISTS (
            SELECT 1 FROM (SELECT idx, row_number() OVER (ORDER BY idx) AS place, sum(length(bytes)) OVER (ORDER BY idx) AS bytes,
                             sum(stamp) OVER (ORDER BY idx) AS stamps FROM fragment WHERE event = ?2 + 1 + r.k) f
            WHERE f.idx = f.place AND f.bytes = r.size - r.len AND (?10 IS NULL OR f.stamps = ?10)))))
        INSERT INTO event(key, term, size, total, chain, payload)
        SELECT ?2 + 1 + r.k, ?3, r.size, g.total + r.upto, r.chain, coalesce(substr(?6, r.at + 1, r.len), X'') FROM gate g CROSS JOIN rec r
        """;

    /// <summary>
    /// Stages one fragment: ?1 log, ?2 key, ?3 term, ?4 index, ?5 stamp, ?6 bytes, ?7 their length, ?8 the event's whole size or 0. The room is that of the
    /// whole event, so that one that does not fit is refused before its first fragment.
    /// </summary>
    public const string StageOne = "INSERT OR REPLACE INTO fragment(event, idx, stamp, bytes) SELECT ?2, ?4, ?5, ?6 FROM " + LogAndHead
        + " WHERE l.id = ?1 AND l.term = ?3 AND ?2 > l.base AND ?2 > coalesce(e.key, l.base) AND (SELECT CASE WHEN " + Taken + " + max(?7, ?8) <= s.cap THEN 1 "
        + "ELSE (SELECT sum(h.bytes) + max(?7, ?8 - " + StagedBytes + ") <= s.cap FROM held h) END FROM seguro s)";

    /// <summary>How much one event has staged: ?2 key.</summary>
    public const string Staged = "SELECT " + StagedBytes;

    /// <summary>Removes a step of the fragments above the head: ?1 log, ?2 term.</summary>
    public const string DropStaged = "DELETE FROM fragment WHERE (event, idx) IN (SELECT f.event, f.idx FROM " + LogAndHead
        + " JOIN fragment f ON f.event > max(coalesce(e.key, l.base), l.base) AND f.event < ((l.id + 1) << 44) WHERE l.id = ?1 AND l.term = ?2 LIMIT 16)";

    /// <summary>Takes the lease: ?1 log, ?2 … ?5 the expected term, holder, renewals and duration, ?6 term, ?7 holder, ?8 duration.</summary>
    public const string Campaign = "UPDATE log SET term = ?6, holder = ?7, renewals = 0, duration = ?8 "
        + "WHERE id = ?1 AND term = ?2 AND holder = ?3 AND renewals = ?4 AND duration = ?5";

    /// <summary>Renews the lease: ?1 log, ?2 term, ?3 holder.</summary>
    public const string Renew = "UPDATE log SET renewals = renewals + 1 WHERE id = ?1 AND term = ?2 AND holder = ?3 AND holder <> ''";

    /// <summary>Frees the lease: ?1 log, ?2 term, ?3 holder.</summary>
    public const string Resign = "UPDATE log SET holder = '', renewals = renewals + 1 WHERE id = ?1 AND term = ?2 AND holder = ?3 AND holder <> ''";

    /// <summary>All metadata: ?1 log.</summary>
    public const string Metadata = "SELECT key, value FROM metadata WHERE log = ?1 ORDER BY key";

    /// <summary>One value: ?1 log, ?2 key.</summary>
    public const string MetadataValue = "SELECT value FROM metadata WHERE log = ?1 AND key = ?2";

    /// <summary>A first value: ?1 log, ?2 term, ?3 key, ?4 value.</summary>
    public const string AddMetadata = "INSERT INTO metadata(log, key, value) SELECT ?1, ?3, ?4 FROM log "
        + "WHERE id = ?1 AND term = ?2 AND NOT EXISTS (SELECT 1 FROM metadata WHERE log = ?1 AND key = ?3)";

    /// <summary>Another value: ?1 log, ?2 term, ?3 key, ?4 value, ?5 expected.</summary>
    public const string ChangeMetadata = "UPDATE metadata SET value = ?4 WHERE log = ?1 AND key = ?3 AND value = ?5 "
        + "AND EXISTS (SELECT 1 FROM log WHERE id = ?1 AND term = ?2)";

    /// <summary>Moves the base up: ?1 log, ?2 term, ?3 key of the new base.</summary>
    public const string MoveBase = "UPDATE log SET (base, base_chain, base_term, base_total) = (SELECT key, chain, term, total FROM event WHERE key = ?3) "
        + "WHERE id = ?1 AND term = ?2 AND base < ?3 AND EXISTS (SELECT 1 FROM event WHERE key = ?3)";

    /// <summary>Deletes a step of the fragments below the base: ?1 log.</summary>
    public const string TrimFragments = "DELETE FROM fragment WHERE (event, idx) IN (SELECT f.event, f.idx FROM log l "
        + "JOIN fragment f ON f.event > (l.id << 44) AND f.event <= l.base WHERE l.id = ?1 ORDER BY f.event, f.idx LIMIT 16)";

    /// <summary>Deletes a step of the events below the base, the lowest first, so that the head stays the highest: ?1 log, ?2 how many.</summary>
    public const string TrimEvents = "DELETE FROM event WHERE key IN (SELECT e.key FROM log l "
        + "JOIN event e ON e.key > (l.id << 44) AND e.key <= l.base WHERE l.id = ?1 ORDER BY e.key LIMIT ?2)";

    /// <summary>A page of events: ?1 log, ?2 first key, ?3 last key, ?4 how many more bytes than the first event.</summary>
    public const string Page = "SELECT e.key, e.size, e.chain, e.payload FROM event e WHERE e.key >= ?2 AND e.key <= ?3 "
        + "AND e.key > (SELECT base FROM log WHERE id = ?1) "
        + "AND e.total <= ?4 + (SELECT total FROM event WHERE key >= max(?2, (SELECT base + 1 FROM log WHERE id = ?1)) ORDER BY key LIMIT 1) ORDER BY e.key";

    /// <summary>One staged fragment: ?1 key, ?2 index.</summary>
    public const string Fragment = "SELECT bytes FROM fragment WHERE event = ?1 AND idx = ?2";

    /// <summary>A chain: ?1 log, ?2 key.</summary>
    public const string ChainAt = "SELECT chain FROM event WHERE key = ?2 AND key > (SELECT base FROM log WHERE id = ?1) "
        + "UNION ALL SELECT base_chain FROM log WHERE id = ?1 AND base = ?2";

    /// <summary>
    /// What the events take at most, in bytes: what the tables take, and a third more, because a row without payload counts for <see cref="RowCost"/> and takes
    /// no fewer than 51 (its cell: 2 of pointer, 1 and 7 of length and key, 7 of header, 2 and 32 of numbers and chain). Where this fits below the cap, nothing is to be
    /// summed up over the logs, of which there may be thousands; only a store that is nearly full counts exactly.
    /// </summary>
    private const string Taken = "(SELECT (p.page_count - f.freelist_count) * z.page_size * 4 / 3 "
        + "FROM pragma_page_count p, pragma_freelist_count f, pragma_page_size z)";

    private const string LogAndHead = "log l LEFT JOIN event e ON e.key = "
        + "(SELECT max(key) FROM event WHERE key > (l.id << 44) AND key < ((l.id + 1) << 44))";

    private const string IsHead = "l.id = ?1 AND l.term = ?3 AND coalesce(e.key, l.base) = ?2 AND coalesce(e.chain, l.base_chain) = ?4";

    private const string StagedBytes = "coalesce((SELECT sum(length(bytes)) FROM fragment WHERE event = ?2), 0)";
}
