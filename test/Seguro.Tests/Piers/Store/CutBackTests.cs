using Seguro.Core;
using Seguro.Piers.Store;
using Seguro.Stores;
using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Piers.Store;

/// <summary>Removing a pier's last events: all of them at once, or none.</summary>
public sealed class CutBackTests : IDisposable
{
    private const ulong Seed = 11;
    private static readonly Ship Zod = Ship.Parse("~zod");
    private readonly TemporaryFolder _folder = new("cut");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_kill_in_the_middle_leaves_a_whole_log()
    {
        string url = "lmdb:" + _folder["pier"];
        for (int round = 0; round < 6; round++)
        {
            await using (WritingProcess writer = WritingProcess.StartCutting(url, Zod, Seed))
            {
                await writer.ReachAsync(30 + round, Cancel);
                await writer.KillAsync(Cancel);
            }
            await using IStore store = await StoreConnection.OpenAsync(StoreUrl.Parse(url), new StoreOptions(), Cancel);
            await using EventLog log = new((await store.OpenLogAsync(Zod, Cancel))!, store.Capabilities);
            LogState state = await log.ReadStateAsync(Cancel);
            Assert.InRange(state.Head.Number.Value, 1UL, 48UL);
            Position position = Position.Origin;
            long bytes = 0;
            using ChainHasher hasher = new();
            await foreach (Event read in log.ReadAsync(state, state.First, state.Head.Number, Cancel))
            {
                byte[] expected = WriterPayload.Of(Seed, read.Number.Value, 0);
                Assert.True(read.Payload.Span.SequenceEqual(expected), $"event {read.Number} is another");
                position = new Position(read.Number, hasher.Next(position.Chain, read.Number, expected));
                bytes += expected.Length;
            }
            Assert.Equal((state.Head.Position, state.Bytes), (position, bytes));
        }
    }

    [Fact]
    public async Task It_is_fenced_repeatable_and_exact()
    {
        await using LmdbStore store = await LmdbStore.OpenAsync(_folder["pier"], create: true, TimeProvider.System, Cancel);
        await using EventLog log = new(await store.CreateLogAsync(Zod, Position.Origin, new Dictionary<string, ReadOnlyMemory<byte>>(), Cancel), store.Capabilities);
        Term term = Assert.IsType<LeaseOutcome.Done>(await log.Stored.CampaignAsync(Lease.None, "test", TimeSpan.FromSeconds(1), Cancel)).Lease.Term;
        await log.AppendAsync(term, Position.Origin, [.. Enumerable.Range(1, 9).Select(static n => (ReadOnlyMemory<byte>)WriterPayload.Of(Seed, (ulong)n, 0))], Cancel);
        LogState before = await log.ReadStateAsync(Cancel);
        Position fifth = await log.ReadPositionAsync(new(5), Cancel);

        Assert.IsType<WriteOutcome.Fenced>(await store.CutBackAsync(Zod, term.Next, fifth, Cancel));
        Assert.IsType<WriteOutcome.Conflict>(await store.CutBackAsync(Zod, term, fifth with { Number = new(6) }, Cancel));
        Assert.IsType<WriteOutcome.Conflict>(await store.CutBackAsync(Zod, term, fifth with { Number = new(10) }, Cancel));
        Assert.Equal(before, await log.ReadStateAsync(Cancel));

        Assert.IsType<WriteOutcome.Committed>(await store.CutBackAsync(Zod, term, fifth, Cancel));
        Assert.IsType<WriteOutcome.Committed>(await store.CutBackAsync(Zod, term, fifth, Cancel));
        LogState after = await log.ReadStateAsync(Cancel);
        Assert.Equal(new Head(term, fifth.Number, fifth.Chain), after.Head);
        Assert.Equal(before.Lease, after.Lease);
        Assert.IsType<WriteOutcome.Conflict>(await log.Stored.AppendAsync(
            new Append(term, before.Head.Position, [new NewEvent(before.Head.Number.Next, 1, default, new byte[1])]), Cancel));
    }

    public void Dispose() => _folder.Dispose();
}
