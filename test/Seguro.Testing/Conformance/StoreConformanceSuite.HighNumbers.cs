using Seguro.Core;
using Xunit;

namespace Seguro.Testing;

// Ships that live long have events above 2^32: one whose log goes on at 4,311,199,133 was reported (vere's issue #919).
public abstract partial class StoreConformanceSuite
{
    private static readonly EventNumber High = new(4_311_199_132);

    [Theory(Timeout = Bound)]
    [InlineData(4_311_199_132UL)]
    [InlineData((1UL << 32) - 3)] // the log goes over the border
    [InlineData((1UL << 53) - 2)] // beyond what a double counts
    public async Task A_log_that_begins_at_a_high_number_is_like_any_other(ulong before)
    {
        Position origin = LogSession.After(new Position(new EventNumber(before - 1), Chain.Zero), [[1, 2, 3]]);
        await using LogSession session = await BeginAsync(origin);
        await session.AppendAsync(7, Cancel);
        await session.AppendAsync([SeededPayload.Of(before, Math.Min(3 * MiB, (int)Math.Min(session.Store.Capabilities.LargestEvent, int.MaxValue)))], Cancel);
        await session.AppendAsync(4, Cancel);
        await session.CheckAsync(Cancel);
        LogState state = await session.Stored.ReadStateAsync(Cancel);
        Assert.Equal((origin, before + 1, before + 12), (state.Base, state.First.Value, state.Head.Number.Value));
        Assert.Equal([before + 2, before + 3], (await ReadRawAsync(session.Stored, before + 2, before + 3)).Select(static fragment => fragment.Number));

        Position third = LogSession.After(origin, session.Payloads.Take(3));
        Assert.Equal(third.Chain, await session.Stored.ReadChainAsync(third.Number, Cancel));
        Assert.Null(await session.Stored.ReadChainAsync(new EventNumber(before + 13), Cancel));
        Assert.Null(await session.Stored.ReadChainAsync(new EventNumber((uint)(before + 3)), Cancel)); // the number's lower half is another's
        Assert.IsType<WriteOutcome.Conflict>(await session.Stored.AppendAsync(LogSession.Build(session.Term, third, [[9]]), Cancel));

        await session.ReopenAsync(Cancel);
        Assert.Equal(WriteOutcome.Committed.Instance, await session.Stored.TrimAsync(session.Term, third.Number.Next, Cancel));
        session.Payloads.RemoveRange(0, 3);
        session.Follow(await session.DeposeAsync(Cancel));
        await session.AppendAsync(2, Cancel);
        await session.CheckAsync(Cancel);
        Assert.Equal(third, (await session.Stored.ReadStateAsync(Cancel)).Base);
    }

    [Fact(Timeout = Bound)]
    public async Task An_event_of_a_high_number_is_tailed()
    {
        await using LogSession session = await BeginAsync(new Position(High, Chain.Zero));
        await session.AppendAsync(2, Cancel);
        List<ulong> seen = [];
        await foreach (Event read in session.Log.TailAsync(High.Next, Cancel))
        {
            seen.Add(read.Number.Value);
            if (seen.Count == 2)
                await session.AppendAsync(1, Cancel);
            if (seen.Count == 3)
                break;
        }
        Assert.Equal([High.Value + 1, High.Value + 2, High.Value + 3], seen);
    }
}
