using Seguro.Core;
using Seguro.Piers.Transfer;
using Seguro.Stores;
using Seguro.Testing;

namespace Seguro.Tests.Piers;

public sealed class LogCopyTests : IDisposable
{
    private static readonly Ship Zod = Ship.Parse("~zod");
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_copy_is_the_same_log_and_takes_along_what_came_since()
    {
        await using IStore from = await OpenAsync("sqlite:from.db");
        await using EventLog source = await MakeAsync(from, events: 40, large: 20 << 20);
        await using IStore to = await OpenAsync("rocksdb:to");
        LogCopyResult first = await CopyAsync(source, to);
        LogState state = await source.ReadStateAsync(Cancel);
        Assert.Equal((41UL, state.Head.Position), (first.Events, first.Head));
        Assert.Equal(0UL, (await CopyAsync(source, to)).Events);
        await AppendAsync(source, 3);
        Assert.Equal(3UL, (await CopyAsync(source, to)).Events);
        await using EventLog copy = new((await to.OpenLogAsync(Zod, Cancel))!, to.Capabilities);
        state = await source.ReadStateAsync(Cancel);
        Assert.Equal(state.Head.Position, (await copy.ReadStateAsync(Cancel)).Head.Position);
        IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata = await copy.Stored.ReadMetadataAsync(Cancel);
        Assert.Equal(new ImportMark(IsComplete: true, state.Head.Number), ImportMark.Read(metadata)); // history for whoever takes it over
        List<Event> read = [];
        await foreach (Event one in copy.ReadAsync(await copy.ReadStateAsync(Cancel), new EventNumber(1), state.Head.Number, Cancel))
            read.Add(one with { Payload = one.Payload.ToArray() });
        Assert.Equal(44, read.Count);
        Assert.Equal(20 << 20, read[40].Payload.Length);
    }

    [Fact]
    public async Task A_copy_that_was_ended_is_not_whole_and_goes_on()
    {
        await using IStore from = await OpenAsync("sqlite:from.db");
        await using EventLog source = await MakeAsync(from, events: 5000, large: 0);
        await using IStore to = await OpenAsync("sqlite:to.db");
        using CancellationTokenSource stop = new();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => CopyAsync(source, to, new Progress(stop)));
        await using EventLog copy = new((await to.OpenLogAsync(Zod, Cancel))!, to.Capabilities);
        SeguroException refused = await Assert.ThrowsAsync<SeguroException>(async () => await WriterLease.AcquireAsync(copy, "append", TimeSpan.FromSeconds(5), TimeProvider.System, Cancel));
        Assert.Equal(ErrorCode.HalfImported, refused.Code);
        LogCopyResult rest = await CopyAsync(source, to);
        Assert.InRange(rest.Events, 1UL, 4999UL);
        Assert.Equal((await source.ReadStateAsync(Cancel)).Head.Position, rest.Head);
    }

    [Fact]
    public async Task Another_history_a_longer_copy_and_a_clusters_own_log_are_refused_and_left_alone()
    {
        await using IStore from = await OpenAsync("sqlite:from.db");
        await using EventLog source = await MakeAsync(from, events: 5, large: 0);
        await using IStore other = await OpenAsync("sqlite:other.db");
        await using EventLog differs = await MakeAsync(other, events: 4, large: 0, first: 99);
        Assert.Equal(ErrorCode.Diverged, (await Assert.ThrowsAsync<SeguroException>(() => CopyAsync(source, other))).Code);
        await using IStore longer = await OpenAsync("sqlite:longer.db");
        await using EventLog more = await MakeAsync(longer, events: 9, large: 0);
        Assert.Equal(ErrorCode.Diverged, (await Assert.ThrowsAsync<SeguroException>(() => CopyAsync(source, longer))).Code);
        await using IStore owned = await OpenAsync("sqlite:owned.db");
        await using EventLog theirs = await MakeAsync(owned, events: 3, large: 0);
        await using (WriterLease lease = await WriterLease.AcquireAsync(theirs, "m1", TimeSpan.FromSeconds(5), TimeProvider.System, Cancel))
            Assert.IsType<WriteOutcome.Committed>(await theirs.Stored.SetMetadataAsync(lease.Term, MetadataKey.History, null, "3"u8.ToArray(), Cancel));
        Assert.Equal(ErrorCode.OtherCustody, (await Assert.ThrowsAsync<SeguroException>(() => CopyAsync(source, owned))).Code);
        Assert.Equal(3UL, (await theirs.ReadStateAsync(Cancel)).Head.Number.Value);
    }

    private async Task<IStore> OpenAsync(string url) =>
        await StoreConnection.OpenAsync(StoreUrl.Parse(url.Replace(":", $":{_folder.Path}/", StringComparison.Ordinal)), new StoreOptions { Create = true }, Cancel);

    private static async Task<EventLog> MakeAsync(IStore store, int events, int large, byte first = 0)
    {
        Dictionary<string, ReadOnlyMemory<byte>> metadata = new() { [MetadataKey.Who] = default, [MetadataKey.Fake] = default, [MetadataKey.Life] = new byte[] { 1 } };
        EventLog log = new(await store.CreateLogAsync(Zod, Position.Origin, metadata, Cancel), store.Capabilities);
        await AppendAsync(log, events, first);
        if (large > 0)
            await AppendAsync(log, 1, first, large);
        return log;
    }

    private static async Task AppendAsync(EventLog log, int events, byte first = 0, int size = 100)
    {
        await using WriterLease lease = await WriterLease.AcquireForImportAsync(log, "test", TimeSpan.FromSeconds(5), TimeProvider.System, Cancel);
        Position head = (await log.ReadStateAsync(Cancel)).Head.Position;
        ReadOnlyMemory<byte>[] payloads = [.. Enumerable.Range(0, events).Select(index => (ReadOnlyMemory<byte>)(byte[])[(byte)(first + index), .. new byte[size - 1]])];
        Assert.True((await log.AppendAsync(lease.Term, head, payloads, Cancel)).IsCommitted);
    }

    private static async Task<LogCopyResult> CopyAsync(EventLog source, IStore target, Progress? progress = null)
    {
        await using EventLog copy = await LogCopy.OpenAsync(source, target, Cancel);
        await using WriterLease lease = await WriterLease.AcquireForImportAsync(copy, "copy", TimeSpan.FromSeconds(30), TimeProvider.System, Cancel);
        using CancellationTokenSource both = CancellationTokenSource.CreateLinkedTokenSource(progress?.Stop ?? Cancel, Cancel);
        return await LogCopy.RunAsync(source, target, copy, lease.Term, progress, TimeProvider.System, both.Token);
    }

    /// <summary>Ends the copy when its first thousand events are committed.</summary>
    private sealed class Progress(CancellationTokenSource stop) : IProgress<TransferProgress>
    {
        public CancellationToken Stop => stop.Token;

        public void Report(TransferProgress value)
        {
            if (value.Step is TransferStep.Copying && value.Events > 0)
                stop.Cancel();
        }
    }
}
