namespace Seguro.Stores.Postgres;

/// <summary>The SQL of the hot row and the events. Every statement that changes a log names its term.</summary>
/// <remarks>
/// <para>
/// All run under READ COMMITTED. There an UPDATE (or SELECT … FOR NO KEY UPDATE) that had to wait for another writer of the row checks
/// its WHERE again on the row's new version, so a campaign that commits meanwhile fences the statement exactly.
/// The rest of such a statement still sees the database as it was when the statement began; where that would matter, the row is
/// locked by a statement of its own, sent in the same round trip.
/// </para>
/// <para>
/// No transaction that holds the hot row's lock waits for its client: a client that is frozen (not dead) at the worst moment must not keep
/// the others from taking over.
/// </para>
/// </remarks>
static class Statements
{
    /// <summary>The columns of a state, in the order that <c>PostgresLog</c> reads them.</summary>
    public const string State =
        "base_number, base_chain, head_term, head_number, head_chain, lease_term, lease_holder, lease_renewals, lease_ticks, bytes";

    /// <summary>id → state. A write, so that its commit waits for the standbys, and with it for all that was committed before.</summary>
    public const string Barrier = $"UPDATE seguro.log SET barrier = barrier + 1 WHERE id = $1 RETURNING {State}";

    /// <summary>id, term, previous number, previous chain, last number, last chain, bytes, sizes, chains (32 bytes each, in one), payloads.</summary>
    public const string Append = """
        WITH fence AS (
            UPDATE seguro.log SET head_term = $2, head_number = $5, head_chain = $6, bytes = bytes + $7
            WHERE id = $1 AND lease_term = $2 AND head_number = $3 AND head_chain = $4
            RETURNING id)
        INSERT INTO seguro.event (log, n, term, size, chain, payload)
        SELECT fence.id, $3 + e.place, $2, e.size, substring($9 FROM ((e.place - 1) * 32 + 1)::integer FOR 32), e.payload
        FROM fence, unnest($8, $10) WITH ORDINALITY AS e (size, payload, place)
        """;

    /// <summary>id, term, previous number, previous chain, chain, size, payload: as <see cref="Append"/>, of one event.</summary>
    public const string AppendOne = """
        WITH fence AS (
            UPDATE seguro.log SET head_term = $2, head_number = $3 + 1, head_chain = $5, bytes = bytes + $6
            WHERE id = $1 AND lease_term = $2 AND head_number = $3 AND head_chain = $4
            RETURNING id)
        INSERT INTO seguro.event (log, n, term, size, chain, payload) SELECT id, $3 + 1, $2, $6, $5, $7 FROM fence
        """;

    /// <summary>
    /// The fence of a bulk append, after its rows were copied: as <see cref="Append"/>, $1 to $7. Fails with 22012 (division by zero) where
    /// it does not match, so that the COMMIT behind it in the same round trip is not reached.
    /// </summary>
    public const string BulkFence = """
        WITH fence AS (
            UPDATE seguro.log SET head_term = $2, head_number = $5, head_chain = $6, bytes = bytes + $7
            WHERE id = $1 AND lease_term = $2 AND head_number = $3 AND head_chain = $4
            RETURNING id)
        SELECT 1 / count(*) FROM fence
        """;

    /// <summary>The rows of a bulk append.</summary>
    public const string BulkRows = "COPY seguro.event (log, n, term, size, chain, payload) FROM STDIN (FORMAT BINARY)";

    /// <summary>id. Marks a transaction that is open while its client sends rows, for <see cref="EndBulk"/>.</summary>
    public const string MarkBulk = "SELECT pg_advisory_xact_lock_shared(1397180229, $1::integer)";

    /// <summary>id. Ends other clients' bulk appends of a log: their uncommitted rows would make a new master's appends wait.</summary>
    public const string EndBulk = """
        SELECT pg_terminate_backend(l.pid) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
        WHERE l.locktype = 'advisory' AND l.classid = 1397180229 AND l.objid = $1::integer AND l.objsubid = 2
            AND d.datname = current_database() AND l.pid <> pg_backend_pid()
        """;

    /// <summary>id, term, number, index, bytes.</summary>
    public const string Stage = """
        WITH fence AS (
            SELECT id FROM seguro.log WHERE id = $1 AND lease_term = $2 AND head_number < $3 FOR NO KEY UPDATE)
        INSERT INTO seguro.fragment (log, n, idx, term, bytes)
        SELECT id, $3, $4, $2, $5 FROM fence
        ON CONFLICT (log, n, idx) DO UPDATE SET term = excluded.term, bytes = excluded.bytes
        """;

    /// <summary>
    /// id, term. Fragments above the head that were staged in earlier terms. The term of each row is what makes it safe without a lock: a row that a
    /// later master staged anew in the meantime is not deleted.
    /// </summary>
    public const string RemoveStaged =
        "DELETE FROM seguro.fragment WHERE log = $1 AND term < $2 AND n > (SELECT head_number FROM seguro.log WHERE id = $1)";

    /// <summary>id, expected term, holder, renewals, ticks, then candidate and its ticks.</summary>
    public const string Campaign = """
        UPDATE seguro.log SET lease_term = lease_term + 1, lease_holder = $6, lease_renewals = 0, lease_ticks = $7
        WHERE id = $1 AND lease_term = $2 AND lease_holder = $3 AND lease_renewals = $4 AND lease_ticks = $5
        RETURNING lease_term, lease_holder, lease_renewals, lease_ticks
        """;

    /// <summary>id, term, holder.</summary>
    public const string Renew = """
        UPDATE seguro.log SET lease_renewals = lease_renewals + 1
        WHERE id = $1 AND lease_term = $2 AND lease_holder = $3 AND lease_holder <> ''
        RETURNING lease_term, lease_holder, lease_renewals, lease_ticks
        """;

