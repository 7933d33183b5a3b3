using Seguro.Core;
using Seguro.Piers;
using Seguro.Piers.Store;
using Seguro.Stores;
using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Piers.Store;

/// <summary>What only this store does: it is a pier, and others write to it too.</summary>
public sealed class LmdbStoreTests : IDisposable
{
    private static readonly Ship Zod = Ship.Parse("~zod");
    private readonly TemporaryFolder _folder = new("lmdb");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Reading_a_real_pier_changes_and_locks_nothing()
    {
        await using OpenPier opened = await OpenAsync(Path.Combine(SharedData.Path, "zod-epochs"));
        EventLog log = opened.Log;
        LogState state = await log.ReadStateAsync(Cancel);

        Assert.Equal((1UL, 2074UL, Lease.None), (state.First.Value, state.Head.Number.Value, state.Lease));
        Assert.Equal(["fake", "life", "who"], (await log.Stored.ReadMetadataAsync(Cancel)).Keys.Order(StringComparer.Ordinal));
        Assert.Null(await log.Stored.ReadChainAsync(new(1000), Cancel));
        await foreach (Event read in log.ReadAsync(state, state.First, state.Head.Number, Cancel))
            Assert.Equal(read.Number == state.Head.Number, read.Chain == state.Head.Chain);
    }

    [Fact]
    public async Task A_pier_of_veres_takes_events_and_stays_one()
    {
        string path = SharedData.CopyPier("zod-epochs", _folder["pier"]);
        Position head;
        byte[] payload = PierBuilder.Payload(1, 900);
        await using (OpenPier opened = await OpenAsync(path))
        {
            EventLog log = opened.Log;
            LogState before = await log.ReadStateAsync(Cancel);
            Assert.Equal(PierHold.Free, PierLock.Inspect(path));
            Term term = await CampaignAsync(log);
            Assert.Equal(new PierHold(true, Environment.ProcessId), PierLock.Inspect(path));
            Assert.Equal(before with { Lease = (await log.ReadStateAsync(Cancel)).Lease }, await log.ReadStateAsync(Cancel));
            Assert.NotNull(await log.Stored.ReadChainAsync(new(1000), Cancel));
            AppendResult result = await log.AppendAsync(term, before.Head.Position, [payload], Cancel);
            Assert.True(result.IsCommitted);
            head = result.Reached;
        }
        Assert.False(File.Exists(Path.Combine(path, ".vere.lock")));
        using (Pier pier = Pier.Open(path, PierAccess.Offline))
        {
            Assert.Equal(2075UL, pier.Info.Last.Value);
            Assert.True(pier.Read(new(2075), new(2075)).Single().Payload.Span.SequenceEqual(payload));
        }
        await using OpenPier againPier = await OpenAsync(path);
        EventLog again = againPier.Log;
        Assert.Equal(head, (await again.ReadStateAsync(Cancel)).Head.Position);
        Assert.Equal(head, await again.ReadPositionAsync(head.Number, Cancel));
    }

    [Fact]
    public async Task Takes_in_what_vere_wrote_meanwhile_also_after_a_roll()
    {
        string path = await MakeAsync(30);
        AppendAsVere(Path.Combine(PierFiles.LogOf(path), "0i0"), 31, 40);
        string epoch = Directory.CreateDirectory(Path.Combine(PierFiles.LogOf(path), "0i40")).FullName;
        File.WriteAllText(Path.Combine(epoch, "epoc.txt"), "2");
        PierBuilder.WriteEnvironment(epoch, 41, 50, [3], PierBuilder.Zod);
        Position expected = PositionOf(50);

        await using (OpenPier opened = await OpenAsync(path))
        {
            EventLog reader = opened.Log;
            LogState state = await reader.ReadStateAsync(Cancel);
            Assert.Equal((expected, new Term(1)), (state.Head.Position, state.Lease.Term));
            Assert.Null(await reader.Stored.ReadChainAsync(new(45), Cancel));
        }
        await using OpenPier writerPier = await OpenAsync(path);
        EventLog writer = writerPier.Log;
        Term term = await CampaignAsync(writer);
        Assert.Equal(PositionOf(45).Chain, await writer.Stored.ReadChainAsync(new(45), Cancel));
        Assert.Equal(PositionOf(15).Chain, await writer.Stored.ReadChainAsync(new(15), Cancel));
        Assert.Equal("red", Text(await writer.Stored.ReadMetadataAsync(Cancel)));
        Assert.True((await writer.AppendAsync(term, expected, [Payload(51)], Cancel)).IsCommitted);
        LogState after = await writer.ReadStateAsync(Cancel);
        Assert.Equal(PositionOf(51), after.Head.Position);
        Assert.IsType<WriteOutcome.Committed>(await writer.Stored.TrimAsync(term, new(46), Cancel));
        after = await writer.ReadStateAsync(Cancel);
        Assert.Equal(Enumerable.Range(46, 6).Sum(static n => (long)Payload((ulong)n).Length), after.Bytes);
        await foreach (Event read in writer.ReadAsync(after, after.First, after.Head.Number, Cancel))
            Assert.True(read.Payload.Span.SequenceEqual(Payload(read.Number.Value)));
    }

