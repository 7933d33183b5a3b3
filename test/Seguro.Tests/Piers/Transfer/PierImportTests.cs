using Microsoft.Extensions.Time.Testing;
using Seguro.Core;
using Seguro.Piers;
using Seguro.Piers.Transfer;
using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Piers.Transfer;

public sealed class PierImportTests : IDisposable
{
    private readonly TransferFixture _piers = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _piers.Dispose();

    [Fact]
    public async Task Brings_every_event_and_says_what_it_did()
    {
        byte[][] events = TransferFixture.MakeEvents(50);
        using Pier pier = _piers.MakePier(events);
        ModelStore store = new();
        PierImportResult result = await TransferFixture.ImportAsync(pier, store, Cancel);
        Assert.Equal(50UL, result.Events);
        Assert.Equal(events.Sum(static payload => payload.Length), result.Bytes);
        Assert.Equal(0UL, result.AlreadyThere);
        Assert.Equal(0UL, result.StoreAhead);
        Assert.Equal(TransferFixture.ChainOf(events), result.Head);
        Assert.Equal(events, await ReadAllAsync(store, pier));
        IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata = await (await OpenAsync(store, pier)).Stored.ReadMetadataAsync(Cancel);
        Assert.Equal([0, 0, 1], metadata[MetadataKey.Who].ToArray());
        Assert.Empty(metadata[MetadataKey.Fake].ToArray());
        Assert.Equal([5], metadata[MetadataKey.Life].ToArray());
    }

    [Fact]
    public async Task Sets_the_metadata_that_a_log_lacks()
    {
        using Pier pier = _piers.MakePier(TransferFixture.MakeEvents(5), identity: TransferFixture.Identity with { IsFake = false });
        ModelStore store = new();
        await store.CreateLogAsync(Ship.Parse("~dapnep-ronmyl"), Position.Origin, new Dictionary<string, ReadOnlyMemory<byte>>(), Cancel);
        await TransferFixture.ImportAsync(pier, store, Cancel);
        IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata = await (await OpenAsync(store, pier)).Stored.ReadMetadataAsync(Cancel);
        Assert.Equal([0, 0, 1], metadata[MetadataKey.Who].ToArray());
        Assert.Equal([1], metadata[MetadataKey.Fake].ToArray());
    }

    [Fact]
    public async Task A_second_import_has_nothing_to_do()
    {
        using Pier pier = _piers.MakePier(TransferFixture.MakeEvents(20));
        ModelStore store = new();
        PierImportResult first = await TransferFixture.ImportAsync(pier, store, Cancel);
        PierImportResult second = await TransferFixture.ImportAsync(pier, store, Cancel);
        Assert.True(second.NothingToDo);
        Assert.Equal(20UL, second.AlreadyThere);
        Assert.Equal(first.Head, second.Head);
    }

    [Fact]
    public async Task A_pier_behind_the_store_has_nothing_to_give()
    {
        byte[][] events = TransferFixture.MakeEvents(30);
        using Pier whole = _piers.MakePier(events);
        using Pier behind = _piers.MakePier(events.Take(12));
        ModelStore store = new();
        PierImportResult first = await TransferFixture.ImportAsync(whole, store, Cancel);
        PierImportResult second = await TransferFixture.ImportAsync(behind, store, Cancel);
        Assert.True(second.NothingToDo);
        Assert.Equal(12UL, second.AlreadyThere);
        Assert.Equal(18UL, second.StoreAhead);
        Assert.Equal(first.Head, second.Head);
    }

    [Fact]
    public async Task Goes_on_where_the_pier_has_grown()
    {
        byte[][] events = TransferFixture.MakeEvents(30);
        using Pier before = _piers.MakePier(events.Take(12));
        using Pier after = _piers.MakePier(events);
        ModelStore store = new();
        await TransferFixture.ImportAsync(before, store, Cancel);
        PierImportResult result = await TransferFixture.ImportAsync(after, store, Cancel);
        Assert.Equal((18UL, 12UL), (result.Events, result.AlreadyThere));
        Assert.Equal(events.Skip(12).Sum(static payload => payload.Length), result.Bytes);
        Assert.Equal(TransferFixture.ChainOf(events), result.Head);
    }

