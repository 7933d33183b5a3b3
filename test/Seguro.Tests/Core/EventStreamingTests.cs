using CsCheck;
using Seguro.Core;
using Seguro.Testing;

namespace Seguro.Tests.Core;

/// <summary>One event from pieces: the same log as from the whole payload, and nothing visible before it is complete.</summary>
public sealed class EventStreamingTests
{
    private static readonly Ship Zod = Ship.Parse("~zod");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Pieces_of_any_size_make_the_event_that_the_whole_makes() =>
        await Gen.Select(Gen.Int[1, 40], Gen.Int[0, 1000], Gen.ULong, Gen.Int[1, 300]).SampleAsync(static async (fragment, size, seed, piece) =>
        {
            await using ModelStore store = Store(fragment);
            await using EventLog log = await OpenAsync(store);
            Lease lease = await LeadAsync(log);
            byte[] payload = SeededPayload.Of(seed, size);

            AppendResult result = await log.AppendAsync(lease.Term, Position.Origin, size, PiecesOf(payload, piece), Cancel);

            Assert.True(result.IsCommitted, result.ToString());
            Assert.Equal(LogSession.After(Position.Origin, [payload]), result.Reached);
            LogState state = await log.ReadStateAsync(Cancel);
            await foreach (Event read in log.ReadAsync(state, new EventNumber(1), new EventNumber(1), Cancel))
                Assert.Equal(payload, read.Payload.ToArray());
        });

    [Theory]
    [InlineData(100, 99)]
    [InlineData(100, 101)]
    [InlineData(0, 1)]
    public async Task Another_size_than_announced_appends_nothing(int announced, int given)
    {
        await using ModelStore store = Store(10);
        await using EventLog log = await OpenAsync(store);
        Lease lease = await LeadAsync(log);
        await Assert.ThrowsAsync<InvalidOperationException>(
            () => log.AppendAsync(lease.Term, Position.Origin, announced, PiecesOf(new byte[given], 7), Cancel).AsTask());
        Assert.True((await log.ReadStateAsync(Cancel)).IsEmpty);

        // What was staged is no obstacle to another event of the same number.
        Assert.True((await log.AppendAsync(lease.Term, Position.Origin, [new byte[25]], Cancel)).IsCommitted);
    }

    [Fact]
    public async Task Unknown_outcomes_are_resolved_by_repeating()
    {
        await using ModelStore store = Store(10);
        await using EventLog log = await OpenAsync(store);
        Lease lease = await LeadAsync(log);
        store.Database.Faults.NextWrites([WriteFate.UnknownApplied, WriteFate.UnknownLost, WriteFate.Fine, WriteFate.UnknownApplied]);
        byte[] payload = SeededPayload.Of(5, 35);
        AppendResult result = await log.AppendAsync(lease.Term, Position.Origin, payload.Length, PiecesOf(payload, 3), Cancel);
        Assert.True(result.IsCommitted, result.ToString());
        Assert.Equal(LogSession.After(Position.Origin, [payload]), result.Reached);

        // The very same append once more finds itself done.
        Assert.Equal(result, await log.AppendAsync(lease.Term, Position.Origin, payload.Length, PiecesOf(payload, 3), Cancel));
    }

    private static ModelStore Store(int fragment) =>
        new(new ModelOptions { LargestFragment = fragment, LargestTransaction = fragment * 3, LargestGroup = 4, LargestEvent = 1000 });

    private static async Task<EventLog> OpenAsync(ModelStore store) =>
        new(await store.CreateLogAsync(Zod, Position.Origin, new Dictionary<string, ReadOnlyMemory<byte>>(), Cancel), store.Capabilities);

    private static async Task<Lease> LeadAsync(EventLog log) =>
        Assert.IsType<LeaseOutcome.Done>(await log.Stored.CampaignAsync(Lease.None, "test", TimeSpan.FromSeconds(5), Cancel)).Lease;

    private static async IAsyncEnumerable<ReadOnlyMemory<byte>> PiecesOf(byte[] payload, int size)
    {
        byte[] piece = new byte[size];
        for (int at = 0; at < payload.Length; at += size)
        {
            int length = Math.Min(size, payload.Length - at);
            payload.AsSpan(at, length).CopyTo(piece); // the same buffer each time: a piece is valid until the next
            yield return piece.AsMemory(0, length);
        }
        await Task.CompletedTask;
    }
}
