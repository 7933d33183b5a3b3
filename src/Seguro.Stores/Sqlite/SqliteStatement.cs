using System.Text;
using SQLitePCL;

namespace Seguro.Stores.Sqlite;

/// <summary>A prepared statement of a <see cref="SqliteSession"/>: bind, step, read, reset.</summary>
/// <remarks>For one thread at a time. Spans that it returns are SQLite's memory, valid until the next step or reset.</remarks>
sealed class SqliteStatement(SqliteSession session, sqlite3_stmt statement) : IDisposable
{
    /// <summary>Binds the parameters from 1 on; any earlier run must have been reset.</summary>
    public SqliteStatement Bind(params ReadOnlySpan<long> values)
    {
        for (int i = 0; i < values.Length; i++)
            session.Check(raw.sqlite3_bind_int64(statement, i + 1, values[i]));
        return this;
    }

    /// <summary>Binds a number to the parameter at <paramref name="index"/>, from 1.</summary>
    public SqliteStatement Bind(int index, long value)
    {
        session.Check(raw.sqlite3_bind_int64(statement, index, value));
        return this;
    }

    /// <summary>Binds text; SQLite copies it.</summary>
    public SqliteStatement Bind(int index, string value)
    {
        session.Check(raw.sqlite3_bind_text(statement, index, Encoding.UTF8.GetBytes(value).AsSpan()));
        return this;
    }

    /// <summary>Binds bytes; SQLite copies them. No bytes are an empty blob, not NULL.</summary>
    public SqliteStatement Bind(int index, ReadOnlySpan<byte> value)
    {
        session.Check(value.IsEmpty ? raw.sqlite3_bind_zeroblob(statement, index, 0) : raw.sqlite3_bind_blob(statement, index, value));
        return this;
    }

    /// <summary>The next row; <see langword="false"/> where there is none.</summary>
    public bool Step()
    {
        int code = raw.sqlite3_step(statement);
        if (code == raw.SQLITE_ROW)
            return true;
        if (code == raw.SQLITE_DONE)
            return false;
        throw session.Error(code);
    }

    /// <summary>Runs a statement that has no rows, and makes it ready for the next run.</summary>
    public void Run()
    {
        try
        {
            Step();
        }
        finally
        {
            Reset();
        }
    }

    /// <summary>Runs without making an exception of the outcome; returns SQLite's code.</summary>
    public int TryRun()
    {
        int code = raw.sqlite3_step(statement);
        Reset();
        return code;
    }

    /// <summary>A number of the current row.</summary>
    public long Number(int column) => raw.sqlite3_column_int64(statement, column);

    /// <summary>A number without a sign, kept as the signed number of the same bits.</summary>
    public ulong Unsigned(int column) => unchecked((ulong)raw.sqlite3_column_int64(statement, column));

    /// <summary>Text of the current row.</summary>
    public string Text(int column) => raw.sqlite3_column_text(statement, column).utf8_to_string() ?? "";

    /// <summary>How many bytes a blob of the current row has.</summary>
    public int Size(int column) => raw.sqlite3_column_bytes(statement, column);

    /// <summary>A blob of the current row.</summary>
    public ReadOnlySpan<byte> Blob(int column)
    {
        ReadOnlySpan<byte> blob = raw.sqlite3_column_blob(statement, column);
        if (blob.IsEmpty && raw.sqlite3_errcode(session.Handle) == raw.SQLITE_NOMEM)
            throw session.Error(raw.SQLITE_NOMEM);
        return blob;
    }

    /// <summary>Ends the run, so that it holds no lock and no page.</summary>
    public void Reset()
    {
        _ = raw.sqlite3_reset(statement); // repeats the step's error, which was reported then
    }

    /// <inheritdoc/>
    public void Dispose() => statement.Dispose();
}