    /// <summary>id, term, holder.</summary>
    public const string Resign = """
        UPDATE seguro.log SET lease_holder = '', lease_renewals = lease_renewals + 1
        WHERE id = $1 AND lease_term = $2 AND lease_holder = $3 AND lease_holder <> ''
        RETURNING lease_term, lease_holder, lease_renewals, lease_ticks
        """;

    /// <summary>id, term. Locks the row, where the term is current, before a statement that must see what was committed until now.</summary>
    public const string Lock = "SELECT FROM seguro.log WHERE id = $1 AND lease_term = $2 FOR NO KEY UPDATE";

    /// <summary>id, term, key, value: where the key is absent.</summary>
    public const string AddMetadata = """
        INSERT INTO seguro.metadata (log, key, value)
        SELECT id, $3, $4 FROM seguro.log WHERE id = $1 AND lease_term = $2
        ON CONFLICT (log, key) DO NOTHING
        """;

    /// <summary>id, term, key, value, expected value.</summary>
    public const string ChangeMetadata = """
        UPDATE seguro.metadata m SET value = $4 FROM seguro.log l
        WHERE l.id = $1 AND l.lease_term = $2 AND m.log = l.id AND m.key = $3 AND m.value = $5
        """;

    /// <summary>id, key.</summary>
    public const string OneMetadata = "SELECT value FROM seguro.metadata WHERE log = $1 AND key = $2";

    /// <summary>id.</summary>
    public const string AllMetadata = "SELECT key, value FROM seguro.metadata WHERE log = $1";

    /// <summary>id, term, new base.</summary>
    public const string MoveBase = """
        UPDATE seguro.log l SET base_number = $3,
            base_chain = (SELECT e.chain FROM seguro.event e WHERE e.log = l.id AND e.n = $3),
            bytes = bytes - (SELECT coalesce(sum(e.size), 0) FROM seguro.event e WHERE e.log = l.id AND e.n > l.base_number AND e.n <= $3)
        WHERE l.id = $1 AND l.lease_term = $2 AND l.base_number < $3 AND l.head_number >= $3
        """;

    /// <summary>id, base, how many. Rows at or below a base stay invisible for ever, so this needs no fence.</summary>
    public const string RemoveEvents = """
        DELETE FROM seguro.event WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM seguro.event WHERE log = $1 AND n <= $2 ORDER BY n LIMIT $3))
        """;

    /// <summary>id, base, how many.</summary>
    public const string RemoveFragments = """
        DELETE FROM seguro.fragment WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM seguro.fragment WHERE log = $1 AND n <= $2 ORDER BY n, idx LIMIT $3))
        """;

    /// <summary>id → lease.</summary>
    public const string ObserveLease = "SELECT lease_term, lease_holder, lease_renewals, lease_ticks FROM seguro.log WHERE id = $1";

    /// <summary>id → number.</summary>
    public const string ObserveHead = "SELECT head_number FROM seguro.log WHERE id = $1";

    /// <summary>id, number → chain.</summary>
    public const string ReadChain = """
        SELECT CASE WHEN l.base_number = $2 THEN l.base_chain
            ELSE (SELECT e.chain FROM seguro.event e WHERE e.log = l.id AND e.n = $2 AND e.n > l.base_number) END
        FROM seguro.log l WHERE l.id = $1
        """;

    /// <summary>
    /// id, from, to, most rows, most bytes → number, size, chain, length, payload. At least one row where there is one. The length of a value that
    /// is stored apart is known without fetching it.
    /// </summary>
    public const string ReadPage = """
        SELECT n, size, chain, length, payload FROM (
            SELECT n, size, chain, payload, octet_length(payload) AS length,
                sum(octet_length(payload)) OVER (ORDER BY n ROWS UNBOUNDED PRECEDING) AS total
            FROM seguro.event
            WHERE log = $1 AND n BETWEEN $2 AND $3 AND n > (SELECT base_number FROM seguro.log WHERE id = $1)
            ORDER BY n LIMIT $4) AS page
        WHERE total <= $5 OR total = length
        ORDER BY n
        """;

    /// <summary>id, number, index → bytes.</summary>
    public const string ReadFragment = "SELECT octet_length(bytes), bytes FROM seguro.fragment WHERE log = $1 AND n = $2 AND idx = $3";

    /// <summary>ship, base number, base chain, keys, values → id where it was made.</summary>
    public const string CreateLog = """
        WITH made AS (
            INSERT INTO seguro.log (ship, base_number, base_chain, head_number, head_chain) VALUES ($1, $2, $3, $2, $3)
            ON CONFLICT (ship) DO NOTHING RETURNING id),
        described AS (
            INSERT INTO seguro.metadata (log, key, value)
            SELECT made.id, m.key, m.value FROM made, unnest($4, $5) AS m (key, value))
        SELECT id FROM made
        """;

    /// <summary>
    /// key, identity → the store's identity: this one, where it had none. Always a write, so that its commit waits for the standbys, and with it for the one that
    /// another client gave. Under id 0, which no log has (PostgreSQL counts identities from 1).
    /// </summary>
    public const string Identity = """
        INSERT INTO seguro.metadata AS m (log, key, value) VALUES (0, $1, $2)
        ON CONFLICT (log, key) DO UPDATE SET value = m.value
        RETURNING value
        """;

    /// <summary>ship → id.</summary>
    public const string FindLog = "SELECT id FROM seguro.log WHERE ship = $1";

    /// <summary>All ships.</summary>
    public const string ListLogs = "SELECT ship FROM seguro.log ORDER BY ship COLLATE \"C\"";
}
