using Seguro.Core;
using Xunit;

namespace Seguro.Testing;

public abstract partial class StoreConformanceSuite
{
    [Fact(Timeout = Bound)]
    public async Task A_tail_sees_every_event_once_while_they_are_appended()
    {
        await using LogSession session = await BeginAsync();
        await session.AppendAsync(3, Cancel);
        EventLog other = await session.OpenSecondAsync(Cancel);
        const int all = 203;
        List<(EventNumber, byte[], Chain)> seen = [];
        Task tail = Task.Run(
            async () =>
            {
                await foreach (Event read in other.TailAsync(new EventNumber(1), Cancel))
                {
                    seen.Add((read.Number, read.Payload.ToArray(), read.Chain));
                    if (seen.Count == all)
                        return;
                }
            },
            Cancel);
        for (int i = 0; session.Payloads.Count < all; i++)
            await session.AppendAsync(Math.Min(all - session.Payloads.Count, 1 + (i % 7)), Cancel);
        await tail;
        Position position = Position.Origin;
        for (int i = 0; i < all; i++)
        {
            position = LogSession.After(position, [session.Payloads[i]]);
            Assert.Equal((position.Number, position.Chain), (seen[i].Item1, seen[i].Item3));
            Assert.Equal(session.Payloads[i], seen[i].Item2);
        }
    }

    [Fact(Timeout = Bound)]
    public async Task Waiting_ends_when_an_event_comes()
    {
        await using LogSession session = await BeginAsync();
        await session.AppendAsync(1, Cancel);
        await session.Stored.WaitPastAsync(EventNumber.None, Cancel);
        EventLog other = await session.OpenSecondAsync(Cancel);
        Task waiting = Task.Run(
            async () =>
            {
                while ((await other.ReadStateAsync(Cancel)).Head.Number.Value < 2)
                    await other.Stored.WaitPastAsync(new EventNumber(1), Cancel);
            },
            Cancel);
        await session.AppendAsync(1, Cancel);
        await waiting;
    }

    [Fact(Timeout = Bound)]
    public async Task A_waiting_call_can_be_cancelled()
    {
        await using LogSession session = await BeginAsync();
        await session.AppendAsync(1, Cancel);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        Task waiting = Task.Run(
            async () =>
            {
                while (true)
                    await session.Stored.WaitPastAsync(session.Head.Number, stop.Token);
            },
            Cancel);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await session.AppendAsync(1, Cancel);
        await session.CheckAsync(Cancel);
    }

    [Fact(Timeout = Bound)]
    public async Task A_cancelled_call_does_not_begin()
    {
        await using LogSession session = await BeginAsync();
        using CancellationTokenSource stop = new();
        await stop.CancelAsync();
        Append append = LogSession.Build(session.Term, session.Head, [[1]]);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => session.Stored.AppendAsync(append, stop.Token).AsTask());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => session.Stored.ReadStateAsync(stop.Token).AsTask());
        await session.CheckAsync(Cancel);
    }

    [Fact(Timeout = Bound)]
    public async Task An_append_cancelled_in_the_middle_is_there_or_not_as_a_whole()
    {
        await using LogSession session = await BeginAsync();
        StoreCapabilities can = session.Store.Capabilities;
        int size = (int)Math.Min(20_000, Math.Min(can.LargestFragment, can.LargestTransaction - 20));
        for (ulong round = 0; round < 20; round++)
        {
            byte[][] payloads = [SeededPayload.Of(round, size), SeededPayload.Of(round + 100, 20)];
            Append append = LogSession.Build(session.Term, session.Head, payloads);
            using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
            Task<WriteOutcome> appending = Task.Run(() => session.Stored.AppendAsync(append, stop.Token).AsTask(), Cancel);
            if (round % 4 != 0)
                await session.Stored.ObserveLeaseAsync(Cancel); // lets the append come to different places before it is cancelled
            await stop.CancelAsync();
            try
            {
                await appending;
            }
            catch (OperationCanceledException)
            {
            }
            Assert.IsType<WriteOutcome.Committed>(await RepeatAsync(() => session.Stored.AppendAsync(append, Cancel)));
            session.Head = append.Last;
            session.Payloads.AddRange(payloads);
        }
        await session.CheckAsync(Cancel);
    }

    [Fact(Timeout = Bound)]
    public async Task Readers_overlap_with_a_writer_and_with_each_other()
    {
        await using LogSession session = await BeginAsync();
        await session.AppendAsync(200, Cancel);
        LogState state = await session.Stored.ReadStateAsync(Cancel);
        byte[][] expected = [.. session.Payloads];
        Task[] readers = [.. Enumerable.Range(0, 4).Select(n => Task.Run(
            async () =>
            {
                for (int pass = 0; pass < 3; pass++)
                {
                    int at = n * 10;
                    await foreach (Event read in session.Log.ReadAsync(state, new EventNumber((ulong)at + 1), state.Head.Number, Cancel))
                        Assert.True(read.Payload.Span.SequenceEqual(expected[at++]));
                    Assert.Equal(expected.Length, at);
                }
            },
            Cancel))];
        for (int i = 0; i < 20; i++)
            await session.AppendAsync(3, Cancel);
        await Task.WhenAll(readers);
        await session.CheckAsync(Cancel);
    }

    [Fact(Timeout = Bound)]
    public async Task A_reader_may_stop_anywhere()
    {
        await using LogSession session = await BeginAsync();
        await session.AppendAsync(50, Cancel);
        for (int stop = 1; stop <= 20; stop++)
        {
            int seen = 0;
            await foreach (StoredFragment fragment in session.Stored.ReadAsync(new EventNumber(1), new EventNumber(50), Cancel))
            {
                if (++seen == stop)
                    break;
            }
            Assert.Equal(stop, seen);
        }
        await session.AppendAsync(1, Cancel);
        await session.CheckAsync(Cancel);
    }

    [Fact(Timeout = Bound)]
    public async Task Another_client_sees_what_was_committed_before_its_read_began()
    {
        await using LogSession session = await BeginAsync();
        EventLog other = await session.OpenSecondAsync(Cancel);
        for (int i = 0; i < 30; i++)
        {
            await session.AppendAsync(1, Cancel);
            Assert.Equal(session.Head, (await other.ReadStateAsync(Cancel)).Head.Position);
        }
    }
}
