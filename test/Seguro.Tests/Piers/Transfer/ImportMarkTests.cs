using Seguro.Core;
using Seguro.Nouns;
using Seguro.Piers;
using Seguro.Piers.Transfer;
using Seguro.Stores;
using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Piers.Transfer;

/// <summary>A log that is being imported says so from before its first event until after its last, wherever the import is ended by kill −9.</summary>
public sealed class ImportMarkTests : IAsyncLifetime
{
    /// <summary>No import has so many writes.</summary>
    private const int MostPoints = 60;

    private readonly TransferFixture _piers = new();
    private readonly TemporaryFolder _folder = new("import-mark");
    private IAsyncDisposable? _servers;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_servers is not null)
            await _servers.DisposeAsync();
        _folder.Dispose();
        _piers.Dispose();
    }

    [Theory]
    [InlineData("sqlite")]
    [InlineData("postgresql")]
    [InlineData("dqlite")]
    [InlineData("etcd")]
    public async Task Killed_at_any_step_the_log_is_whole_or_says_that_it_is_not_and_goes_on(string engine)
    {
        (string url, string? certificates) = await StartAsync(engine);
        byte[][] events = [.. Enumerable.Range(0, 7).Select(static i => Noise(i, 200_000))];
        bool isEnded = false;
        for (int point = 1; !isEnded; point++)
        {
            Assert.True(point < MostPoints, "the import never ends by itself");
            (string path, Ship ship) = MakePier(events, point);
            isEnded = await WritingProcess.ImportAsync(path, url, certificates, point, Cancel);
            await using IStore store = await OpenAsync(url, certificates);
            await CheckAsync(store, ship, path, isEnded);
            await GoOnAsync(store, path, events);
        }
    }

    [Fact]
    public async Task A_log_that_was_made_without_the_mark_gets_it_before_its_first_event()
    {
        byte[][] events = [.. Enumerable.Range(0, 7).Select(static i => Noise(i, 200_000))];
        bool isEnded = false;
        for (int point = 1; !isEnded; point++)
        {
            Assert.True(point < MostPoints, "the import never ends by itself");
            string url = $"sqlite:{_folder[$"{point}.db"]}";
            (string path, Ship ship) = MakePier(events, point);
            await using IStore store = await OpenAsync(url, null);
            await (await store.CreateLogAsync(ship, Position.Origin, new Dictionary<string, ReadOnlyMemory<byte>>(), Cancel)).DisposeAsync();
            isEnded = await WritingProcess.ImportAsync(path, url, null, point, Cancel);
            await CheckAsync(store, ship, path, isEnded);
            await GoOnAsync(store, path, events);
        }
    }

    [Fact]
    public async Task Only_the_same_history_that_goes_as_far_ends_an_import()
    {
        byte[][] events = TransferFixture.MakeEvents(40);
        byte[][] others = [.. events.Take(10), .. TransferFixture.MakeEvents(30, 9)];
        using Pier source = _piers.MakePier(events.Take(30));
        using Pier half = _piers.MakePier(events.Take(15));
        using Pier older = _piers.MakePier(events.Take(20));
        using Pier behind = _piers.MakePier(events.Take(5));
        using Pier foreign = _piers.MakePier(others);
        using Pier newer = _piers.MakePier(events);
        ModelStore store = new(new ModelOptions { LargestGroup = 4 });
        Ship ship = ShipName.ToShip(source.Info.Identity.Who);

        await EndEarlyAsync(source, store, 15);
        await using EventLog log = new((await store.OpenLogAsync(ship, Cancel))!, store.Capabilities);
        LogState before = await log.ReadStateAsync(Cancel);
        foreach (Pier wrong in new[] { half, older, behind, foreign })
        {
            SeguroException refusal = await Assert.ThrowsAsync<SeguroException>(() => TransferFixture.ImportAsync(wrong, store, Cancel));
            Assert.Equal(ErrorCode.Diverged, refusal.Code);
            Assert.Contains("Nothing was written", refusal.NextStep, StringComparison.Ordinal);
            Assert.Equal(before.Head, (await log.ReadStateAsync(Cancel)).Head);
            Assert.Equal("incomplete 30", (await ReadMarkAsync(log)).ToString());
        }
        Assert.Equal(ErrorCode.HalfImported, (await Assert.ThrowsAsync<SeguroException>(
            () => WriterLease.AcquireAsync(log, "somebody", TimeSpan.FromSeconds(3), TimeProvider.System, Cancel).AsTask())).Code);
        Assert.Equal(before.Head, (await log.ReadStateAsync(Cancel)).Head);

        PierImportResult result = await TransferFixture.ImportAsync(newer, store, Cancel);
        Assert.Equal(TransferFixture.ChainOf(events), result.Head);
        Assert.Equal("complete 40", (await ReadMarkAsync(log)).ToString());
        await using WriterLease writer = await WriterLease.AcquireAsync(log, "somebody", TimeSpan.FromHours(1), TimeProvider.System, Cancel);
        Assert.False(writer.Lost.IsCancellationRequested);
    }

    [Fact]
    public async Task An_import_that_has_nothing_to_bring_leaves_the_mark_as_it_is()
    {
        byte[][] events = TransferFixture.MakeEvents(20);
        using Pier whole = _piers.MakePier(events);
        using Pier older = _piers.MakePier(events.Take(12));
        ModelStore store = new();
        await TransferFixture.ImportAsync(whole, store, Cancel);
        await using EventLog log = new((await store.OpenLogAsync(ShipName.ToShip(whole.Info.Identity.Who), Cancel))!, store.Capabilities);
        Assert.Equal("complete 20", (await ReadMarkAsync(log)).ToString());
        Assert.True((await TransferFixture.ImportAsync(older, store, Cancel)).NothingToDo);
        Assert.Equal("complete 20", (await ReadMarkAsync(log)).ToString());
    }

    [Theory]
    [InlineData("complete 610", true, 610UL)]
    [InlineData("incomplete 18446744073709551615", false, ulong.MaxValue)]
    public void A_mark_is_read_as_it_is_written(string text, bool isComplete, ulong through)
    {
        ImportMark mark = new(isComplete, new EventNumber(through));
        Assert.Equal(text, mark.ToString());
        Assert.Equal(mark, ImportMark.Read(new Dictionary<string, ReadOnlyMemory<byte>> { [MetadataKey.Import] = mark.ToBytes() }));
    }

    [Theory]
    [InlineData("")]
    [InlineData("complete")]
    [InlineData("complete ")]
    [InlineData("complete -1")]
    [InlineData("complete 18446744073709551616")]
    [InlineData("Complete 1")]
    [InlineData("incomplete 1 2")]
    [InlineData("\0\0\0\0")]
    public void Another_value_is_called_corrupt(string text)
    {
        SeguroException error = Assert.Throws<SeguroException>(
            () => ImportMark.Read(new Dictionary<string, ReadOnlyMemory<byte>> { [MetadataKey.Import] = System.Text.Encoding.ASCII.GetBytes(text) }));
        Assert.Equal(ErrorCode.Corrupt, error.Code);
    }

    /// <summary>What is there is a beginning of the pier, and called whole only where it is.</summary>
    private static async Task CheckAsync(IStore store, Ship ship, string path, bool isEnded)
    {
        using Pier pier = Pier.Open(path, PierAccess.Exclusive);
        if (await store.OpenLogAsync(ship, Cancel) is not { } stored)
        {
            Assert.False(isEnded);
            return;
        }
        await using EventLog log = new(stored, store.Capabilities);
        LogState state = await log.ReadStateAsync(Cancel);
        ImportMark? mark = ImportMark.Read(await log.Stored.ReadMetadataAsync(Cancel));
        Assert.True(mark is not { IsComplete: true } || state.Head.Number == pier.Info.Last, $"{mark} at {state.Head.Number}");
        Assert.True(mark is not null || state.IsEmpty, "there are events without a mark");
        Assert.True(!isEnded || mark is { IsComplete: true }, $"the import ended, and left {mark}");
        if (mark is { IsComplete: false })
        {
            Assert.Equal(pier.Info.Last, mark.Value.Through);
            Assert.Equal(ErrorCode.HalfImported, (await Assert.ThrowsAsync<SeguroException>(
                () => WriterLease.AcquireAsync(log, "somebody", TimeSpan.FromSeconds(3), TimeProvider.System, Cancel).AsTask())).Code);
        }
    }

    private static async Task GoOnAsync(IStore store, string path, byte[][] events)
    {
        using Pier pier = Pier.Open(path, PierAccess.Exclusive);
        PierImportResult result = await TransferFixture.ImportAsync(pier, store, Cancel);
        Assert.Equal(TransferFixture.ChainOf(events), result.Head);
        await using EventLog log = new((await store.OpenLogAsync(ShipName.ToShip(pier.Info.Identity.Who), Cancel))!, store.Capabilities);
        Assert.Equal(new ImportMark(IsComplete: true, pier.Info.Last), await ReadMarkAsync(log));
    }

    private static async Task<ImportMark?> ReadMarkAsync(EventLog log) => ImportMark.Read(await log.Stored.ReadMetadataAsync(Cancel));

    private static async Task EndEarlyAsync(Pier pier, IStore store, ulong after)
    {
        using CancellationTokenSource source = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await using EventLog log = await TransferFixture.OpenLogAsync(pier, store, source.Token);
            Term term = await TransferFixture.CampaignAsync(log, source.Token);
            TransferFixture.Watcher watcher = new(progress =>
            {
                if (progress.Step is TransferStep.Copying && progress.Events >= after)
                    source.Cancel();
            });
            await PierImport.RunAsync(pier, store, log, term, watcher, TimeProvider.System, source.Token);
        });
    }

    private static ValueTask<IStore> OpenAsync(string url, string? certificates) =>
        StoreConnection.OpenAsync(StoreUrl.Parse(url), new StoreOptions { Create = true, Certificates = certificates }, Cancel);

    private static byte[] Noise(int seed, int size)
    {
        byte[] bytes = new byte[size];
        new Random(seed).NextBytes(bytes);
        bytes.AsSpan(0, 4).Clear();
        return bytes;
    }

    /// <summary>A pier of a ship of its own, so that all have room in one store.</summary>
    private (string Path, Ship Ship) MakePier(byte[][] events, int number)
    {
        using Pier pier = _piers.MakePier(events, identity: TransferFixture.Identity with { Who = (UInt128)(0x1_0000 + number) });
        return (pier.Info.Path, ShipName.ToShip(pier.Info.Identity.Who));
    }

    private async Task<(string Url, string? Certificates)> StartAsync(string engine)
    {
        switch (engine)
        {
            case "postgresql":
                PostgresCluster postgres = await PostgresCluster.StartAsync();
                _servers = postgres;
                return (postgres.Url, null);
            case "dqlite":
                DqliteCluster dqlite = await DqliteCluster.StartAsync(3, cancel: Cancel);
                _servers = dqlite;
                return (dqlite.Url, dqlite.Certificates);
            case "etcd":
                EtcdCluster etcd = await EtcdCluster.StartAsync(cancel: Cancel);
                _servers = etcd;
                return (etcd.Url, etcd.Certificates);
            default:
                return ($"{engine}:{_folder["store"]}", null);
        }
    }
}
