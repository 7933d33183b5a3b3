using Seguro.Core;
using Xunit;

namespace Seguro.Testing;

public abstract partial class StoreConformanceSuite
{
    [Fact(Timeout = Bound)]
    public async Task Appends_move_head_and_bytes_and_leave_the_base()
    {
        await using LogSession session = await BeginAsync();
        long bytes = 0;
        foreach (int count in (int[])[1, 1, 7, 2, 64])
        {
            await session.AppendAsync(count, Cancel);
            bytes = session.Payloads.Sum(static p => (long)p.Length);
            Head head = new(session.Term, session.Head.Number, session.Head.Chain);
            LogState expected = new(Position.Origin, head, session.Lease, bytes);
            Assert.Equal(expected, await session.Stored.ReadStateAsync(Cancel));
        }
        await session.CheckAsync(Cancel);
    }

    [Fact(Timeout = Bound)]
    public async Task The_heads_term_is_that_of_its_append()
    {
        await using LogSession session = await BeginAsync();
        await session.AppendAsync(2, Cancel);
        session.Follow(await session.DeposeAsync(Cancel));
        Assert.Equal(new Term(1), (await session.Stored.ReadStateAsync(Cancel)).Head.Term);
        await session.AppendAsync(1, Cancel);
        Assert.Equal(new Term(2), (await session.Stored.ReadStateAsync(Cancel)).Head.Term);
    }

    [Fact(Timeout = Bound)]
    public async Task Numbers_are_contiguous_and_each_chain_is_kept()
    {
        await using LogSession session = await BeginAsync();
        await session.AppendAsync(30, Cancel);
        await session.AppendAsync(1, Cancel);
        Assert.Equal(Enumerable.Range(1, 31).Select(static n => ((ulong)n, 0)), (await ReadRawAsync(session.Stored, 1, 31)).Select(static f => (f.Number, f.Index)));
        Position position = Position.Origin;
        foreach (byte[] payload in session.Payloads)
        {
            position = LogSession.After(position, [payload]);
            Assert.Equal(position.Chain, await session.Stored.ReadChainAsync(position.Number, Cancel));
        }
        Assert.Null(await session.Stored.ReadChainAsync(position.Number.Next, Cancel));
        Assert.Equal([(7UL, 0), (8UL, 0), (9UL, 0)], (await ReadRawAsync(session.Stored, 7, 9)).Select(static f => (f.Number, f.Index)));
    }

    [Fact(Timeout = Bound)]
    public async Task A_repeated_append_is_found_committed()
    {
        await using LogSession session = await BeginAsync();
        await session.AppendAsync(2, Cancel);
        byte[][] payloads = [SeededPayload.Of(7, 100), [], SeededPayload.Of(8, 10)];
        Append append = LogSession.Build(session.Term, session.Head, payloads);
        for (int i = 0; i < 3; i++)
            Assert.Equal(WriteOutcome.Committed.Instance, await session.Stored.AppendAsync(append, Cancel));
        session.Head = append.Last;
        session.Payloads.AddRange(payloads);
        await session.CheckAsync(Cancel);
    }

    [Fact(Timeout = Bound)]
    public async Task A_repeated_append_with_other_bytes_conflicts()
    {
        await using LogSession session = await BeginAsync();
        Position previous = session.Head;
        await session.AppendAsync([[1, 2, 3]], Cancel);
        LogState state = await session.Stored.ReadStateAsync(Cancel);
        foreach (byte[] other in (byte[][])[[1, 2, 4], [], [1, 2, 3, 0]])
            Assert.Equal(new WriteOutcome.Conflict(state), await session.Stored.AppendAsync(LogSession.Build(session.Term, previous, [other]), Cancel));
        await session.CheckAsync(Cancel);
    }

    [Fact(Timeout = Bound)]
    public async Task An_append_elsewhere_than_at_the_head_conflicts()
    {
        await using LogSession session = await BeginAsync();
        await session.AppendAsync(3, Cancel);
        LogState state = await session.Stored.ReadStateAsync(Cancel);
        Position[] elsewhere =
        [
            Position.Origin,
            LogSession.After(Position.Origin, session.Payloads.Take(2)),
            new(session.Head.Number.Next, session.Head.Chain),
            new(session.Head.Number, Chain.Zero),
            AnotherPosition(50),
        ];
        foreach (Position previous in elsewhere)
            Assert.Equal(new WriteOutcome.Conflict(state), await session.Stored.AppendAsync(LogSession.Build(session.Term, previous, [[9]]), Cancel));
        await session.CheckAsync(Cancel);
    }

    [Fact(Timeout = Bound)]
    public async Task A_group_that_overlaps_the_head_conflicts_as_a_whole()
    {
        await using LogSession session = await BeginAsync();
        await session.AppendAsync([[1], [2]], Cancel);
        Append longer = LogSession.Build(session.Term, Position.Origin, [1], [2], [3]);
        Assert.IsType<WriteOutcome.Conflict>(await session.Stored.AppendAsync(longer, Cancel));
        await session.CheckAsync(Cancel);
    }