    [Fact]
    public async Task An_empty_pier_has_nothing_to_give()
    {
        using Pier empty = _piers.MakePier([]);
        ModelStore store = new();
        Assert.True((await TransferFixture.ImportAsync(empty, store, Cancel)).NothingToDo);
        using Pier some = _piers.MakePier(TransferFixture.MakeEvents(3));
        Assert.Equal(3UL, (await TransferFixture.ImportAsync(some, store, Cancel)).Events);
        Assert.True((await TransferFixture.ImportAsync(empty, store, Cancel)).NothingToDo);
    }

    [Fact]
    public async Task Takes_an_event_of_20_MB_between_small_ones()
    {
        byte[][] events = [.. TransferFixture.MakeEvents(4), .. TransferFixture.MakeEvents(1, 2, 6), .. TransferFixture.MakeEvents(4, 3)];
        events[4] = new byte[20_000_000];
        new Random(5).NextBytes(events[4]);
        using Pier pier = _piers.MakePier(events);
        ModelStore store = new();
        PierImportResult result = await TransferFixture.ImportAsync(pier, store, Cancel);
        Assert.Equal(TransferFixture.ChainOf(events), result.Head);
        Assert.Equal(events, await ReadAllAsync(store, pier));
    }

    [Fact]
    public async Task A_chopped_pier_keeps_its_base()
    {
        byte[][] events = TransferFixture.MakeEvents(10);
        using Pier pier = _piers.MakePier(events, baseNumber: 2048);
        ModelStore store = new();
        PierImportResult result = await TransferFixture.ImportAsync(pier, store, Cancel);
        Assert.Equal(TransferFixture.ChainOf(events, 2048), result.Head);
        LogState state = await (await OpenAsync(store, pier)).ReadStateAsync(Cancel);
        Assert.Equal(new EventNumber(2049), state.First);
        Assert.True((await TransferFixture.ImportAsync(pier, store, Cancel)).NothingToDo);
    }

    [Theory]
    [InlineData(15, 5)]
    [InlineData(20, 0)]
    public async Task A_chopped_pier_goes_on_where_a_whole_log_ends(int chopped, int shared)
    {
        byte[][] events = TransferFixture.MakeEvents(30);
        using Pier whole = _piers.MakePier(events.Take(20));
        using Pier rest = _piers.MakePier(events.Skip(chopped), (ulong)chopped);
        ModelStore store = new();
        await TransferFixture.ImportAsync(whole, store, Cancel);
        PierImportResult result = await TransferFixture.ImportAsync(rest, store, Cancel);
        Assert.Equal((10UL, (ulong)shared), (result.Events, result.AlreadyThere));
        Assert.Equal(TransferFixture.ChainOf(events), result.Head);
    }

    [Fact]
    public async Task A_whole_pier_goes_on_where_a_trimmed_log_ends()
    {
        byte[][] events = TransferFixture.MakeEvents(30);
        using Pier before = _piers.MakePier(events.Take(20));
        using Pier after = _piers.MakePier(events);
        using Pier old = _piers.MakePier(events.Take(5));
        ModelStore store = new();
        await TransferFixture.ImportAsync(before, store, Cancel);
        await TrimAsync(store, before, 12);
        List<TransferProgress> seen = [];
        PierImportResult result = await TransferFixture.ImportAsync(after, store, Cancel, new TransferFixture.Watcher(seen.Add));
        Assert.Equal((10UL, 9UL), (result.Events, result.AlreadyThere));
        Assert.Equal(new TransferProgress(TransferStep.Copying, 10, 10, result.Bytes, result.Bytes), seen[^1]);
        Assert.Equal(events.Skip(20).Sum(static payload => payload.Length), result.Bytes);
        Assert.Equal(TransferFixture.ChainOf(events), result.Head);

        await TrimAsync(store, before, 31);
        Assert.True((await TransferFixture.ImportAsync(after, store, Cancel)).NothingToDo);
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(() => TransferFixture.ImportAsync(old, store, Cancel));
        Assert.Equal(ErrorCode.Gap, error.Code);
    }

    [Fact]
    public async Task Refuses_a_gap_between_store_and_pier()
    {
        byte[][] events = TransferFixture.MakeEvents(30);
        using Pier whole = _piers.MakePier(events.Take(20));
        using Pier rest = _piers.MakePier(events.Skip(21), 21);
        ModelStore store = new();
        await TransferFixture.ImportAsync(whole, store, Cancel);
        LogState before = await (await OpenAsync(store, whole)).ReadStateAsync(Cancel);
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(() => TransferFixture.ImportAsync(rest, store, Cancel));
        Assert.Equal(ErrorCode.Gap, error.Code);
        Assert.Contains("ends with event 20", error.Message, StringComparison.Ordinal);
        Assert.Contains("begins with event 22", error.Message, StringComparison.Ordinal);
        Assert.Equal(before.Head, (await (await OpenAsync(store, whole)).ReadStateAsync(Cancel)).Head);
    }

