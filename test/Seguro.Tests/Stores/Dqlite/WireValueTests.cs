using CsCheck;
using Seguro.Stores.Dqlite;
using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Stores.Dqlite;

/// <summary>Requests and answers with a real node.</summary>
public sealed class WireValueTests : IAsyncLifetime
{
    private static readonly Gen<object?> Value = Gen.OneOf<object?>(
        Gen.Long.Select(static value => (object?)value),
        Gen.Double.Where(static value => !double.IsNaN(value)).Select(static value => (object?)value),
        Gen.String[0, 40].Select(static text => (object?)new string([.. text.Where(static c => c != '\0' && !char.IsSurrogate(c))])),
        Gen.Byte.Array[0, 70].Select(static bytes => (object?)bytes),
        Gen.Const((object?)null));

    private DqliteCluster? _cluster;
    private DqliteConnection? _node;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private DqliteConnection Node => _node!;

    public async ValueTask InitializeAsync()
    {
        _cluster = await DqliteCluster.StartAsync(1, plain: true, cancel: Cancel);
        _node = await _cluster.ConnectAsync(_cluster.Nodes[0], Cancel);
        await _node.OpenDatabaseAsync("wire", Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        if (_node is not null)
            await _node.DisposeAsync();
        if (_cluster is not null)
            await _cluster.DisposeAsync();
    }

    [Fact]
    public Task Values_come_back_as_they_were_sent() => Value.Array[1, 255].SampleAsync(
        async values =>
        {
            DqliteValue[] parameters = [.. values.Select(Parameter)];
            string sql = "SELECT " + string.Join(',', values.Select(static (_, i) => $"?{i + 1}"));
            using (DqliteRows rows = await Node.QueryAsync(sql, parameters, CancellationToken.None))
                Check(values, rows);
            DqliteStatement statement = await Node.PrepareAsync(sql, CancellationToken.None);
            Assert.Equal(values.Length, statement.Parameters);
            using (DqliteRows rows = await Node.QueryAsync(statement, parameters, CancellationToken.None))
                Check(values, rows);
            await Node.FinalizeAsync(statement, CancellationToken.None);
        },
        iter: 150,
        threads: 1);

    [Fact]
    public async Task Large_blobs_come_back_out_of_pieces()
    {
        await Node.ExecAsync("CREATE TABLE blobs(id INTEGER PRIMARY KEY, bytes BLOB)", [], Cancel);
        await Node.ExecAsync("PRAGMA cache_spill = 0", [], Cancel);
        int[] sizes = [0, 1, 7, 8, 9, 4088, 4096, 65_535, 1 << 20, 5 << 20];
        foreach (int size in sizes)
        {
            byte[] bytes = SeededPayload.Of((ulong)size, size);
            ReadOnlyMemory<byte>[] pieces = [bytes.AsMemory(0, size / 3), default, bytes.AsMemory(size / 3)];
            Assert.Equal(1, (await Node.ExecAsync("INSERT INTO blobs(bytes) VALUES(?)", [DqliteValue.From(pieces)], Cancel)).Rows);
        }
        using DqliteRows rows = await Node.QueryAsync("SELECT bytes FROM blobs ORDER BY id", [], Cancel);
        foreach (int size in sizes)
        {
            Assert.True(rows.Read());
            Assert.True(rows.Blob(0).Span.SequenceEqual(SeededPayload.Of((ulong)size, size)), $"{size} bytes");
        }
        Assert.False(rows.Read());
    }

    [Fact]
    public async Task A_result_in_many_frames_is_whole()
    {
        const string sql = "WITH RECURSIVE i(k) AS (SELECT 0 UNION ALL SELECT k + 1 FROM i WHERE k < 19999) SELECT k, 'row ' || k, zeroblob(k % 50) FROM i";
        using DqliteRows rows = await Node.QueryAsync(sql, [], Cancel);
        Assert.Equal(["k", "'row ' || k", "zeroblob(k % 50)"], rows.Columns);
        for (long k = 0; k < 20_000; k++)
        {
            Assert.True(rows.Read());
            Assert.Equal((k, $"row {k}", (int)(k % 50)), (rows.Integer(0), rows.Text(1), rows.Blob(2).Length));
        }
        Assert.False(rows.Read());
        using DqliteRows none = await Node.QueryAsync("SELECT 1 WHERE 0", [], Cancel);
        Assert.False(none.Read());
    }

    [Fact]
    public async Task Results_tell_rows_and_errors_their_codes()
    {
        await Node.ExecAsync("CREATE TABLE t(a INTEGER PRIMARY KEY, b)", [], Cancel);
        Assert.Equal(new DqliteResult(7, 1), await Node.ExecAsync("INSERT INTO t VALUES(?, ?)", [7, "x"], Cancel));
        Assert.Equal(0, (await Node.ExecAsync("UPDATE t SET b = 1 WHERE a = 8", [], Cancel)).Rows);
        DqliteException conflict = await Assert.ThrowsAsync<DqliteException>(async () => await Node.ExecAsync("INSERT INTO t VALUES(7, 0)", [], Cancel));
        Assert.True(conflict.IsKeyConflict);
        DqliteException syntax = await Assert.ThrowsAsync<DqliteException>(async () => await Node.PrepareAsync("SELEKT", Cancel));
        Assert.Equal(1, syntax.Failure);
        using (DqliteRows rows = await Node.QueryAsync("SELECT b FROM t", [], Cancel))
        {
            Assert.True(rows.Read());
            Assert.Throws<DqliteException>(() => rows.Integer(0));
        }
        await Node.InterruptAsync(Cancel);
    }

    [Fact]
    public async Task A_node_tells_of_itself_and_its_cluster()
    {
        DqliteServer self = Assert.Single(await Node.ClusterAsync(Cancel));
        Assert.Equal(new DqliteServer(1, _cluster!.Nodes[0].Address.ToString(), DqliteRole.Voter), self);
        Assert.Equal(self, await Node.LeaderAsync(Cancel));
        await Node.SetWeightAsync(5, Cancel);
        Assert.Equal(5UL, (await Node.DescribeAsync(Cancel)).Weight);
        Assert.True(await Node.RegisterAsync(9, Cancel) > TimeSpan.Zero);
    }

    [Fact]
    public async Task Refuses_what_the_protocol_cannot_say()
    {
        DqliteValue[] tooMany = [.. Enumerable.Repeat(DqliteValue.Null, 256)];
        await Assert.ThrowsAsync<ArgumentException>(async () => await Node.ExecAsync("SELECT 1", tooMany, Cancel));
        await Assert.ThrowsAsync<ArgumentException>(async () => await Node.ExecAsync("SELECT ?", ["a\0b"], Cancel));
        await Assert.ThrowsAsync<ArgumentException>(async () => await Node.ExecAsync("SELECT ?", [default(DqliteValue)], Cancel));
        Assert.False(Node.IsBroken);
    }

    private static DqliteValue Parameter(object? value) => value switch
    {
        long integer => integer,
        double real => DqliteValue.From(real),
        string text => text,
        byte[] bytes => bytes,
        _ => DqliteValue.Null,
    };

    private static void Check(object?[] values, DqliteRows rows)
    {
        Assert.True(rows.Read());
        for (int i = 0; i < values.Length; i++)
        {
            object? read = rows.TypeOf(i) switch
            {
                DqliteType.Integer => rows.Integer(i),
                DqliteType.Real => rows.Real(i),
                DqliteType.Text => rows.Text(i),
                DqliteType.Blob => rows.Blob(i).ToArray(),
                _ => null,
            };
            Assert.Equal(values[i], read);
        }
        Assert.False(rows.Read());
    }
}
