using System.Runtime.InteropServices;
using Seguro.Core;
using Xunit;

namespace Seguro.Testing;

public abstract partial class StoreConformanceSuite
{
    [Fact(Timeout = Bound)]
    public async Task A_large_event_streams_in_small_pieces()
    {
        await using LogSession session = await BeginAsync();
        int size = (int)Math.Min(LargeEvent, session.Store.Capabilities.LargestEvent);
        byte[] payload = SeededPayload.Of(256, size);
        await session.AppendAsync([[1], payload, [2]], Cancel);
        LogState state = await session.Stored.ReadStateAsync(Cancel);
        Assert.Equal(size + 2L, state.Bytes);
        long few = Math.Max(4L * session.Store.Capabilities.LargestFragment, 4 * MiB);
        long bytes = 0;
        await foreach (EventFragment piece in session.Log.StreamAsync(state, new EventNumber(2), new EventNumber(2), Cancel))
        {
            Assert.True(piece.Bytes.Span.SequenceEqual(payload.AsSpan((int)bytes, piece.Bytes.Length)), $"wrong bytes at {bytes}");
            Assert.True(
                !MemoryMarshal.TryGetArray(piece.Bytes, out ArraySegment<byte> buffer) || buffer.Array!.Length <= few,
                $"a piece lies in a buffer of {buffer.Array?.Length} bytes: more than a few fragments");
            bytes += piece.Bytes.Length;
            Assert.Equal(bytes == size, piece.IsLast);
        }
        Assert.Equal(size, bytes);
        await session.Stored.TrimAsync(session.Term, new EventNumber(3), Cancel); // makes room for the tests that follow
        session.Payloads.RemoveRange(0, 2);
        await session.CheckAsync(Cancel);
    }

    [Fact(Timeout = Bound)]
    public async Task A_long_log_of_small_events_is_whole()
    {
        await using LogSession session = await BeginAsync();
        for (int done = 0; done < ManyEvents; done += 2000)
            await session.AppendAsync(Math.Min(2000, ManyEvents - done), Cancel);
        await session.CheckAsync(Cancel);
        LogState state = await session.Stored.ReadStateAsync(Cancel);
        ulong middle = (ulong)ManyEvents / 2;
        EventNumber next = new(middle);
        await foreach (Event read in session.Log.ReadAsync(state, next, next + 10, Cancel))
        {
            Assert.Equal(next, read.Number);
            Assert.True(read.Payload.Span.SequenceEqual(session.Payloads[(int)next.Value - 1]));
            next = next.Next;
        }
        Assert.Equal(middle + 11, next.Value);
        Assert.IsType<WriteOutcome.Committed>(await session.Stored.TrimAsync(session.Term, state.Head.Number, Cancel));
        session.Payloads.RemoveRange(0, ManyEvents - 1);
        await session.CheckAsync(Cancel);
    }

    [Fact(Timeout = Bound)]
    public async Task A_full_window_refuses_before_anything_is_written()
    {
        await using LogSession session = await BeginAsync();
        StoreCapabilities can = session.Store.Capabilities;
        if (can.Window is null)
            Assert.Skip($"only the disk limits {can.Engine}");
        int size = (int)Math.Min(can.LargestEvent, can.LargestFragment * 8L);
        SeguroException? refusal = null;
        byte[] payload = SeededPayload.Of(1, size);
        int last = 0;
        for (int count = 0; refusal is null; count++)
        {
            long? room = await session.Store.ReadRoomAsync(Cancel);
            Assert.True(count <= (can.Window / size) + 1, "the window is never full");
            try
            {
                await session.AppendAsync([payload], Cancel);
                Assert.True(room >= size, "more was written than there was room for");
                last = count;
            }
            catch (SeguroException e)
            {
                refusal = e;
                Assert.True(room < size, $"an event of {size} was refused though there was room for {room} bytes");
            }
        }
        Assert.Equal(ErrorCode.TooLarge, refusal.Code);
        Assert.Equal(last + 1, session.Payloads.Count);
        Append repeated = LogSession.Build(session.Term, session.Head, [[1]]);
        await session.CheckAsync(Cancel);
        Assert.IsType<WriteOutcome.Committed>(await session.Stored.TrimAsync(session.Term, session.Head.Number, Cancel));
        session.Payloads.RemoveRange(0, session.Payloads.Count - 1);
        Assert.IsType<WriteOutcome.Committed>(await session.Stored.AppendAsync(repeated, Cancel));
        session.Head = repeated.Last;
        session.Payloads.Add([1]);
        await session.CheckAsync(Cancel);
        Assert.IsType<WriteOutcome.Committed>(await session.Stored.TrimAsync(session.Term, session.Head.Number.Next, Cancel));
    }
}