    [Fact(Timeout = Bound)]
    public async Task Empty_and_tiny_payloads_are_events()
    {
        await using LogSession session = await BeginAsync();
        await session.AppendAsync([[]], Cancel);
        await session.AppendAsync([[0]], Cancel);
        await session.AppendAsync([[], [255], [], [], [0, 0]], Cancel);
        await session.CheckAsync(Cancel);
    }

    [Fact(Timeout = Bound)]
    public async Task Payloads_around_the_largest_fragment_come_back()
    {
        await using LogSession session = await BeginAsync();
        int edge = session.Store.Capabilities.LargestFragment;
        if (edge > 64 * MiB)
        {
            StoreCapabilities can = session.Store.Capabilities with { LargestEvent = Math.Max(edge, session.Store.Capabilities.LargestEvent) };
            Assert.Equal(1, FragmentPlan.For(edge, can).Count);
            edge = MiB;
        }
        foreach (int size in (int[])[edge - 1, edge, edge + 1, (2 * edge) - 1, 2 * edge, (2 * edge) + 1])
        {
            if (size <= session.Store.Capabilities.LargestEvent)
                await session.AppendAsync([SeededPayload.Of((ulong)size, size)], Cancel);
        }
        await session.AppendAsync(1, Cancel);
        await session.CheckAsync(Cancel);
    }

    [Fact(Timeout = Bound)]
    public async Task Events_around_the_largest_transaction_come_back()
    {
        await using LogSession session = await BeginAsync();
        StoreCapabilities can = session.Store.Capabilities;
        int edge = (int)Math.Min(can.LargestTransaction, 32 * MiB);
        foreach (int size in (int[])[edge - 1, edge, edge + 1])
        {
            if (size <= can.LargestEvent)
                await session.AppendAsync([SeededPayload.Of((ulong)size, size)], Cancel);
        }
        await session.CheckAsync(Cancel);
    }

    [Fact(Timeout = Bound)]
    public async Task A_group_as_large_as_a_transaction_is_one()
    {
        await using LogSession session = await BeginAsync();
        StoreCapabilities can = session.Store.Capabilities;
        int whole = (int)Math.Min(can.LargestTransaction, 16 * MiB);
        int part = Math.Min(can.LargestFragment, Math.Max(1, whole / 5));
        List<byte[]> payloads = [];
        for (int left = whole; left > 0 && payloads.Count < can.LargestGroup; left -= part)
            payloads.Add(SeededPayload.Of((ulong)left, Math.Min(part, left)));
        Append append = LogSession.Build(session.Term, session.Head, payloads);
        Assert.Equal(WriteOutcome.Committed.Instance, await session.Stored.AppendAsync(append, Cancel));
        session.Head = append.Last;
        session.Payloads.AddRange(payloads);
        await session.CheckAsync(Cancel);
    }

    [Fact(Timeout = Bound)]
    public async Task A_group_of_the_most_events_is_one()
    {
        await using LogSession session = await BeginAsync();
        int count = Math.Min(session.Store.Capabilities.LargestGroup, 10_000);
        byte[][] payloads = [.. Enumerable.Range(0, count).Select(static i => SeededPayload.Of((ulong)i, i % 12))];
        Append append = LogSession.Build(session.Term, session.Head, payloads);
        Assert.Equal(WriteOutcome.Committed.Instance, await session.Stored.AppendAsync(append, Cancel));
        session.Head = append.Last;
        session.Payloads.AddRange(payloads);
        await session.CheckAsync(Cancel);
    }

    [Fact(Timeout = Bound)]
    public async Task An_event_of_ten_MiB_comes_back()
    {
        await using LogSession session = await BeginAsync();
        int size = (int)Math.Min(10 * MiB, session.Store.Capabilities.LargestEvent);
        await session.AppendAsync([[1], SeededPayload.Of(10, size), [2]], Cancel);
        await session.CheckAsync(Cancel);
    }

    [Fact(Timeout = Bound)]
    public async Task An_event_above_the_limit_is_refused_before_anything_is_written()
    {
        await using LogSession session = await BeginAsync();
        await session.AppendAsync(1, Cancel);
        StoreCapabilities can = session.Store.Capabilities;
        SeguroException refusal = Assert.Throws<SeguroException>(() => FragmentPlan.For(can.LargestEvent + 1, can));
        Assert.Equal(ErrorCode.TooLarge, refusal.Code);
        Assert.Contains($"{can.LargestEvent:N0}", refusal.Message, StringComparison.Ordinal);
        if (can.LargestEvent > LargeEvent)
            return;
        byte[] tooLarge = new byte[can.LargestEvent + 1];
        refusal = await Assert.ThrowsAsync<SeguroException>(
            () => session.Log.AppendAsync(session.Term, session.Head, [new byte[10], tooLarge], Cancel).AsTask());
        Assert.Equal(ErrorCode.TooLarge, refusal.Code);
        await session.CheckAsync(Cancel);
    }
}
