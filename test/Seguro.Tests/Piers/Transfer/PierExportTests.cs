using Seguro.Core;
using Seguro.Piers;
using Seguro.Piers.Transfer;
using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Piers.Transfer;

public sealed class PierExportTests : IDisposable
{
    private readonly TransferFixture _piers = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _piers.Dispose();

    [Theory]
    [InlineData("zod")]
    [InlineData("zod-epochs")]
    [InlineData("zod-3.5")]
    public async Task A_real_pier_comes_back_byte_for_byte(string name)
    {
        using Pier pier = Pier.Open(Path.Combine(SharedData.Path, name), PierAccess.Offline);
        ModelStore store = new(new ModelOptions { LargestFragment = 100_000, LargestTransaction = 1_000_000, LargestGroup = 100 });
        PierImportResult imported = await TransferFixture.ImportAsync(pier, store, Cancel);
        Assert.Equal(pier.Info.Count, imported.Events);
        Assert.Equal(pier.Info.Bytes, imported.Bytes);

        await using EventLog log = await TransferFixture.OpenLogAsync(pier, store, Cancel);
        LogState state = await log.ReadStateAsync(Cancel);
        PierExportResult exported = await PierExport.RunAsync(log, state, _piers["back"], "4.6", null, TimeProvider.System, Cancel);
        Assert.Equal(imported.Head, exported.Head);
        Assert.Equal(pier.Info.Bytes, exported.Bytes);
        Assert.Equal(EventNumber.None, exported.Base);

        using Pier back = Pier.Open(_piers["back"], PierAccess.Exclusive);
        Assert.Equal(pier.Info.Identity, back.Info.Identity);
        Assert.Equal((3, "4.6", PierLayout.EpochsV4), (back.Info.MetaVersion, back.Info.VereVersion, back.Info.Layout));
        Assert.Equal((pier.Info.First, pier.Info.Last, pier.Info.Bytes), (back.Info.First, back.Info.Last, back.Info.Bytes));
        ulong same = 0;
        foreach ((PierEvent there, PierEvent here) in pier.Read(pier.Info.First, pier.Info.Last).Zip(back.Read(back.Info.First, back.Info.Last)))
        {
            Assert.Equal(there.Number, here.Number);
            Assert.True(there.Payload.Span.SequenceEqual(here.Payload.Span), $"event {there.Number}");
            same++;
        }
        Assert.Equal(pier.Info.Count, same);
        Assert.True((await PierVerify.RunAsync(back, log, null, TimeProvider.System, Cancel)).IsSame);
    }

    [Fact]
    public async Task A_log_that_begins_above_1_becomes_an_epoch_of_its_base()
    {
        byte[][] events = TransferFixture.MakeEvents(9);
        using Pier pier = _piers.MakePier(events, baseNumber: 500);
        (EventLog log, LogState state, _) = await ImportAsync(pier);
        PierExportResult exported = await PierExport.RunAsync(log, state, _piers["back"], "4.6", null, TimeProvider.System, Cancel);
        Assert.Equal(new EventNumber(500), exported.Base);
        Assert.True(Directory.Exists(Path.Combine(_piers["back"], ".urb", "log", "0i500")));
        using Pier back = Pier.Open(_piers["back"], PierAccess.Exclusive);
        Assert.Equal((new EventNumber(501), new EventNumber(509)), (back.Info.First, back.Info.Last));
    }

    [Fact]
    public async Task A_store_that_dies_half_way_leaves_nothing_at_the_target()
    {
        using Pier pier = _piers.MakePier(TransferFixture.MakeEvents(40));
        (EventLog log, LogState state, ModelStore store) = await ImportAsync(pier);
        store.Database.Faults.CutReadsAfter(25);
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(
            () => PierExport.RunAsync(log, state, _piers["back"], "4.6", null, TimeProvider.System, Cancel));
        Assert.Equal(ErrorCode.StoreUnavailable, error.Code);
        AssertNothingAtTarget();
        store.Database.Faults.Heal();
        Assert.Equal(40UL, (await PierExport.RunAsync(log, state, _piers["back"], "4.6", null, TimeProvider.System, Cancel)).Events);
    }

    [Fact]
    public async Task A_changed_byte_in_the_store_leaves_nothing_at_the_target()
    {
        using Pier pier = _piers.MakePier(TransferFixture.MakeEvents(40));
        (EventLog log, LogState state, ModelStore store) = await ImportAsync(pier);
        store.Database.Damage(log.Ship, static events => events[40][0][3] ^= 1);
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(
            () => PierExport.RunAsync(log, state, _piers["back"], "4.6", null, TimeProvider.System, Cancel));
        Assert.Equal(ErrorCode.Corrupt, error.Code);
        Assert.Contains("event 40", error.Message, StringComparison.Ordinal);
        AssertNothingAtTarget();
    }

