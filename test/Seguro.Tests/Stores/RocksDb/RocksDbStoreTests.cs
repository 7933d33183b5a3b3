using RocksDbSharp;
using Seguro.Core;
using Seguro.Stores;
using Seguro.Stores.RocksDb;
using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Stores.RocksDb;

/// <summary>What is RocksDB's own: the folder, the marker, the lock, the write-ahead log. What all stores share is in the conformance suite.</summary>
public sealed class RocksDbStoreTests : IDisposable
{
    private static readonly Dictionary<string, ReadOnlyMemory<byte>> NoMetadata = [];
    private readonly TemporaryFolder _folder = new("rocksdb");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_missing_folder_is_not_made_by_a_reader()
    {
        Assert.Equal(ErrorCode.NotFound, await RefusalAsync(create: false));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Path));
    }

    [Fact]
    public async Task A_new_database_leaves_nothing_beside_it()
    {
        await (await OpenAsync()).DisposeAsync();
        Assert.Equal(["log"], Directory.EnumerateFileSystemEntries(_folder.Path).Select(Path.GetFileName));
        await (await OpenAsync(create: false)).DisposeAsync();
    }

    [Fact]
    public async Task A_missing_parent_is_not_made()
    {
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(
            async () => await RocksDbStore.OpenAsync(StoreUrl.Parse($"rocksdb:{_folder["no/log"]}"), new StoreOptions { Create = true }, Cancel));
        Assert.Equal(ErrorCode.NotFound, error.Code);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Path));
    }

    [Fact]
    public async Task A_file_or_a_folder_of_something_else_is_refused_and_left_as_it_is()
    {
        await File.WriteAllTextAsync(_folder["log"], "Dear diary,", Cancel);
        Assert.Equal(ErrorCode.ForeignDatabase, await RefusalAsync());
        Assert.Equal("Dear diary,", await File.ReadAllTextAsync(_folder["log"], Cancel));
        File.Delete(_folder["log"]);
        Directory.CreateDirectory(_folder["log"]);
        await File.WriteAllTextAsync(_folder["log/diary"], "Dear diary,", Cancel);
        Assert.Equal(ErrorCode.ForeignDatabase, await RefusalAsync());
        Assert.Equal(["diary"], Directory.EnumerateFileSystemEntries(_folder["log"]).Select(Path.GetFileName));
    }

    [Fact]
    public async Task The_database_of_another_program_is_refused_and_left_as_it_is()
    {
        using (RocksDbSharp.RocksDb other = RocksDbSharp.RocksDb.Open(new DbOptions().SetCreateIfMissing(true), _folder["log"]))
            other.Put("soup", "onions");
        string[] before = [.. Directory.EnumerateFileSystemEntries(_folder["log"]).Order()];
        Assert.Equal(ErrorCode.ForeignDatabase, await RefusalAsync());
        Assert.Equal(before.Where(IsData), Directory.EnumerateFileSystemEntries(_folder["log"]).Order().Where(IsData));

        static bool IsData(string path) => !Path.GetFileName(path).StartsWith("LOG", StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_newer_schema_is_refused()
    {
        await (await OpenAsync()).DisposeAsync();
        ColumnFamilies families = new() { { "seguro.events", new ColumnFamilyOptions() } };
        using (RocksDbSharp.RocksDb database = RocksDbSharp.RocksDb.Open(new DbOptions(), _folder["log"], families))
            database.Put(new byte[] { 0 }, "2"u8.ToArray());
        Assert.Equal(ErrorCode.NewerSchema, await RefusalAsync());
    }

    [Fact]
    public async Task Clients_of_one_process_share_the_database_until_the_last_one_leaves()
    {
        RocksDbStore one = await OpenAsync();
        RocksDbStore two = await OpenAsync();
        await using IStoredLog made = await one.CreateLogAsync(Ship.Parse("~zod"), Position.Origin, NoMetadata, Cancel);
        await one.DisposeAsync();
        await one.DisposeAsync(); // a second time changes nothing
        Assert.Equal([Ship.Parse("~zod")], await two.ListLogsAsync(Cancel));
        await two.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await two.ListLogsAsync(Cancel));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await made.ReadStateAsync(Cancel));
        await using RocksDbStore three = await OpenAsync(create: false);
        Assert.Equal([Ship.Parse("~zod")], await three.ListLogsAsync(Cancel));
    }

    [Fact]
    public async Task Another_process_is_kept_out_with_a_clear_error_until_this_one_ends()
    {
        await using WritingProcess writer = WritingProcess.Start($"rocksdb:{_folder["log"]}", Ship.Parse("~zod"), seed: 1, large: 0);
        await writer.ReachAsync(3, Cancel);
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(async () => await OpenAsync(patience: TimeSpan.FromMilliseconds(200)));
        Assert.Equal(ErrorCode.StoreUnavailable, error.Code);
        Assert.Contains("another process", error.Message, StringComparison.Ordinal);
        await writer.KillAsync(Cancel);
        await using RocksDbStore store = await OpenAsync();
        Assert.Equal([Ship.Parse("~zod")], await store.ListLogsAsync(Cancel));
    }

    [Theory]
    [InlineData("MANIFEST-*")]
    [InlineData("CURRENT")]
    public async Task A_damaged_catalogue_is_found(string pattern)
    {
        await FillAsync();
        string file = Directory.EnumerateFiles(_folder["log"], pattern).Single();
        byte[] bytes = await File.ReadAllBytesAsync(file, Cancel);
        bytes.AsSpan(0, Math.Min(40, bytes.Length)).Fill((byte)'?');
        await File.WriteAllBytesAsync(file, bytes, Cancel);
        Assert.Equal(ErrorCode.Corrupt, await RefusalAsync());
    }

    [Fact]
    public async Task Damage_in_the_middle_of_the_write_ahead_log_is_an_error_not_a_shorter_log()
    {
        byte[] hurt = await FillAsync();
        await using (await FileDamage.FlipAsync(_folder["log"], hurt.AsMemory(100, 32), Cancel))
            Assert.Equal(ErrorCode.Corrupt, await RefusalAsync());
        await using RocksDbStore store = await OpenAsync(create: false);
        await using IStoredLog? log = await store.OpenLogAsync(Ship.Parse("~zod"), Cancel);
        Assert.Equal(3UL, (await log!.ReadStateAsync(Cancel)).Head.Number.Value);
    }

    /// <summary>Three events; returns the payload of the second.</summary>
    private async Task<byte[]> FillAsync()
    {
        await using RocksDbStore store = await OpenAsync();
        await using EventLog log = new(await store.CreateLogAsync(Ship.Parse("~zod"), Position.Origin, NoMetadata, Cancel), store.Capabilities);
        LeaseOutcome lease = await log.Stored.CampaignAsync(Lease.None, "me", TimeSpan.FromSeconds(1), Cancel);
        byte[] payload = SeededPayload.Of(5, 400);
        Position head = Position.Origin;
        foreach (byte[] one in (byte[][])[[1], payload, [2]])
            head = (await log.AppendAsync(Assert.IsType<LeaseOutcome.Done>(lease).Lease.Term, head, [one], Cancel)).Reached;
        Assert.Equal(3UL, head.Number.Value);
        return payload;
    }

    private async Task<ErrorCode> RefusalAsync(bool create = true) =>
        (await Assert.ThrowsAsync<SeguroException>(async () => await OpenAsync(create))).Code;

    private async ValueTask<RocksDbStore> OpenAsync(bool create = true, TimeSpan? patience = null) => await RocksDbStore.OpenAsync(
        StoreUrl.Parse($"rocksdb:{_folder["log"]}"), new StoreOptions { Create = create, Patience = patience ?? TimeSpan.FromSeconds(15) }, Cancel);
}
