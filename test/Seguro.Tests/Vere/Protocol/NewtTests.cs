using Seguro.Core;
using Seguro.Nouns;
using Seguro.Vere.Protocol;
using Xunit;

namespace Seguro.Tests.Vere.Protocol;

public class NewtTests
{
    [Theory]
    [InlineData(true, 1)]
    [InlineData(true, 2)]
    [InlineData(false, 3)]
    [InlineData(false, 4)]
    public void A_recorded_stream_comes_out_as_it_went_in_however_it_is_cut(bool isKings, int seed)
    {
        Random random = new(seed);
        byte[] stream = Recording.Stream(isKings);
        NewtReader reader = new();
        List<byte> written = [];
        List<byte[]> bodies = [];
        List<byte> frame = [];
        for (int at = 0; at < stream.Length;)
        {
            int part = Math.Min(random.Next(1, random.Next(2, 600)), stream.Length - at);
            reader.Give(stream.AsMemory(at, part));
            at += part;
            if (random.Next(3) == 0)
                reader.Keep();
            while (random.Next(5) > 0 && reader.TryRead(out NewtPiece piece))
                Take(piece);
        }
        while (reader.TryRead(out NewtPiece piece))
            Take(piece);
        Assert.Equal(stream, written.ToArray());
        Assert.True(reader.IsBetweenFrames);
        Assert.Null(reader.End());
        Assert.Equal(Recording.Frames.Where(frame => frame.IsKings == isKings).Select(static frame => frame.Frame[5..]), bodies);
        // And what was read is what would be written.
        Assert.Equal(stream, bodies.SelectMany(static body => Newt.Frame(Cue.From(body))).ToArray());

        void Take(NewtPiece piece)
        {
            Assert.Equal(piece.IsFirst, frame.Count == 0);
            if (piece.IsFirst)
                Assert.Equal((int)Math.Min(piece.Length, NewtReader.HeadBytes), piece.Head.Length);
            frame.AddRange(piece.Bytes.Span);
            written.AddRange(piece.Bytes.Span);
            if (!piece.IsLast)
                return;
            Assert.Equal((int)piece.Length, frame.Count - Newt.HeaderBytes);
            bodies.Add([.. frame.Skip(Newt.HeaderBytes)]);
            frame.Clear();
        }
    }

    [Fact]
    public void Each_end_within_a_frame_is_named()
    {
        byte[] stream = [.. Recording.Frames.Where(static frame => !frame.IsKings).Take(12).SelectMany(static frame => frame.Frame)];
        HashSet<int> ends = [0];
        foreach ((_, byte[] frame) in Recording.Frames.Where(static frame => !frame.IsKings).Take(12))
            ends.Add(ends.Max() + frame.Length);
        for (int length = 0; length <= stream.Length; length++)
        {
            NewtReader reader = new();
            reader.Give(stream.AsMemory(0, length));
            while (reader.TryRead(out _))
            {
            }
            SeguroException? torn = reader.End();
            Assert.Equal(ends.Contains(length), torn is null);
            Assert.Equal(ends.Contains(length), reader.IsBetweenFrames);
            if (torn is not null)
                Assert.Contains("a torn frame: the stream ends after", torn.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_largest_frame_passes_in_the_memory_of_a_small_one()
    {
        byte[] part = new byte[1 << 20];
        NewtReader reader = new();
        byte[] header = [0, 0xff, 0xff, 0xff, 0xff];
        long before = GC.GetAllocatedBytesForCurrentThread();
        reader.Give(header);
        long seen = 0;
        bool isOver = false;
        for (long left = uint.MaxValue; left > 0; left -= part.Length)
        {
            reader.Give(part.AsMemory(0, (int)Math.Min(left, part.Length)));
            while (reader.TryRead(out NewtPiece piece))
            {
                seen += piece.Bytes.Length;
                isOver = piece.IsLast;
            }
        }
        Assert.True(isOver);
        Assert.Equal(uint.MaxValue + 5L, seen);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 << 20);
    }

    [Theory]
    [InlineData("0100000001", "begins with byte 1")]
    [InlineData("0000000000", "length is 0")]
    public void What_begins_no_frame_is_refused(string hex, string reason)
    {
        NewtReader reader = new();
        reader.Give(Convert.FromHexString(hex));
        SeguroException refused = Assert.Throws<SeguroException>(() => reader.TryRead(out _));
        Assert.Equal(ErrorCode.Corrupt, refused.Code);
        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whole_frames_are_read_up_to_a_limit()
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        byte[] large = Newt.Frame(new byte[10_000]);
        using MemoryStream stream = new([.. Newt.Frame(NounList.Path("a")), .. large]);
        Assert.Equal(Jam.ToBytes(NounList.Path("a")), await Newt.ReadAsync(stream, 10_000, cancel));
        Assert.Equal(large[5..], await Newt.ReadAsync(stream, 10_000, cancel));
        Assert.Null(await Newt.ReadAsync(stream, 10_000, cancel));
        stream.Position -= large.Length;
        SeguroException refused = await Assert.ThrowsAsync<SeguroException>(async () => await Newt.ReadAsync(stream, 9_999, cancel));
        Assert.Equal(ErrorCode.TooLarge, refused.Code);
        using MemoryStream torn = new(large[..^1]);
        Assert.Contains("10004 bytes of 10005", (await Assert.ThrowsAsync<SeguroException>(async () => await Newt.ReadAsync(torn, 10_000, cancel))).Message, StringComparison.Ordinal);
    }
}