    [Fact]
    public async Task Refuses_a_foreign_ship()
    {
        using Pier mine = _piers.MakePier(TransferFixture.MakeEvents(3));
        using Pier other = _piers.MakePier(TransferFixture.MakeEvents(6), identity: TransferFixture.Identity with { Who = 0x1_0001 });
        ModelStore store = new();
        await TransferFixture.ImportAsync(mine, store, Cancel);
        await using EventLog log = await OpenAsync(store, mine);
        Term term = await TransferFixture.CampaignAsync(log, Cancel);
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(
            () => PierImport.RunAsync(other, store, log, term, null, TimeProvider.System, Cancel));
        Assert.Equal(ErrorCode.ForeignShip, error.Code);
        Assert.Contains("~milrys-soglec", error.Message, StringComparison.Ordinal);
        Assert.Equal(3UL, (await log.ReadStateAsync(Cancel)).Count);
    }

    [Fact]
    public async Task Refuses_a_real_ship_for_a_fake_one_and_another_life()
    {
        byte[][] events = TransferFixture.MakeEvents(6);
        using Pier mine = _piers.MakePier(events.Take(3));
        using Pier real = _piers.MakePier(events, identity: TransferFixture.Identity with { IsFake = false });
        using Pier reborn = _piers.MakePier(events, identity: TransferFixture.Identity with { Life = 6 });
        ModelStore store = new();
        await TransferFixture.ImportAsync(mine, store, Cancel);
        Assert.Equal(ErrorCode.ForeignShip, (await Assert.ThrowsAsync<SeguroException>(() => TransferFixture.ImportAsync(real, store, Cancel))).Code);
        Assert.Equal(ErrorCode.Diverged, (await Assert.ThrowsAsync<SeguroException>(() => TransferFixture.ImportAsync(reborn, store, Cancel))).Code);
        Assert.Equal(3UL, (await (await OpenAsync(store, mine)).ReadStateAsync(Cancel)).Count);
    }

    [Fact]
    public async Task Refuses_what_the_store_has_no_room_for_before_it_writes()
    {
        byte[][] events = TransferFixture.MakeEvents(40, largest: 100);
        using Pier half = _piers.MakePier(events.Take(20));
        using Pier pier = _piers.MakePier(events);
        long bytes = events.Sum(static payload => (long)payload.Length);
        ModelOptions tight = new() { Window = bytes - 1, LargestGroup = 4 };
        ModelStore empty = new(tight);
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(() => TransferFixture.ImportAsync(pier, empty, Cancel));
        Assert.Equal(ErrorCode.TooLarge, error.Code);
        Assert.Contains($"{bytes:N0}", error.Message, StringComparison.Ordinal);
        Assert.Contains($"{bytes - 1:N0}", error.Message, StringComparison.Ordinal);
        Assert.Empty(await empty.ListLogsAsync(Cancel));

        ModelStore begun = new(tight);
        await TransferFixture.ImportAsync(half, begun, Cancel);
        Assert.Equal(ErrorCode.TooLarge, (await Assert.ThrowsAsync<SeguroException>(() => TransferFixture.ImportAsync(pier, begun, Cancel))).Code);
        Assert.Equal(20UL, (await (await OpenAsync(begun, half)).ReadStateAsync(Cancel)).Count);

        Assert.Equal(40UL, (await TransferFixture.ImportAsync(pier, new ModelStore(tight with { Window = bytes }), Cancel)).Events);
    }

