using Seguro.Core;
using Seguro.Stores;
using Seguro.Stores.Sqlite;
using Seguro.Testing;
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

    private async ValueTask<SqliteStore> OpenAsync(bool create = true) =>
        await SqliteStore.OpenAsync(StoreUrl.Parse($"sqlite:{_folder["log.db"]}"), new StoreOptions { Create = create }, Cancel);

    private static async ValueTask<EventLog> MakeLogAsync(SqliteStore store) =>
        new(await store.CreateLogAsync(Ship.Parse("~zod"), Position.Origin, NoMetadata, Cancel), store.Capabilities);

    private static async ValueTask<Lease> CampaignAsync(EventLog log)
    {
        LeaseOutcome outcome = await log.Stored.CampaignAsync((await log.ReadStateAsync(Cancel)).Lease, "me", TimeSpan.FromSeconds(1), Cancel);
        return Assert.IsType<LeaseOutcome.Done>(outcome).Lease;
    }
}
