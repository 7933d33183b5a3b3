using Seguro.Core;
using Seguro.Stores;
using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Stores;

/// <summary>Stores of files on a file system that is really mounted read-only: commands that read work there, and change nothing anywhere.</summary>
public sealed class ReadOnlyMediaTests
{
    private const int Megabytes = 64;
    private static readonly Ship Zod = Ship.Parse("~zod");
    private static readonly StoreOptions Reading = new() { ReadOnly = true };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("sqlite")]
    [InlineData("rocksdb")]
    [InlineData("lmdb")]
    public async Task A_log_is_read_and_takes_no_write(string engine)
    {
        RequireMounts();
        using TemporaryDisk disk = new($"readonly-{engine}", Megabytes);
        string url = $"{engine}:{disk["a log #1?"]}";
        await MakeAsync(url);
        disk.MakeReadOnly();
        string[] before = Files(disk.Path);
        await using (IStore store = await StoreConnection.OpenAsync(StoreUrl.Parse(url), Reading, Cancel))
        {
            Assert.Equal([Zod], await store.ListLogsAsync(Cancel));
            await using EventLog log = new((await store.OpenLogAsync(Zod, Cancel))!, store.Capabilities);
            await CheckAsync(log);
            await RefusesWritesAsync(store, log);
        }
        Assert.Equal(before, Files(disk.Path));
    }

    [Theory]
    [InlineData("sqlite")]
    [InlineData("rocksdb")]
    [InlineData("lmdb")]
    public async Task Where_it_may_write_a_reader_still_does_not(string engine)
    {
        using TemporaryFolder folder = new($"reading-{engine}");
        string url = $"{engine}:{folder["log"]}";
        await MakeAsync(url);
        (string, string)[] before = Contents(folder.Path);
        await using (IStore store = await StoreConnection.OpenAsync(StoreUrl.Parse(url), Reading, Cancel))
        {
            await using EventLog log = new((await store.OpenLogAsync(Zod, Cancel))!, store.Capabilities);
            await CheckAsync(log);
            await RefusesWritesAsync(store, log);
        }
        Assert.Equal(before, Contents(folder.Path));
    }

    [Theory]
    [InlineData("sqlite")]
    [InlineData("rocksdb")]
    [InlineData("lmdb")]
    public async Task A_reader_works_beside_a_writer(string engine)
    {
        using TemporaryFolder folder = new($"beside-{engine}");
        string url = $"{engine}:{folder["log"]}";
        await using IStore writing = await StoreConnection.OpenAsync(StoreUrl.Parse(url), new StoreOptions { Create = true }, Cancel);
        await using EventLog log = await FillAsync(writing);
        await using IStore reading = await StoreConnection.OpenAsync(StoreUrl.Parse(url), Reading, Cancel);
        await using EventLog read = new((await reading.OpenLogAsync(Zod, Cancel))!, reading.Capabilities);
        await CheckAsync(read);
    }

    [Theory]
    [InlineData("sqlite")]
    [InlineData("rocksdb")]
    [InlineData("lmdb")]
    public async Task What_is_not_there_is_not_made(string engine)
    {
        using TemporaryFolder folder = new($"none-{engine}");
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(
            () => StoreConnection.OpenAsync(StoreUrl.Parse($"{engine}:{folder["log"]}"), Reading with { Create = true }, Cancel).AsTask());
        Assert.Equal(ErrorCode.NotFound, error.Code);
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path));
    }

    [Fact]
    public async Task A_database_whose_write_ahead_log_can_not_be_read_is_not_read_without_it()
    {
        RequireMounts();
        using TemporaryFolder folder = new("wal");
        string path = folder["log.db"];
        using TemporaryDisk disk = new("readonly-wal", Megabytes);
        await using (IStore writing = await StoreConnection.OpenAsync(StoreUrl.Parse($"sqlite:{path}"), new StoreOptions { Create = true }, Cancel))
        {
            await using EventLog log = await FillAsync(writing);
            // As a backup finds them that copies while it is written, or a crash leaves them.
            File.Copy(path, disk["log.db"]);
            File.Copy(path + "-wal", disk["log.db-wal"]);
        }
        disk.MakeReadOnly();
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(
            () => StoreConnection.OpenAsync(StoreUrl.Parse($"sqlite:{disk["log.db"]}"), Reading, Cancel).AsTask());
        Assert.Equal(ErrorCode.FileAccess, error.Code);
        Assert.Contains("log.db-wal", error.Message, StringComparison.Ordinal);
        Assert.Contains("Copy both files", error.NextStep, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sqlite")]
    [InlineData("rocksdb")]
    [InlineData("lmdb")]
    public async Task What_a_store_makes_nobody_else_may_read(string engine)
    {
        using TemporaryFolder folder = new($"modes-{engine}");
        string path = folder["log"];
        await using IStore store = await StoreConnection.OpenAsync(StoreUrl.Parse($"{engine}:{path}"), new StoreOptions { Create = true }, Cancel);
        await (await FillAsync(store)).DisposeAsync();
        const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
            | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;
        string[] made = [.. Directory.EnumerateFileSystemEntries(folder.Path)];
        Assert.NotEmpty(made);
        Assert.All(made, static entry => Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(entry) & Others));
    }

    private static void RequireMounts()
    {
        if (!TemporaryDisk.IsAllowed)
            Assert.Skip("a file system can be mounted by root only");
    }

    private static async Task MakeAsync(string url)
    {
        await using IStore store = await StoreConnection.OpenAsync(StoreUrl.Parse(url), new StoreOptions { Create = true }, Cancel);
        await (await FillAsync(store)).DisposeAsync();
    }

    private static async Task<EventLog> FillAsync(IStore store)
    {
        EventLog log = new(await store.CreateLogAsync(Zod, Position.Origin, new Dictionary<string, ReadOnlyMemory<byte>>(), Cancel), store.Capabilities);
        Lease lease = Assert.IsType<LeaseOutcome.Done>(await log.Stored.CampaignAsync(Lease.None, "test", TimeSpan.FromMinutes(1), Cancel)).Lease;
        AppendResult result = await log.AppendAsync(lease.Term, Position.Origin, [.. Enumerable.Range(1, 50).Select(static i => (ReadOnlyMemory<byte>)SeededPayload.Of((ulong)i, 100 * i))], Cancel);
        Assert.True(result.IsCommitted, result.Outcome.ToString());
        return log;
    }

    private static async Task CheckAsync(EventLog log)
    {
        LogState state = await log.ReadStateAsync(Cancel);
        Assert.Equal(50UL, state.Head.Number.Value);
        int number = 0;
        await foreach (Event read in log.ReadAsync(state, state.First, state.Head.Number, Cancel))
            Assert.True(read.Payload.Span.SequenceEqual(SeededPayload.Of((ulong)++number, 100 * number)));
        Assert.Equal(50, number);
    }

    private static async Task RefusesWritesAsync(IStore store, EventLog log)
    {
        LogState state = await log.ReadStateAsync(Cancel);
        Func<Task>[] writes =
        [
            async () => await log.Stored.CampaignAsync(state.Lease, "another", TimeSpan.FromMinutes(1), Cancel),
            async () => await log.Stored.AppendAsync(LogSession.Build(state.Lease.Term, state.Head.Position, [[1]]), Cancel),
            async () => await log.Stored.TrimAsync(state.Lease.Term, new EventNumber(3), Cancel),
            async () => await log.Stored.SetMetadataAsync(state.Lease.Term, "color", null, new byte[] { 1 }, Cancel),
            async () => await store.ReadIdentityAsync(Cancel),
        ];
        foreach (Func<Task> write in writes)
            Assert.Equal(ErrorCode.Unsupported, (await Assert.ThrowsAsync<SeguroException>(write)).Code);
    }

    private static string[] Files(string folder) =>
        [.. Directory.EnumerateFileSystemEntries(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];

    private static (string, string)[] Contents(string folder) =>
        [.. Files(folder).Where(File.Exists).Select(static file => (file, Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(file)))))];
}
