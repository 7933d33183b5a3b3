using System.Net.Sockets;
using System.Security.Authentication;
using Npgsql;
using Seguro.Core;

namespace Seguro.Stores.Postgres;

/// <summary>What an exception of Npgsql's means: for a write, and for people.</summary>
static class PostgresFailure
{
    /// <summary>SQLSTATE of a unique key that is there already.</summary>
    public const string UniqueViolation = "23505";

    /// <summary>SQLSTATE of a division by zero: see <see cref="Statements.BulkFence"/>.</summary>
    public const string DivisionByZero = "22012";

    /// <summary>
    /// The write may have happened. An ERROR that the server reports undoes its transaction, always; a lost connection, a FATAL (which can come
    /// while a commit waits for the standbys) or a cancelled statement (57…) proves nothing.
    /// </summary>
    public static bool LeavesDoubt(Exception exception) =>
        exception is not PostgresException postgres || !IsPlainError(postgres) || postgres.SqlState.StartsWith("57", StringComparison.Ordinal);

    /// <summary>The connection is of no use any more.</summary>
    public static bool EndsConnection(Exception exception) => exception is not PostgresException postgres || !IsPlainError(postgres);

    /// <summary>Nothing was written, and another try, perhaps on another server, may succeed: a server that takes no writes, a deadlock.</summary>
    public static bool MayPass(Exception exception) =>
        exception is PostgresException { SqlState: "25006" or "40001" or "40P01" or "57P03" or "53300" };

    /// <summary>The server is a standby, or was made read-only: find the primary.</summary>
    public static bool IsReadOnly(Exception exception) => exception is PostgresException { SqlState: "25006" };

    /// <summary>The tables, or the schema, are not there.</summary>
    public static bool IsMissingTable(Exception exception) => exception is PostgresException { SqlState: "42P01" or "3F000" };

    /// <summary>Says what went wrong in a call, for people; nothing was written by it.</summary>
    public static SeguroException Explain(Exception exception, string where)
    {
        if (exception is SeguroException known)
            return known;
        if (exception is not PostgresException postgres)
            return Unavailable(where, Innermost(exception), exception);
        string said = $"{postgres.MessageText} (SQLSTATE {postgres.SqlState})";
        return postgres.SqlState switch
        {
            "53100" => new SeguroException(
                ErrorCode.DiskFull, $"{where} has no room left on its disk: {said}",
                "Nothing was written. Make room on the database's disk, or trim the log; then repeat.", exception),
            "55P03" => new SeguroException(
                ErrorCode.StoreUnavailable, $"{where}: another session held a lock for too long: {said}",
                "Nothing was written. See pg_stat_activity for sessions that wait (wait_event SyncRep: a standby is missing).", exception),
            "42501" => new SeguroException(
                ErrorCode.AccessDenied, $"{where} does not allow this to the user: {said}",
                "Grant the user CREATE on the database, or give it the schema 'seguro'.", exception),
            "23502" => new SeguroException(
                ErrorCode.Corrupt, $"{where} lacks an event that must be there: {said}",
                "Nothing was written. Run `seguro log verify`, and restore the log from another copy.", exception),
            "42P01" or "3F000" or "42703" => new SeguroException(
                ErrorCode.NoSuchLog, $"{where} lacks Seguro's tables: {said}",
                "Check the database's name in the URL; `seguro pier import` makes the tables.", exception),
            _ when IsPlainError(postgres) && !MayPass(postgres) && postgres.SqlState[..2] is not ("53" or "57" or "08" or "28" or "3D") =>
                new SeguroException(ErrorCode.Unexpected, $"{where}: {said}", "Nothing was written. Please report this.", exception),
            _ => OfOpening(postgres, where).Error,
        };
    }

