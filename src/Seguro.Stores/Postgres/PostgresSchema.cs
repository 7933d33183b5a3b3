using Npgsql;
using Seguro.Core;

namespace Seguro.Stores.Postgres;

/// <summary>The tables in the schema <c>seguro</c>, and the record that says who made them.</summary>
static class PostgresSchema
{
    /// <summary>The version that this program makes and understands.</summary>
    public const int Version = 1;

    private const string Maker = "seguro event logs";

    /// <summary>Key of the advisory lock under which the schema is made: "seguro" in ASCII.</summary>
    private const long CreationLock = 0x73656775726F;

    // seguro.log: one row a log, updated by every append; room on its page lets PostgreSQL put the new version beside the old (a HOT
    // update, which touches no index), and autovacuum is told not to wait for a fifth of a big table.
    // Payloads are jams, which do not compress: EXTERNAL spares the attempt and lets parts of a value be read alone.
    private const string Tables = $"""
        CREATE SCHEMA IF NOT EXISTS seguro;
        CREATE TABLE seguro.about (
            single boolean PRIMARY KEY DEFAULT true CHECK (single),
            maker text NOT NULL,
            version integer NOT NULL);
        CREATE TABLE seguro.log (
            id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            ship text COLLATE "C" NOT NULL UNIQUE,
            base_number bigint NOT NULL,
            base_chain bytea NOT NULL,
            head_term bigint NOT NULL DEFAULT 0,
            head_number bigint NOT NULL,
            head_chain bytea NOT NULL,
            lease_term bigint NOT NULL DEFAULT 0,
            lease_holder text COLLATE "C" NOT NULL DEFAULT '',
            lease_renewals bigint NOT NULL DEFAULT 0,
            lease_ticks bigint NOT NULL DEFAULT 0,
            bytes bigint NOT NULL DEFAULT 0,
            barrier bigint NOT NULL DEFAULT 0)
            WITH (fillfactor = 10, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0);
        CREATE TABLE seguro.event (
            log integer NOT NULL,
            n bigint NOT NULL,
            term bigint NOT NULL,
            size bigint NOT NULL,
            chain bytea NOT NULL,
            payload bytea STORAGE EXTERNAL NOT NULL,
            PRIMARY KEY (log, n));
        CREATE TABLE seguro.fragment (
            log integer NOT NULL,
            n bigint NOT NULL,
            idx integer NOT NULL,
            term bigint NOT NULL,
            bytes bytea STORAGE EXTERNAL NOT NULL,
            PRIMARY KEY (log, n, idx));
        CREATE TABLE seguro.metadata (
            log integer NOT NULL,
            key text COLLATE "C" NOT NULL,
            value bytea NOT NULL,
            PRIMARY KEY (log, key));
        COMMENT ON SCHEMA seguro IS 'Event logs of Urbit ships, kept by Seguro. Change nothing here by hand.';
        INSERT INTO seguro.about (maker, version) VALUES ('{Maker}', 1);
        """;

    // Before PostgreSQL 16, STORAGE can't be given in CREATE TABLE.
    private static string Portable => Tables.Replace(" STORAGE EXTERNAL", "", StringComparison.Ordinal) + """

        ALTER TABLE seguro.event ALTER COLUMN payload SET STORAGE EXTERNAL;
        ALTER TABLE seguro.fragment ALTER COLUMN bytes SET STORAGE EXTERNAL;
        """;

    /// <summary>Checks that the schema is one of Seguro's; makes it where it is missing and <paramref name="create"/> says so.</summary>
    /// <remarks>Two creators at once: one waits for the other and finds the work done.</remarks>
    /// <exception cref="SeguroException"><see cref="ErrorCode.ForeignDatabase"/>, <see cref="ErrorCode.NewerSchema"/>.</exception>
    public static async ValueTask PrepareAsync(NpgsqlConnection connection, bool create, string where, CancellationToken cancel)
    {
        if (await ExistsAsync(connection, where, cancel) || !create)
            return;
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancel);
        await using (NpgsqlCommand turn = new($"SELECT pg_advisory_xact_lock($1) WHERE {Statements.Durably}", connection))
        {
            turn.Parameters.Add(new NpgsqlParameter<long> { TypedValue = CreationLock });
            await turn.ExecuteNonQueryAsync(cancel);
        }
        if (await ExistsAsync(connection, where, cancel))
            return;
        await using (NpgsqlCommand tables = new(Portable, connection))
            await tables.ExecuteNonQueryAsync(cancel);
        await transaction.CommitAsync(cancel);
    }

    private static async ValueTask<bool> ExistsAsync(NpgsqlConnection connection, string where, CancellationToken cancel)
    {
        // An empty schema may have been made by an administrator for a role that can't make schemas itself.
        const string Look = """
            SELECT (SELECT count(*) FROM pg_class c WHERE c.relnamespace = n.oid),
                (SELECT count(*) FROM pg_attribute a WHERE a.attrelid = to_regclass('seguro.about')
                    AND a.attname IN ('maker', 'version') AND NOT a.attisdropped)
            FROM pg_namespace n WHERE n.nspname = 'seguro'
            """;
        long relations;
        long columns;
        await using (NpgsqlCommand look = new(Look, connection))
        await using (NpgsqlDataReader reader = await look.ExecuteReaderAsync(cancel))
        {
            if (!await reader.ReadAsync(cancel))
                return false;
            relations = reader.GetInt64(0);
            columns = reader.GetInt64(1);
        }
        if (relations == 0)
            return false;
        if (columns != 2)
            throw Foreign(where, "it has no record of Seguro's");
        await using NpgsqlCommand read = new("SELECT maker::text, version::integer FROM seguro.about", connection);
        await using NpgsqlDataReader about = await read.ExecuteReaderAsync(cancel);
        if (!await about.ReadAsync(cancel) || about.GetString(0) != Maker)
            throw Foreign(where, "its record names another program");
        int version = about.GetInt32(1);
        if (version > Version)
        {
            throw new SeguroException(
                ErrorCode.NewerSchema,
                $"the schema 'seguro' of {where} has version {version}; this Seguro knows versions up to {Version}",
                "Use the newer Seguro that made it. Nothing was changed.");
        }
        return true;
    }

    private static SeguroException Foreign(string where, string why) => new(
        ErrorCode.ForeignDatabase,
        $"the schema 'seguro' of {where} belongs to another program: {why}",
        "Name another database in the URL, such as one made by `createdb seguro`. Nothing was changed.");
}
