using Seguro.Core;
using Seguro.Stores;
using Seguro.Stores.Sqlite;
using Seguro.Testing;
using SQLitePCL;
using Xunit;

namespace Seguro.Tests.Stores.Sqlite;

/// <summary>What is SQLite's own: the file, the marker, other processes. What all stores share is in the conformance suite.</summary>
public sealed class SqliteStoreTests : IDisposable
{
    private static readonly Dictionary<string, ReadOnlyMemory<byte>> NoMetadata = [];
    private readonly TemporaryFolder _folder = new("sqlite");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Keeps_what_was_appended()
    {
        Position last;
        await using (SqliteStore store = await OpenAsync())
        {
            await using EventLog log = await MakeLogAsync(store);
            Lease lease = await CampaignAsync(log);
            AppendResult result = await log.AppendAsync(lease.Term, Position.Origin, [new byte[] { 1, 2, 3 }, Array.Empty<byte>(), new byte[9_000_000]], Cancel);
            Assert.True(result.IsCommitted);
            last = result.Reached;
        }
        Assert.Equal(["log.db"], Directory.EnumerateFiles(_folder.Path).Select(Path.GetFileName));
        await using SqliteStore again = await OpenAsync(create: false);
        IStoredLog? stored = await again.OpenLogAsync(Ship.Parse("~zod"), Cancel);
        Assert.NotNull(stored);
        await using EventLog read = new(stored, again.Capabilities);
        LogState state = await read.ReadStateAsync(Cancel);
        Assert.Equal(last, state.Head.Position);
        Assert.Equal(9_000_003, state.Bytes);
        List<int> sizes = [];
        await foreach (Event one in read.ReadAsync(state, state.First, state.Head.Number, Cancel))
            sizes.Add(one.Payload.Length);
        Assert.Equal([3, 0, 9_000_000], sizes);
    }