    [Fact]
    public async Task Takes_back_what_was_cut_off_behind_its_back()
    {
        string path = await MakeAsync(30);
        string epoch = Path.Combine(PierFiles.LogOf(path), "0i0");
        using (LmdbEnvironment environment = LmdbEnvironment.Open(epoch, isAside: true))
        using (LmdbTransaction transaction = environment.Begin())
        {
            uint events = transaction.Table(PierMeta.Events, integerKeys: true);
            for (ulong gone = 21; gone <= 30; gone++)
                Assert.True(transaction.Delete(events, gone));
            transaction.Commit();
        }
        await using (OpenPier opened = await OpenAsync(path))
        {
            EventLog log = opened.Log;
            Assert.Equal(PositionOf(20), (await log.ReadStateAsync(Cancel)).Head.Position);
            Term term = await CampaignAsync(log);
            Assert.True((await log.AppendAsync(term, PositionOf(20), [Payload(21)], Cancel)).IsCommitted);
            Assert.Equal(PositionOf(21), (await log.ReadStateAsync(Cancel)).Head.Position);
        }
    }

    [Fact]
    public async Task Refuses_to_write_where_the_last_event_was_replaced()
    {
        string path = await MakeAsync(30);
        using (LmdbEnvironment environment = LmdbEnvironment.Open(Path.Combine(PierFiles.LogOf(path), "0i0"), isAside: true))
        using (LmdbTransaction transaction = environment.Begin())
        {
            transaction.Put(transaction.Table(PierMeta.Events, integerKeys: true), 30, Payload(31));
            transaction.Commit();
        }
        await using OpenPier opened = await OpenAsync(path);
        EventLog log = opened.Log;
        Assert.Equal(ErrorCode.Diverged, (await Assert.ThrowsAsync<SeguroException>(() => CampaignAsync(log))).Code);
        Assert.Equal(PierHold.Free, PierLock.Inspect(path));
    }

    [Fact]
    public async Task A_second_process_reads_but_does_not_write()
    {
        Ship ship = ShipNames.Next();
        string path = _folder["pier"];
        await using WritingProcess writer = WritingProcess.Start($"lmdb:{path}", ship, 7, 100_000);
        await writer.ReachAsync(20, Cancel);
        await using OpenPier opened = await OpenAsync(path, ship);
        EventLog log = opened.Log;
        for (int pass = 0; pass < 5; pass++)
        {
            await writer.ReachAsync(2, Cancel);
            LogState state = await log.ReadStateAsync(Cancel);
            Assert.True(state.Head.Number.Value >= writer.Acknowledged);
            await foreach (Event read in log.ReadAsync(state, state.First, state.Head.Number, Cancel))
                Assert.True(read.Payload.Span.SequenceEqual(WriterPayload.Of(7, read.Number.Value, 100_000)));
        }
        Assert.Equal(ErrorCode.PierLocked, (await Assert.ThrowsAsync<SeguroException>(() => CampaignAsync(log))).Code);
    }

    [Fact]
    public async Task One_ship_a_pier()
    {
        string path = await MakeAsync(3);
        await using IStore store = await StoreConnection.OpenAsync(StoreUrl.Parse($"lmdb:{path}"), new StoreOptions { Create = true }, Cancel);
        Assert.Equal([Zod], await store.ListLogsAsync(Cancel));
        Assert.Null(await store.OpenLogAsync(Ship.Parse("~nec"), Cancel));
        Assert.Equal(ErrorCode.ForeignShip, (await Assert.ThrowsAsync<SeguroException>(() =>
            store.CreateLogAsync(Ship.Parse("~nec"), Position.Origin, new Dictionary<string, ReadOnlyMemory<byte>>(), Cancel).AsTask())).Code);
    }

