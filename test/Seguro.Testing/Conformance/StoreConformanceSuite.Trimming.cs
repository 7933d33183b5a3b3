using Seguro.Core;
using Xunit;

namespace Seguro.Testing;

public abstract partial class StoreConformanceSuite
{
    [Fact(Timeout = Bound)]
    public async Task A_trim_removes_what_is_below_and_keeps_the_rest()
    {
        await using LogSession session = await BeginAsync();
        await session.AppendAsync(10, Cancel);
        LogState before = await session.Stored.ReadStateAsync(Cancel);
        Position moved = LogSession.After(Position.Origin, session.Payloads.Take(3));
        for (int i = 0; i < 2; i++)
            Assert.Equal(WriteOutcome.Committed.Instance, await session.Stored.TrimAsync(session.Term, new EventNumber(4), Cancel));
        session.Payloads.RemoveRange(0, 3);
        long bytes = session.Payloads.Sum(static p => (long)p.Length);
        Assert.Equal(before with { Base = moved, Bytes = bytes }, await session.Stored.ReadStateAsync(Cancel));
        Assert.Equal(moved.Chain, await session.Stored.ReadChainAsync(moved.Number, Cancel));
        Assert.Null(await session.Stored.ReadChainAsync(new EventNumber(2), Cancel));
        Assert.Equal([4UL, 5UL], (await ReadRawAsync(session.Stored, 1, 5)).Select(static f => f.Number));
        await session.CheckAsync(Cancel);
        await session.AppendAsync(3, Cancel);
        await session.CheckAsync(Cancel);
    }

    [Fact(Timeout = Bound)]
    public async Task A_trim_of_what_is_gone_changes_nothing()
    {
        await using LogSession session = await BeginAsync();
        await session.AppendAsync(5, Cancel);
        Assert.Equal(WriteOutcome.Committed.Instance, await session.Stored.TrimAsync(session.Term, new EventNumber(1), Cancel));
        Assert.Equal(WriteOutcome.Committed.Instance, await session.Stored.TrimAsync(session.Term, new EventNumber(4), Cancel));
        Assert.Equal(WriteOutcome.Committed.Instance, await session.Stored.TrimAsync(session.Term, new EventNumber(2), Cancel));
        session.Payloads.RemoveRange(0, 3);
        await session.CheckAsync(Cancel);
    }

    [Fact(Timeout = Bound)]
    public async Task A_trim_of_everything_leaves_an_empty_log_that_goes_on()
    {
        await using LogSession session = await BeginAsync();
        await session.AppendAsync(6, Cancel);
        Assert.Equal(WriteOutcome.Committed.Instance, await session.Stored.TrimAsync(session.Term, new EventNumber(7), Cancel));
        session.Payloads.Clear();
        LogState state = await session.Stored.ReadStateAsync(Cancel);
        Assert.True(state.IsEmpty);
        Assert.Equal(session.Head, state.Base);
        Assert.Equal(new Head(session.Term, session.Head.Number, session.Head.Chain), state.Head);
        Assert.Equal(0, state.Bytes);
        Assert.Empty(await ReadRawAsync(session.Stored, 1, 6));
        await session.AppendAsync(3, Cancel);
        await session.CheckAsync(Cancel);
        await session.ReopenAsync(Cancel);
        await session.CheckAsync(Cancel);
    }

    [Fact(Timeout = Bound)]
    public async Task A_trim_beyond_the_head_conflicts()
    {
        await using LogSession session = await BeginAsync();
        await session.AppendAsync(3, Cancel);
        WriteOutcome conflict = new WriteOutcome.Conflict(await session.Stored.ReadStateAsync(Cancel));
        Assert.Equal(conflict, await session.Stored.TrimAsync(session.Term, new EventNumber(5), Cancel));
        await session.CheckAsync(Cancel);
    }

    [Fact(Timeout = Bound)]
    public async Task A_trim_makes_room_for_large_events_too()
    {
        await using LogSession session = await BeginAsync();
        StoreCapabilities can = session.Store.Capabilities;
        int size = (int)Math.Min(can.LargestEvent, Math.Min(3L * can.LargestFragment, 4 * MiB));
        await session.AppendAsync([[1], SeededPayload.Of(1, size), [2], SeededPayload.Of(2, size), [3]], Cancel);
        Assert.Equal(WriteOutcome.Committed.Instance, await session.Stored.TrimAsync(session.Term, new EventNumber(4), Cancel));
        session.Payloads.RemoveRange(0, 3);
        await session.CheckAsync(Cancel);
    }

    [Fact(Timeout = Bound)]
    public async Task A_trim_under_a_reader_shows_as_Trimmed_never_as_wrong_data()
    {
        await using LogSession session = await BeginAsync();
        EventLog other = await session.OpenSecondAsync(Cancel);
        for (int i = 0; i < 8; i++)
            await session.AppendAsync([.. Enumerable.Range(0, 100).Select(n => SeededPayload.Of((ulong)((i * 100) + n), 2000))], Cancel);
        LogState state = await session.Stored.ReadStateAsync(Cancel);
        Position position = Position.Origin;
        try
        {
            await foreach (Event read in other.ReadAsync(state, state.First, state.Head.Number, Cancel))
            {
                position = LogSession.After(position, [session.Payloads[(int)read.Number.Value - 1]]);
                Assert.Equal(position, new Position(read.Number, read.Chain));
                Assert.True(read.Payload.Span.SequenceEqual(session.Payloads[(int)read.Number.Value - 1]));
                if (read.Number.Value == 5)
                    Assert.IsType<WriteOutcome.Committed>(await session.Stored.TrimAsync(session.Term, new EventNumber(790), Cancel));
            }
            Assert.Equal(state.Head.Position, position); // from a snapshot: everything, or
        }
        catch (SeguroException e)
        {
            Assert.Equal(ErrorCode.Trimmed, e.Code); // the truth
        }
        SeguroException gone = await Assert.ThrowsAsync<SeguroException>(async () =>
        {
            await foreach (Event read in other.ReadAsync(state, new EventNumber(100), new EventNumber(110), Cancel))
                Assert.Fail($"event {read.Number} was trimmed");
        });
        Assert.Equal(ErrorCode.Trimmed, gone.Code);
        session.Payloads.RemoveRange(0, 789);
        await session.CheckAsync(Cancel);
    }
}