    [Fact]
    public async Task A_missing_file_is_not_made_by_a_reader()
    {
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(async () => await OpenAsync(create: false));
        Assert.Equal(ErrorCode.NotFound, error.Code);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Path));
    }

    [Fact]
    public async Task An_empty_file_is_no_database_for_a_reader_and_a_place_for_a_writer()
    {
        await File.WriteAllBytesAsync(_folder["log.db"], [], Cancel);
        Assert.Equal(ErrorCode.NotFound, await RefusalAsync(create: false));
        await (await OpenAsync()).DisposeAsync();
        await (await OpenAsync(create: false)).DisposeAsync();
    }

    [Fact]
    public async Task A_missing_folder_is_not_made()
    {
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(
            async () => await SqliteStore.OpenAsync(StoreUrl.Parse($"sqlite:{_folder["no/log.db"]}"), new StoreOptions { Create = true }, Cancel));
        Assert.Equal(ErrorCode.NotFound, error.Code);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Path));
    }

    [Fact]
    public async Task A_folder_is_not_a_database()
    {
        Directory.CreateDirectory(_folder["log.db"]);
        Assert.Equal(ErrorCode.FileAccess, await RefusalAsync());
    }

    [Theory]
    [InlineData("Dear diary,")]
    [InlineData("SQLite format 3\0 and then something else altogether, which goes on for more than the hundred bytes of the header of a file")]
    public async Task A_file_of_something_else_is_refused_and_left_as_it_is(string text)
    {
        string content = text + new string('x', 5000);
        await File.WriteAllTextAsync(_folder["log.db"], content, Cancel);
        Assert.Equal(ErrorCode.ForeignDatabase, await RefusalAsync());
        Assert.Equal(content, await File.ReadAllTextAsync(_folder["log.db"], Cancel));
    }

    [Fact]
    public async Task The_database_of_another_program_is_refused_and_left_as_it_is()
    {
        Execute("CREATE TABLE recipe (name TEXT); INSERT INTO recipe VALUES ('soup');");
        byte[] before = await File.ReadAllBytesAsync(_folder["log.db"], Cancel);
        Assert.Equal(ErrorCode.ForeignDatabase, await RefusalAsync());
        Assert.Equal(before, await File.ReadAllBytesAsync(_folder["log.db"], Cancel));
        Execute("DROP TABLE recipe; PRAGMA application_id = 77;");
        Assert.Equal(ErrorCode.ForeignDatabase, await RefusalAsync());
    }

    [Fact]
    public async Task A_newer_schema_is_refused()
    {
        await (await OpenAsync()).DisposeAsync();
        Execute("PRAGMA user_version = 2;");
        Assert.Equal(ErrorCode.NewerSchema, await RefusalAsync());
    }

    [Fact]
    public async Task Tables_that_somebody_changed_are_refused()
    {
        await (await OpenAsync()).DisposeAsync();
        Execute("CREATE TRIGGER surprise AFTER INSERT ON event BEGIN DELETE FROM metadata; END;");
        Assert.Equal(ErrorCode.Corrupt, await RefusalAsync());
    }

    [Theory]
    [InlineData("UPDATE log SET lease_term = 7")]
    [InlineData("UPDATE log SET head_number = 1")]
    [InlineData("UPDATE log SET head_chain = x'00'")]
    [InlineData("UPDATE log SET base_chain = randomblob(32)")]
    public async Task A_changed_state_is_found_by_its_checksum(string change)
    {
        await FillAsync();
        Execute(change);
        await using SqliteStore store = await OpenAsync();
        await using IStoredLog? log = await store.OpenLogAsync(Ship.Parse("~zod"), Cancel);
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(async () => await log!.ReadStateAsync(Cancel));
        Assert.Equal(ErrorCode.Corrupt, error.Code);
        Assert.Contains("~zod", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Changed_metadata_are_found_by_their_checksum()
    {
        await FillAsync();
        Execute("UPDATE metadata SET value = x'01'");
        await using SqliteStore store = await OpenAsync();
        await using IStoredLog? log = await store.OpenLogAsync(Ship.Parse("~zod"), Cancel);
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(async () => await log!.ReadMetadataAsync(Cancel));
        Assert.Equal(ErrorCode.Corrupt, error.Code);
    }

    [Theory]
    [InlineData("DELETE FROM event WHERE number = 2", "event 2")]
    [InlineData("UPDATE event SET size = 1000 WHERE number = 2", "event 2")]
    [InlineData("UPDATE event SET size = -1 WHERE number = 2", "event 2")]
    [InlineData("UPDATE event SET chain = x'0102' WHERE number = 2", "event 2")]
    [InlineData("UPDATE event SET bytes = zeroblob(5000000) WHERE number = 2", "event 2")]
    public async Task A_hostile_row_is_named_and_not_passed_on(string change, string names)
    {
        await FillAsync();
        Execute(change);
        await using SqliteStore store = await OpenAsync();
        IStoredLog? stored = await store.OpenLogAsync(Ship.Parse("~zod"), Cancel);
        await using EventLog log = new(stored!, store.Capabilities);
        LogState state = await log.ReadStateAsync(Cancel);
        List<ulong> read = [];
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(async () =>
        {
            await foreach (Event one in log.ReadAsync(state, state.First, state.Head.Number, Cancel))
                read.Add(one.Number.Value);
        });
        Assert.Equal(ErrorCode.Corrupt, error.Code);
        Assert.Contains(names, error.Message, StringComparison.Ordinal);
        Assert.True(read is [] or [1]);
    }

    [Fact]
    public async Task A_truncated_file_is_found()
    {
        await FillAsync();
        await using (FileStream file = new(_folder["log.db"], FileMode.Open))
            file.SetLength(file.Length / 2);
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(async () =>
        {
            await using SqliteStore store = await OpenAsync();
            IStoredLog? stored = await store.OpenLogAsync(Ship.Parse("~zod"), Cancel);
            await using EventLog log = new(stored!, store.Capabilities);
            LogState state = await log.ReadStateAsync(Cancel);
            await foreach (Event one in log.ReadAsync(state, state.First, state.Head.Number, Cancel))
                Assert.NotEqual(0UL, one.Number.Value);
        });
        Assert.Equal(ErrorCode.Corrupt, error.Code);
    }

    [Fact]
    public async Task A_writer_waits_for_another_process_and_then_says_who_is_in_the_way()
    {
        await using SqliteStore store = await OpenAsync(patience: TimeSpan.FromMilliseconds(200));
        await using EventLog log = await MakeLogAsync(store);
        Lease lease = await CampaignAsync(log);
        using (sqlite3 other = Connect())
        {
            Assert.Equal(raw.SQLITE_OK, raw.sqlite3_exec(other, "BEGIN IMMEDIATE"));
            SeguroException error = await Assert.ThrowsAsync<SeguroException>(
                async () => await log.AppendAsync(lease.Term, Position.Origin, [new byte[] { 1 }], Cancel));
            Assert.Equal(ErrorCode.StoreUnavailable, error.Code);
            Assert.True((await log.ReadStateAsync(Cancel)).IsEmpty); // readers do not wait
            Assert.Equal(raw.SQLITE_OK, raw.sqlite3_exec(other, "COMMIT"));
        }
        Assert.True((await log.AppendAsync(lease.Term, Position.Origin, [new byte[] { 1 }], Cancel)).IsCommitted);
    }

    [Fact]
    public async Task An_event_above_the_signed_numbers_is_refused()
    {
        await using SqliteStore store = await OpenAsync();
        Position beyond = new(new EventNumber(1UL << 63), Chain.Zero);
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(async () => await store.CreateLogAsync(Ship.Parse("~zod"), beyond, NoMetadata, Cancel));
        Assert.Equal(ErrorCode.TooLarge, error.Code);
        Assert.Empty(await store.ListLogsAsync(Cancel));
    }

    private async Task FillAsync()
    {
        await using SqliteStore store = await OpenAsync();
        Dictionary<string, ReadOnlyMemory<byte>> metadata = new() { [MetadataKey.Life] = new byte[] { 3 } };
        await using EventLog log = new(await store.CreateLogAsync(Ship.Parse("~zod"), Position.Origin, metadata, Cancel), store.Capabilities);
        Lease lease = await CampaignAsync(log);
        Assert.True((await log.AppendAsync(lease.Term, Position.Origin, [new byte[100], new byte[20_000], new byte[300]], Cancel)).IsCommitted);
    }

    private async Task<ErrorCode> RefusalAsync(bool create = true) =>
        (await Assert.ThrowsAsync<SeguroException>(async () => await OpenAsync(create))).Code;

    private sqlite3 Connect()
    {
        Batteries_V2.Init();
        Assert.Equal(raw.SQLITE_OK, raw.sqlite3_open(_folder["log.db"], out sqlite3 connection));
        return connection;
    }

    private void Execute(string sql)
    {
        using sqlite3 connection = Connect();
        Assert.Equal(raw.SQLITE_OK, raw.sqlite3_exec(connection, sql));
    }

    private async ValueTask<SqliteStore> OpenAsync(bool create = true, TimeSpan? patience = null) => await SqliteStore.OpenAsync(
        StoreUrl.Parse($"sqlite:{_folder["log.db"]}"), new StoreOptions { Create = create, Patience = patience ?? TimeSpan.FromSeconds(15) }, Cancel);

    private static async ValueTask<EventLog> MakeLogAsync(SqliteStore store) =>
        new(await store.CreateLogAsync(Ship.Parse("~zod"), Position.Origin, NoMetadata, Cancel), store.Capabilities);

    private static async ValueTask<Lease> CampaignAsync(EventLog log)
    {
        LeaseOutcome outcome = await log.Stored.CampaignAsync((await log.ReadStateAsync(Cancel)).Lease, "me", TimeSpan.FromSeconds(1), Cancel);
        return Assert.IsType<LeaseOutcome.Done>(outcome).Lease;
    }
}
