using CsCheck;
using Seguro.Core;
using Seguro.Piers;
using Seguro.Piers.Transfer;
using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Piers.Transfer;

public sealed class PierImportPropertyTests : IDisposable
{
    private static readonly Gen<ModelOptions> Small =
        Gen.Select(Gen.Int[1, 40], Gen.Int[1, 4], Gen.Int[1, 7]).Select(static (fragment, fragments, group) => new ModelOptions
        {
            LargestFragment = fragment,
            LargestTransaction = fragment * fragments,
            LargestGroup = group,
            LargestEvent = 1000,
        });

    private readonly TransferFixture _piers = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _piers.Dispose();

    /// <summary>The store dies after some calls, or writes are lost, or their outcomes are, or the user interrupts: what is there is always a
    /// true beginning, and in the end there is the same chain.</summary>
    [Fact]
    public async Task Interrupted_at_any_point_it_ends_with_the_same_chain()
    {
        byte[][] events = TransferFixture.MakeEvents(60);
        List<Position> positions = [Position.Origin];
        for (int count = 1; count <= events.Length; count++)
            positions.Add(TransferFixture.ChainOf(events.Take(count)));
        using Pier pier = _piers.MakePier(events);
        int interruptions = 0;
        await Gen.Select(Small, Gen.Int[0, 30].Array[0, 6], Gen.Enum<WriteFate>().Array[0, 12], Gen.Int[0, 40]).SampleAsync(
            async (options, deaths, fates, cancelAfter) =>
            {
                ModelStore store = new(options);
                await using EventLog log = await TransferFixture.OpenLogAsync(pier, store, Cancel);
                Term term = await TransferFixture.CampaignAsync(log, Cancel);
                foreach (int death in deaths)
                {
                    store.Database.Faults.NextWrites(fates);
                    store.Database.Faults.UnavailableAfter(death);
                    try
                    {
                        await PierImport.RunAsync(pier, store, log, term, null, TimeProvider.System, Cancel);
                    }
                    catch (SeguroException error) when (error.Code is ErrorCode.StoreUnavailable or ErrorCode.OutcomeUnknown)
                    {
                        Interlocked.Increment(ref interruptions);
                    }
                    store.Database.Faults.Heal();
                    LogState between = await log.ReadStateAsync(Cancel);
                    Assert.Equal(positions[(int)between.Head.Number.Value], between.Head.Position);
                }
                await CancelAfterAsync(pier, store, log, term, cancelAfter);
                PierImportResult result = await PierImport.RunAsync(pier, store, log, term, null, TimeProvider.System, Cancel);
                Assert.Equal(positions[^1], result.Head);
                LogState state = await log.ReadStateAsync(Cancel);
                int number = 0;
                await foreach (Event read in log.ReadAsync(state, state.First, state.Head.Number, Cancel))
                    Assert.Equal(events[number++], read.Payload.ToArray());
                Assert.Equal(60, number);
            },
            iter: 100,
            threads: 1);
        Assert.True(interruptions > 20, $"only {interruptions} imports were interrupted");
    }

    [Fact]
    public async Task One_changed_byte_is_found_and_its_event_named_and_nothing_is_written() =>
        await Gen.Select(Small, Gen.Int[1, 25], Gen.Int[0, 3], Gen.Int[0, 24], Gen.Int[0, 1000]).SampleAsync(
            async (options, shared, more, place, at) =>
            {
                byte[][] events = TransferFixture.MakeEvents(shared + more);
                byte[][] changed = [.. events.Select(static payload => payload.ToArray())];
                int index = place % shared;
                int offset = at % changed[index].Length;
                changed[index][offset] ^= 0x10;
                using Pier mine = _piers.MakePier(events.Take(shared));
                using Pier other = _piers.MakePier(changed);
                ModelStore store = new(options);
                PierImportResult before = await TransferFixture.ImportAsync(mine, store, Cancel);
                SeguroException error = await Assert.ThrowsAsync<SeguroException>(() => TransferFixture.ImportAsync(other, store, Cancel));
                Assert.Equal(ErrorCode.Diverged, error.Code);
                Assert.Contains($"event {index + 1}:", error.Message, StringComparison.Ordinal);
                Assert.Contains($"from byte {offset} on", error.Message, StringComparison.Ordinal);
                await using EventLog log = await TransferFixture.OpenLogAsync(mine, store, Cancel);
                Assert.Equal(before.Head, (await log.ReadStateAsync(Cancel)).Head.Position);
            },
            iter: 40,
            threads: 1);

    private static async Task CancelAfterAsync(Pier pier, ModelStore store, EventLog log, Term term, int reports)
    {
        using CancellationTokenSource source = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        TransferFixture.Watcher watcher = new(_ =>
        {
            if (reports-- == 0)
                source.Cancel();
        });
        try
        {
            await PierImport.RunAsync(pier, store, log, term, watcher, TimeProvider.System, source.Token);
        }
        catch (OperationCanceledException) when (source.IsCancellationRequested)
        {
        }
    }
}