    /// <summary>Says why no connection could be made, and whether waiting may help.</summary>
    public static (SeguroException Error, Hope Hope) OfOpening(Exception exception, string where)
    {
        List<Exception> causes = [];
        Collect(exception, causes);
        foreach (Exception cause in causes)
        {
            if (cause is SeguroException known)
                return (known, Hope.None);
            if (cause is PostgresException postgres && OfRefusal(postgres, where) is { } refusal)
                return refusal;
            if (cause is AuthenticationException)
            {
                return (new SeguroException(
                    ErrorCode.AccessDenied, $"the TLS handshake with {where} failed: {cause.Message}",
                    "Check sslmode, sslrootcert, sslcert and sslkey in the URL.", exception), Hope.None);
            }
            if (cause is NpgsqlException && cause.Message.Contains("No password", StringComparison.Ordinal))
            {
                return (new SeguroException(
                    ErrorCode.AccessDenied, $"{where} asks for a password, and none was given",
                    "Write it in the URL, in PGPASSWORD or in ~/.pgpass.", exception), Hope.None);
            }
            // Npgsql says so in words only: the first byte was none that PostgreSQL answers with, or a message has an impossible type.
            if (cause.Message.Contains("SSLRequest", StringComparison.Ordinal) || cause.Message.Contains("GSSEncRequest", StringComparison.Ordinal)
                || cause.Message.Contains("unexpected message", StringComparison.OrdinalIgnoreCase)
                || cause.Message.Contains("Unknown message code", StringComparison.OrdinalIgnoreCase))
            {
                return (new SeguroException(
                    ErrorCode.StoreUnavailable, $"what answers at {where} does not speak PostgreSQL's protocol",
                    "Check the host and the port in the URL; PostgreSQL's usual port is 5432.", exception), Hope.None);
            }
        }
        bool refused = causes.Exists(static cause => cause is SocketException);
        if (!refused && exception.Message.Contains("suitable", StringComparison.Ordinal))
        {
            return (new SeguroException(
                ErrorCode.StoreUnavailable, $"none of the servers of {where} takes writes: they are standbys, or read-only",
                "Name all servers of the cluster in the URL; promote a standby where the primary is lost.", exception), Hope.Good);
        }
        string why = causes.Find(static cause => cause is SocketException)?.Message ?? Innermost(exception);
        return (Unavailable(where, why, exception), refused ? Hope.Little : Hope.Good);
    }

    /// <summary>The cause of an unknown outcome, in a few words.</summary>
    public static string InWords(Exception exception) =>
        exception is PostgresException postgres ? $"{postgres.MessageText} (SQLSTATE {postgres.SqlState})" : Innermost(exception);

    private static (SeguroException Error, Hope Hope)? OfRefusal(PostgresException postgres, string where)
    {
        string said = $"{postgres.MessageText} (SQLSTATE {postgres.SqlState})";
        return postgres.SqlState switch
        {
            "28P01" or "28000" => (new SeguroException(
                ErrorCode.AccessDenied, $"{where} refused the user or the password: {said}",
                "Check both in the URL (in a password, write @ as %40, / as %2F, ? as %3F), and the server's pg_hba.conf.", postgres), Hope.None),
            "3D000" => (new SeguroException(
                ErrorCode.NotFound, $"the server has no such database: {where}",
                "Make it (`createdb NAME`), or name another one in the URL.", postgres), Hope.None),
            "57P03" or "53300" => (Unavailable(where, said, postgres), Hope.Good),
            _ => null,
        };
    }

    private static SeguroException Unavailable(string where, string why, Exception inner) => new(
        ErrorCode.StoreUnavailable, $"{where} can't be reached: {why}",
        "Check the host and the port in the URL, and that the server runs and listens there (`pg_isready -h HOST -p PORT`).", inner);

    private static bool IsPlainError(PostgresException postgres) => postgres.InvariantSeverity == "ERROR";

    private static string Innermost(Exception exception)
    {
        while (exception.InnerException is { } inner)
            exception = inner;
        return exception.Message;
    }

    private static void Collect(Exception exception, List<Exception> causes)
    {
        causes.Add(exception);
        if (exception is AggregateException several)
        {
            foreach (Exception inner in several.InnerExceptions)
                Collect(inner, causes);
        }
        else if (exception.InnerException is { } inner)
        {
            Collect(inner, causes);
        }
    }

    /// <summary>May a server that did not take a connection do so soon?</summary>
    public enum Hope
    {
        /// <summary>No: the URL or the server's settings must be changed.</summary>
        None,

        /// <summary>Nobody listens there: a wrong address, or a server that starts again.</summary>
        Little,

        /// <summary>A server starts up, or a standby will be promoted.</summary>
        Good,
    }
}