    [Fact]
    public async Task Refuses_an_event_that_the_store_can_not_hold_before_it_writes()
    {
        byte[][] events = TransferFixture.MakeEvents(40, largest: 100);
        events[37] = new byte[301];
        using Pier pier = _piers.MakePier(events);
        ModelStore store = new(new ModelOptions { LargestEvent = 300, LargestGroup = 4 });
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(() => TransferFixture.ImportAsync(pier, store, Cancel));
        Assert.Equal(ErrorCode.TooLarge, error.Code);
        Assert.Contains("event 38", error.Message, StringComparison.Ordinal);
        Assert.Empty(await store.ListLogsAsync(Cancel));

        using Pier half = _piers.MakePier(events.Take(20));
        await TransferFixture.ImportAsync(half, store, Cancel);
        Assert.Contains("event 38", (await Assert.ThrowsAsync<SeguroException>(() => TransferFixture.ImportAsync(pier, store, Cancel))).Message, StringComparison.Ordinal);
        Assert.Equal(20UL, (await (await OpenAsync(store, half)).ReadStateAsync(Cancel)).Count);
    }

    [Fact]
    public async Task Stops_when_another_master_fences_it_and_says_how_far_it_came()
    {
        byte[][] events = TransferFixture.MakeEvents(3000, largest: 20);
        using Pier pier = _piers.MakePier(events);
        ModelStore store = new(new ModelOptions { LargestGroup = 100 });
        await using EventLog other = await TransferFixture.OpenLogAsync(pier, store, Cancel);
        bool taken = false;
        TransferFixture.Watcher watcher = new(seen =>
        {
            if (seen.Step is TransferStep.Copying && seen.Events > 0 && !taken)
            {
                taken = true;
                TransferFixture.CampaignAsync(other, CancellationToken.None).GetAwaiter().GetResult(); // the model answers at once
            }
        });
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(() => TransferFixture.ImportAsync(pier, store, Cancel, watcher));
        Assert.Equal(ErrorCode.Fenced, error.Code);
        LogState state = await other.ReadStateAsync(Cancel);
        Assert.InRange(state.Count, 100UL, 2900UL);
        Assert.Contains($"up to event {state.Head.Number}", error.Message, StringComparison.Ordinal);
        Assert.Equal(TransferFixture.ChainOf(events), (await TransferFixture.ImportAsync(pier, store, Cancel)).Head);
    }

    [Fact]
    public async Task Reports_steps_that_grow_to_their_totals_and_the_time_of_its_clock()
    {
        byte[][] events = TransferFixture.MakeEvents(5000, largest: 20);
        using Pier part = _piers.MakePier(events.Take(3000));
        using Pier pier = _piers.MakePier(events);
        ModelStore store = new();
        await TransferFixture.ImportAsync(part, store, Cancel);
        FakeTimeProvider time = new();
        List<TransferProgress> seen = [];
        await using EventLog log = await TransferFixture.OpenLogAsync(pier, store, Cancel);
        Term term = await TransferFixture.CampaignAsync(log, Cancel);
        TransferFixture.Watcher watcher = new(progress =>
        {
            seen.Add(progress);
            time.Advance(TimeSpan.FromSeconds(1));
        });
        PierImportResult result = await PierImport.RunAsync(pier, store, log, term, watcher, time, Cancel);
        Assert.Equal(TimeSpan.FromSeconds(seen.Count), result.Elapsed);
        foreach (IGrouping<TransferStep, TransferProgress> step in seen.GroupBy(static progress => progress.Step))
        {
            Assert.Equal(step.Select(static progress => progress.Events).Order(), step.Select(static progress => progress.Events));
            Assert.Equal(step.Last().TotalEvents, step.Last().Events);
        }
        TransferProgress last = seen[^1];
        Assert.Equal(new TransferProgress(TransferStep.Copying, 2000, 2000, result.Bytes, result.Bytes), last);
        Assert.Equal(3000UL, seen.Last(static progress => progress.Step is TransferStep.Comparing).Events);
    }

    private static async Task<EventLog> OpenAsync(ModelStore store, Pier pier) => await TransferFixture.OpenLogAsync(pier, store, Cancel);

    private static async Task TrimAsync(ModelStore store, Pier pier, ulong first)
    {
        EventLog log = await OpenAsync(store, pier);
        Term term = await TransferFixture.CampaignAsync(log, Cancel);
        Assert.IsType<WriteOutcome.Committed>(await log.Stored.TrimAsync(term, new EventNumber(first), Cancel));
    }

    private static async Task<List<byte[]>> ReadAllAsync(ModelStore store, Pier pier)
    {
        EventLog log = await OpenAsync(store, pier);
        LogState state = await log.ReadStateAsync(Cancel);
        List<byte[]> all = [];
        await foreach (Event read in log.ReadAsync(state, state.First, state.Head.Number, Cancel))
            all.Add(read.Payload.ToArray());
        return all;
    }
}