    [Fact]
    public async Task Interrupted_it_leaves_nothing_at_the_target()
    {
        using Pier pier = _piers.MakePier(TransferFixture.MakeEvents(3000, largest: 10));
        (EventLog log, LogState state, _) = await ImportAsync(pier);
        using CancellationTokenSource source = new();
        TransferFixture.Watcher watcher = new(seen =>
        {
            if (seen.Events > 0)
                source.Cancel();
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => PierExport.RunAsync(log, state, _piers["back"], "4.6", watcher, TimeProvider.System, source.Token));
        AssertNothingAtTarget();
    }

    [Fact]
    public async Task Refuses_a_target_that_exists()
    {
        using Pier pier = _piers.MakePier(TransferFixture.MakeEvents(3));
        (EventLog log, LogState state, _) = await ImportAsync(pier);
        Directory.CreateDirectory(_piers["back"]);
        await File.WriteAllTextAsync(Path.Combine(_piers["back"], "mine"), "precious", Cancel);
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(
            () => PierExport.RunAsync(log, state, _piers["back"], "4.6", null, TimeProvider.System, Cancel));
        Assert.Equal(ErrorCode.AlreadyExists, error.Code);
        Assert.Equal("precious", await File.ReadAllTextAsync(Path.Combine(_piers["back"], "mine"), Cancel));
    }

    [Fact]
    public async Task Refuses_a_log_that_is_no_piers()
    {
        ModelStore store = new();
        Ship ship = Ship.Parse("~zod");
        await using EventLog log = new(await store.CreateLogAsync(ship, Position.Origin, new Dictionary<string, ReadOnlyMemory<byte>>(), Cancel), store.Capabilities);
        Assert.Equal(ErrorCode.NotFound, await ExportErrorAsync(log));

        Term term = await TransferFixture.CampaignAsync(log, Cancel);
        await SetAsync(log, term, MetadataKey.Who, []);
        await SetAsync(log, term, MetadataKey.Fake, []);
        await SetAsync(log, term, MetadataKey.Life, [5]);
        Assert.Equal(ErrorCode.BeyondHead, await ExportErrorAsync(log));

        await log.AppendAsync(term, Position.Origin, [new byte[5], new byte[4]], Cancel);
        Assert.Equal(ErrorCode.BadEvent, await ExportErrorAsync(log));
        AssertNothingAtTarget();
    }

    [Theory]
    [InlineData(MetadataKey.Who, 1, ErrorCode.ForeignShip)]
    [InlineData(MetadataKey.Who, 17, ErrorCode.Corrupt)]
    [InlineData(MetadataKey.Fake, 2, ErrorCode.Corrupt)]
    [InlineData(MetadataKey.Life, 5, ErrorCode.Corrupt)]
    public async Task Refuses_metadata_that_vere_never_wrote(string key, int length, ErrorCode code)
    {
        ModelStore store = new();
        Dictionary<string, ReadOnlyMemory<byte>> metadata = new()
        {
            [MetadataKey.Who] = default,
            [MetadataKey.Fake] = default,
            [MetadataKey.Life] = new byte[] { 5 },
            [key] = Enumerable.Repeat((byte)1, length).ToArray(),
        };
        await using EventLog log = new(await store.CreateLogAsync(Ship.Parse("~zod"), Position.Origin, metadata, Cancel), store.Capabilities);
        Assert.Equal(code, await ExportErrorAsync(log));
        AssertNothingAtTarget();
    }

    private async Task<ErrorCode> ExportErrorAsync(EventLog log)
    {
        LogState state = await log.ReadStateAsync(Cancel);
        return (await Assert.ThrowsAsync<SeguroException>(() => PierExport.RunAsync(log, state, _piers["back"], "4.6", null, TimeProvider.System, Cancel))).Code;
    }

    private static async Task SetAsync(EventLog log, Term term, string key, byte[] value) =>
        Assert.IsType<WriteOutcome.Committed>(await log.Stored.SetMetadataAsync(term, key, null, value, Cancel));

    private static async Task<(EventLog Log, LogState State, ModelStore Store)> ImportAsync(Pier pier)
    {
        ModelStore store = new();
        await TransferFixture.ImportAsync(pier, store, Cancel);
        EventLog log = await TransferFixture.OpenLogAsync(pier, store, Cancel);
        return (log, await log.ReadStateAsync(Cancel), store);
    }

    private void AssertNothingAtTarget() =>
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.GetDirectoryName(_piers["back"])!, "back*"));
}