    [Fact]
    public async Task Makes_nothing_unless_told_to()
    {
        Assert.Equal(ErrorCode.NotFound, (await Assert.ThrowsAsync<SeguroException>(() =>
            StoreConnection.OpenAsync(StoreUrl.Parse($"lmdb:{_folder["none"]}"), new StoreOptions(), Cancel).AsTask())).Code);
        await using (IStore store = await StoreConnection.OpenAsync(StoreUrl.Parse($"lmdb:{_folder["none"]}"), new StoreOptions { Create = true }, Cancel))
            Assert.Null(await store.OpenLogAsync(Zod, Cancel));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Path));
        Directory.CreateDirectory(_folder["other/things"]);
        Assert.Equal(ErrorCode.NotAPier, (await Assert.ThrowsAsync<SeguroException>(() =>
            StoreConnection.OpenAsync(StoreUrl.Parse($"lmdb:{_folder["other"]}"), new StoreOptions { Create = true }, Cancel).AsTask())).Code);
    }

    [Fact]
    public async Task Refuses_newer_records_and_damaged_files()
    {
        string path = await MakeAsync(30);
        string epoch = Path.Combine(PierFiles.LogOf(path), "0i0");
        using (LmdbEnvironment environment = LmdbEnvironment.Open(epoch, isAside: true))
        using (LmdbTransaction transaction = environment.Begin())
        {
            transaction.Put(transaction.Table(PierMeta.Table, integerKeys: false), "seguro.schema", "3"u8);
            transaction.Commit();
        }
        await using (OpenPier opened = await OpenAsync(path))
            Assert.Equal(ErrorCode.NewerSchema, (await Assert.ThrowsAsync<SeguroException>(() => opened.Log.ReadStateAsync(Cancel).AsTask())).Code);
        using (FileStream file = new(Path.Combine(epoch, "data.mdb"), FileMode.Open))
            file.SetLength(file.Length / 2);
        Assert.Equal(ErrorCode.Corrupt, (await Assert.ThrowsAsync<SeguroException>(() => OpenAsync(path))).Code);
    }

    public void Dispose() => _folder.Dispose();

    private static byte[] Payload(ulong number) => PierBuilder.Payload(number, PierBuilder.SizeOf(number));

    private static Position PositionOf(ulong last) => LogSession.After(Position.Origin, Enumerable.Range(1, (int)last).Select(static n => Payload((ulong)n)));

    private static string Text(IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata) => System.Text.Encoding.ASCII.GetString(metadata["color"].Span);

    private static void AppendAsVere(string folder, ulong first, ulong last)
    {
        using LmdbEnvironment environment = LmdbEnvironment.Open(folder, isAside: true);
        using LmdbTransaction transaction = environment.Begin();
        uint events = transaction.Table(PierMeta.Events, integerKeys: true);
        for (ulong number = first; number <= last; number++)
            transaction.Append(events, number, Payload(number));
        transaction.Commit();
    }

    private static async Task<Term> CampaignAsync(EventLog log)
    {
        Lease now = (await log.ReadStateAsync(Cancel)).Lease;
        LeaseOutcome outcome = await log.Stored.CampaignAsync(now, $"test {now.Term.Next}", TimeSpan.FromSeconds(5), Cancel);
        return Assert.IsType<LeaseOutcome.Done>(outcome).Lease.Term;
    }

    private async Task<string> MakeAsync(ulong count)
    {
        string path = _folder["pier"];
        await using IStore store = await StoreConnection.OpenAsync(StoreUrl.Parse($"lmdb:{path}"), new StoreOptions { Create = true }, Cancel);
        Dictionary<string, ReadOnlyMemory<byte>> metadata = new()
        {
            [MetadataKey.Who] = Array.Empty<byte>(),
            [MetadataKey.Fake] = Array.Empty<byte>(),
            [MetadataKey.Life] = new byte[] { 1 },
            ["color"] = "red"u8.ToArray(),
        };
        EventLog log = new(await store.CreateLogAsync(Zod, Position.Origin, metadata, Cancel), store.Capabilities);
        Term term = await CampaignAsync(log);
        AppendResult result = await log.AppendAsync(term, Position.Origin, [.. Enumerable.Range(1, (int)count).Select(static n => (ReadOnlyMemory<byte>)Payload((ulong)n))], Cancel);
        Assert.Equal(PositionOf(count), result.Reached);
        return path;
    }

    private static async Task<OpenPier> OpenAsync(string path, Ship? ship = null)
    {
        IStore store = await StoreConnection.OpenAsync(StoreUrl.Parse($"lmdb:{path}"), new StoreOptions(), Cancel);
        IStoredLog? stored = await store.OpenLogAsync(ship ?? Zod, Cancel);
        return new OpenPier(store, Assert.IsAssignableFrom<IStoredLog>(stored));
    }

    private sealed class OpenPier(IStore store, IStoredLog stored) : IAsyncDisposable
    {
        public EventLog Log { get; } = new(stored, store.Capabilities);

        public async ValueTask DisposeAsync()
        {
            await Log.DisposeAsync();
            await store.DisposeAsync();
        }
    }
}
