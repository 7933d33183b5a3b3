using System.Text;
using Seguro.Core;
using Seguro.Nock.Kernels;
using Seguro.Node.Configuration;
using Seguro.Node.Links;
using Seguro.Node.Startup;
using Seguro.Nouns;
using Seguro.Piers;
using Seguro.Piers.Transfer;
using Seguro.Stores;
using Seguro.Testing;
using Seguro.Tests.Node.Links;

namespace Seguro.Tests.Node.Startup;

/// <summary>A member that is to take over a log that somebody else brings: it waits for all of it, begins nothing, and says for what it waits.</summary>
public sealed class ShipLogTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static Ship Zod { get; } = Ship.Parse("~zod");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Waits_until_the_whole_log_was_imported()
    {
        await using CountingStore store = new(await StoreConnection.OpenAsync(StoreUrl.Parse($"sqlite:{_folder["log.db"]}"), new StoreOptions { Create = true }, Cancel));
        StartWaiting waiting = new(static _ => { }, TimeProvider.System);
        Task<(EventLog Log, PierIdentity Identity)> opening = ShipLog.OpenAsync(store, Configuration(), waiting, Cancel);
        await Until.TrueAsync(() => waiting.Current?.Contains("seguro pier import PIER --store sqlite:", StringComparison.Ordinal) is true, "it does not say what it waits for");
        Assert.Empty(await store.ListLogsAsync(Cancel));

        EventNumber last = new((ulong)DemoKernel.BootPayloads().Count);
        Dictionary<string, ReadOnlyMemory<byte>> metadata = new()
        {
            [MetadataKey.Who] = default,
            [MetadataKey.Fake] = default,
            [MetadataKey.Life] = new byte[] { (byte)DemoKernel.Life },
            [MetadataKey.Import] = new ImportMark(IsComplete: false, last).ToBytes(),
        };
        await using EventLog log = new(await store.CreateLogAsync(Zod, Position.Origin, metadata, Cancel), store.Capabilities);
        await using WriterLease lease = await WriterLease.AcquireForImportAsync(log, "import", TimeSpan.FromSeconds(30), TimeProvider.System, Cancel);
        Assert.True((await log.AppendAsync(lease.Term, Position.Origin, DemoKernel.BootPayloads(), Cancel)).IsCommitted);
        int looks = store.Looks;
        await Until.TrueAsync(() => store.Looks > looks + 1, "it does not look again");
        Assert.False(opening.IsCompleted, "it took a log that is not whole");

        Assert.IsType<WriteOutcome.Committed>(await log.Stored.SetMetadataAsync(
            lease.Term, MetadataKey.Import, metadata[MetadataKey.Import],
            new ImportMark(IsComplete: true, last).ToBytes(), Cancel));
        (EventLog opened, PierIdentity identity) = await opening;
        await using (opened)
            Assert.Equal((uint)DemoKernel.Life, identity.Life);
    }

    [Theory]
    [InlineData("2")]
    [InlineData("0")]
    [InlineData("new")]
    public async Task A_log_of_a_protocol_that_is_not_spoken_here_is_refused_by_name(string protocol)
    {
        await using IStore store = await StoreConnection.OpenAsync(StoreUrl.Parse($"sqlite:{_folder["log.db"]}"), new StoreOptions { Create = true }, Cancel);
        Dictionary<string, ReadOnlyMemory<byte>> metadata = new()
        {
            [MetadataKey.Who] = default,
            [MetadataKey.Fake] = default,
            [MetadataKey.Life] = new byte[] { (byte)DemoKernel.Life },
            [MetadataKey.Protocol] = Encoding.ASCII.GetBytes(protocol),
        };
        await (await store.CreateLogAsync(Zod, Position.Origin, metadata, Cancel)).DisposeAsync();
        SeguroException refused = await Assert.ThrowsAsync<SeguroException>(
            () => ShipLog.OpenAsync(store, Configuration(), new StartWaiting(static _ => { }, TimeProvider.System), Cancel));
        Assert.Equal(ErrorCode.OtherVersion, refused.Code);
        Assert.Contains($"protocol {protocol}", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_log_that_nodes_hold_is_opened_by_nodes_that_hold_many_ships_and_refused_by_who_holds_one()
    {
        await using IStore store = await StoreConnection.OpenAsync(StoreUrl.Parse($"sqlite:{_folder["log.db"]}"), new StoreOptions { Create = true }, Cancel);
        Dictionary<string, ReadOnlyMemory<byte>> metadata = new(PierMetadata.Write(new PierIdentity(ShipName.Parse("~zod"), IsFake: true, 1)))
        {
            [MetadataKey.Protocol] = Encoding.ASCII.GetBytes($"{MemberVersion.OfNodes.Highest}"),
        };
        await (await store.CreateLogAsync(Zod, Position.Origin, metadata, Cancel)).DisposeAsync();
        NodeConfiguration one = Configuration() with { ShipKind = ShipKind.Opaque, Fake = true };
        StartWaiting waiting = new(static _ => { }, TimeProvider.System);
        (EventLog log, _) = await ShipLog.OpenAsync(store, one with { HoldsMany = true }, waiting, Cancel);
        await log.DisposeAsync();
        SeguroException refused = await Assert.ThrowsAsync<SeguroException>(() => ShipLog.OpenAsync(store, one, waiting, Cancel));
        Assert.Contains("held by nodes that hold many ships", refused.Message, StringComparison.Ordinal);
        Assert.False(MemberVersion.Own.Understands(MemberVersion.OfNodes));
    }

    [Fact]
    public async Task A_mirrored_log_is_not_begun_with_and_one_that_was_taken_is()
    {
        await using IStore store = await StoreConnection.OpenAsync(StoreUrl.Parse($"sqlite:{_folder["log.db"]}"), new StoreOptions { Create = true }, Cancel);
        Custody mirrored = new(CustodyKind.Mirrored) { Seen = new EventNumber(5), At = DateTimeOffset.UtcNow, IsRunning = true, Place = "host:/srv/zod" };
        await using EventLog log = new(
            await store.CreateLogAsync(Zod, Position.Origin, new Dictionary<string, ReadOnlyMemory<byte>> { [MetadataKey.Custody] = mirrored.ToBytes() }, Cancel), store.Capabilities);
        SeguroException refused = await Assert.ThrowsAsync<SeguroException>(() => StartGuard.PassAsync(log, store, Configuration(), new StartWaiting(static _ => { }, TimeProvider.System), Cancel));
        Assert.Equal((ErrorCode.OtherCustody, 3), (refused.Code, refused.ExitCode));
        Assert.Contains("host:/srv/zod", refused.Message, StringComparison.Ordinal);
        Assert.Contains("seguro custody take --store sqlite:", refused.NextStep, StringComparison.Ordinal);

        // Where the members run the database, a mirror may be writing into it: then they wait.
        StartWaiting said = new(static _ => { }, TimeProvider.System);
        Task waiting = StartGuard.PassAsync(
            log, store, Configuration() with { Store = NodeConfiguration.EmbeddedStore, Members = [Configuration().Self with { Dqlite = new HostAddress("127.0.0.1", 1) }] },
            said, Cancel);
        await Until.TrueAsync(() => said.Current?.Contains("--certificates CLIENT", StringComparison.Ordinal) is true, "it does not say what it waits for");
        Assert.False(waiting.IsCompleted);
        await using WriterLease lease = await WriterLease.AcquireAsync(log, "test", TimeSpan.FromSeconds(30), TimeProvider.System, Cancel);
        Custody taken = new(CustodyKind.Gated) { Store = await store.ReadIdentityAsync(Cancel) };
        Assert.IsType<WriteOutcome.Committed>(await log.Stored.SetMetadataAsync(lease.Term, MetadataKey.Custody, mirrored.ToBytes(), taken.ToBytes(), Cancel));
        await waiting;
        await StartGuard.PassAsync(log, store, Configuration(), new StartWaiting(static _ => { }, TimeProvider.System), Cancel);
    }

    private NodeConfiguration Configuration()
    {
        File.WriteAllText(_folder["seguro.json"], $$"""
            { "ship": { "name": "~zod" }, "member": { "name": "a" }, "members": { "a": { "links": "127.0.0.1:1" } }, "store": "sqlite:{{_folder["log.db"]}}", "optimism": 0 }
            """);
        return ConfigurationReader.Read(_folder["seguro.json"], []);
    }

    /// <summary>Counts how often a log was looked for.</summary>
    private sealed class CountingStore(IStore store) : IStore
    {
        private int _looks;

        public int Looks => Volatile.Read(ref _looks);

        public StoreCapabilities Capabilities => store.Capabilities;

        public ValueTask<IStoredLog?> OpenLogAsync(Ship ship, CancellationToken cancel)
        {
            Interlocked.Increment(ref _looks);
            return store.OpenLogAsync(ship, cancel);
        }

        public ValueTask<IStoredLog> CreateLogAsync(Ship ship, Position origin, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata, CancellationToken cancel) =>
            store.CreateLogAsync(ship, origin, metadata, cancel);

        public ValueTask<IReadOnlyList<Ship>> ListLogsAsync(CancellationToken cancel) => store.ListLogsAsync(cancel);

        public ValueTask<StoreIdentity> ReadIdentityAsync(CancellationToken cancel) => store.ReadIdentityAsync(cancel);

        public ValueTask<long?> ReadRoomAsync(CancellationToken cancel) => store.ReadRoomAsync(cancel);

        public ValueTask DisposeAsync() => store.DisposeAsync();
    }
}
