namespace Seguro.Stores.Dqlite;

public sealed partial class DqliteConnection
{
    private uint _database;

    /// <summary>Opens a database of the cluster; it is made where it is not there. Once on a connection, before any statement.</summary>
    public async ValueTask OpenDatabaseAsync(string name, CancellationToken cancel)
    {
        RequestWriter request = Begin(RequestType.Open);
        request.Text(name);
        request.Word(0);
        request.Text("");
        using ResponseFrame answer = await CallAsync(ResponseType.Database, cancel);
        _database = answer.Pair().First;
    }

    /// <summary>Prepares one statement.</summary>
    public async ValueTask<DqliteStatement> PrepareAsync(string sql, CancellationToken cancel)
    {
        RequestWriter request = Begin(RequestType.Prepare);
        request.Word(_database);
        request.Text(sql);
        using ResponseFrame answer = await CallAsync(ResponseType.Statement, cancel);
        (_, uint id) = answer.Pair();
        ulong parameters = answer.Word();
        return parameters <= byte.MaxValue
            ? new DqliteStatement(id, (int)parameters)
            : throw answer.Malformed($"a statement has {parameters} parameters");
    }

    /// <summary>Runs a prepared statement that returns no rows.</summary>
    /// <remarks>The parameters' bytes are copied before the method returns its task.</remarks>
    public ValueTask<DqliteResult> ExecAsync(DqliteStatement statement, ReadOnlySpan<DqliteValue> parameters, CancellationToken cancel)
    {
        Encode(RequestType.Exec, statement, parameters);
        return ResultAsync(cancel);
    }

    /// <summary>Runs SQL that returns no rows; of several statements, the parameters go to the first.</summary>
    /// <remarks>The parameters' bytes are copied before the method returns its task.</remarks>
    public ValueTask<DqliteResult> ExecAsync(string sql, ReadOnlySpan<DqliteValue> parameters, CancellationToken cancel)
    {
        Encode(RequestType.ExecSql, sql, parameters);
        return ResultAsync(cancel);
    }

    /// <summary>Runs a prepared query; all rows are read, at most 64 MiB of them.</summary>
    /// <remarks>A plain read: a deposed leader answers with old data.</remarks>
    public ValueTask<DqliteRows> QueryAsync(DqliteStatement statement, ReadOnlySpan<DqliteValue> parameters, CancellationToken cancel)
    {
        Encode(RequestType.Query, statement, parameters);
        return CallForRowsAsync(cancel);
    }

    /// <summary>Runs a query; all rows are read, at most 64 MiB of them.</summary>
    /// <remarks>A plain read: a deposed leader answers with old data.</remarks>
    public ValueTask<DqliteRows> QueryAsync(string sql, ReadOnlySpan<DqliteValue> parameters, CancellationToken cancel)
    {
        Encode(RequestType.QuerySql, sql, parameters);
        return CallForRowsAsync(cancel);
    }

    /// <summary>Frees a prepared statement.</summary>
    public async ValueTask FinalizeAsync(DqliteStatement statement, CancellationToken cancel)
    {
        Begin(RequestType.Finalize).Pair(_database, statement.Id);
        using ResponseFrame answer = await CallAsync(ResponseType.Empty, cancel);
    }

    /// <summary>Ends a query of which not all rows were sent.</summary>
    public async ValueTask InterruptAsync(CancellationToken cancel)
    {
        Begin(RequestType.Interrupt).Word(_database);
        using ResponseFrame answer = await CallAsync(ResponseType.Empty, cancel);
    }

    private void Encode(RequestType type, DqliteStatement statement, ReadOnlySpan<DqliteValue> parameters)
    {
        RequestWriter request = Begin(type);
        try
        {
            request.Pair(_database, statement.Id);
            request.Parameters(parameters);
        }
        catch
        {
            Abandon();
            throw;
        }
    }

    private void Encode(RequestType type, string sql, ReadOnlySpan<DqliteValue> parameters)
    {
        RequestWriter request = Begin(type);
        try
        {
            request.Word(_database);
            request.Text(sql);
            request.Parameters(parameters);
        }
        catch
        {
            Abandon();
            throw;
        }
    }

    private async ValueTask<DqliteResult> ResultAsync(CancellationToken cancel)
    {
        using ResponseFrame answer = await CallAsync(ResponseType.Result, cancel);
        return new DqliteResult((long)answer.Word(), (long)answer.Word());
    }
}
