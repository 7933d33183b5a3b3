using CsCheck;
using Seguro.Core;
using Seguro.Nouns;
using Seguro.Tests.Nouns;
using Seguro.Vere.Protocol;
using Xunit;

namespace Seguro.Tests.Vere.Protocol;

public class MessageTests
{
    private static readonly string[] Names =
        ["poke", "peek", "live", "quiz", "sync", "exit", "ripe", "slog", "flog", "work", "play", "done", "bail", "swap", "save", "other"];

    private static readonly Gen<Noun> Parts = Gen.OneOf(Gen.Int[0, Names.Length - 1].Select(static at => (Noun)Names[at]), Gen.Int[0, 3].Select(static n => (Noun)n), RandomNouns.Nouns);

    /// <summary>Tuples that are, or nearly are, messages.</summary>
    private static readonly Gen<Noun> Messages = Parts.Array[1, 7].Select(static parts => parts.Length == 1 ? parts[0] : Cell.Of(parts[0], parts[1], parts.AsSpan(2)));

    [Fact]
    public void Each_recorded_message_is_known_and_written_as_it_was()
    {
        Dictionary<string, int> seen = [];
        foreach ((bool isKings, byte[] frame) in Recording.Frames)
        {
            Noun noun = Cue.From(frame.AsSpan(5));
            VereTask? task = isKings ? VereTask.Read(noun, VereProtocol.Two) : null;
            VereGift? gift = isKings ? null : VereGift.Read(noun, VereProtocol.Two);
            Assert.Equal(frame, Newt.Frame(task?.ToNoun() ?? gift!.ToNoun()));
            string name = (task?.GetType() ?? gift!.GetType()).Name;
            seen[name] = seen.GetValueOrDefault(name) + 1;
        }
        Assert.Equal(["Exit", "Peek", "Peeked", "Poke", "PokeFailed", "Poked", "Ripe"], seen.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(328, seen["Poke"]);
        Assert.Equal(328, seen["Poked"] + seen["PokeFailed"]);
        VereGift.Ripe ripe = (VereGift.Ripe)VereGift.Read(Cue.From(Recording.Frames[0].Frame.AsSpan(5)), VereProtocol.Two);
        Assert.Equal(new EventNumber(599), ripe.Number);
        Assert.Equal(0x76adbc01u, ripe.Mug);
    }

    [Theory]
    [InlineData(VereProtocol.One)]
    [InlineData(VereProtocol.Two)]
    public void Any_noun_is_refused_or_written_as_it_was(VereProtocol protocol) => Messages.Sample(
        noun =>
        {
            Check(noun, static (noun, protocol) => VereTask.Read(noun, protocol).ToNoun(), protocol);
            Check(noun, static (noun, protocol) => VereGift.Read(noun, protocol).ToNoun(), protocol);
        },
        iter: 20_000);

    [Theory]
    [InlineData("[%work %done 9 8 ~]", "Worked")]
    [InlineData("[%work %swap 9 8 [1 2 3] ~]", "Swapped")]
    [InlineData("[%work %bail ~]", "PokeFailed")]
    [InlineData("[%play %done 7]", "Played")]
    [InlineData("[%play %bail 9 8 ~]", "PlayFailed")]
    [InlineData("[%peek %bail ~]", "Peeked")]
    [InlineData("[%ripe [1 141 4] 9 8]", "Ripe")]
    [InlineData("[%live ~]", "Lived")]
    [InlineData("[%quiz 1 2]", "Quizzed")]
    [InlineData("[%slog 0 1]", "Slog")]
    [InlineData("[%flog 'a']", "Flog")]
    [InlineData("[%sync 9 8]", "Unknown")]
    [InlineData("[%poke 0 ~]", "Unknown")]
    public void The_gifts_of_protocol_1(string text, string type)
    {
        VereGift gift = VereGift.Read(NounReader.Read(text), VereProtocol.One);
        Assert.Equal(type, gift.GetType().Name);
        Assert.Equal(NounReader.Read(text), gift.ToNoun());
    }

    [Theory]
    [InlineData("[%work 0 5 ['a' ~] %born ~]", "Work")]
    [InlineData("[%play 1 ~[1 2]]", "Play")]
    [InlineData("[%live %save 9]", "Live")]
    [InlineData("[%live %exit 0]", "Exit")]
    [InlineData("[%exit ~]", "Unknown")]
    [InlineData("[%peek 0 ~ 1 2]", "Peek")]
    public void The_tasks_of_protocol_1(string text, string type)
    {
        VereTask task = VereTask.Read(NounReader.Read(text), VereProtocol.One);
        Assert.Equal(type, task.GetType().Name);
        Assert.Equal(NounReader.Read(text), task.ToNoun());
    }

    [Fact]
    public void A_worker_of_another_protocol_is_named() =>
        Assert.Contains(
            "the worker speaks protocol 3",
            Assert.Throws<NounException>(static () => VereGift.Read(NounReader.Read("[%ripe [3 ~] [0 0] 9 8]"), VereProtocol.Two)).Message,
            StringComparison.Ordinal);

    [Fact]
    public void Tags_are_the_words_that_they_stand_for() => Assert.Equal(
        ["%bail", "%done", "%exit", "%flog", "%live", "%peek", "%play", "%poke", "%quiz", "%ripe", "%save", "%slog", "%swap", "%sync", "%work"],
        typeof(Tags).GetFields().Where(static field => field.IsLiteral).OrderBy(static field => field.Name, StringComparer.Ordinal).Select(static field =>
        {
            ulong tag = (ulong)field.GetRawConstantValue()!;
            Assert.Equal(Cord.Of(field.Name.ToLowerInvariant()), Atom.Of(tag));
            return Tags.Text(tag);
        }));

    /// <summary>Its head is the noun's, whole or cut; and a cut never makes another one of it.</summary>
    [Fact]
    public void The_head_of_a_jam_is_the_noun_s() => Gen.Select(Messages, Gen.Int[0, 1 << 20]).Sample(
        (noun, cut) =>
        {
            byte[] jam = Jam.ToBytes(noun);
            List<ulong> whole = [];
            for (Noun rest = noun; whole.Count < JamHead.MaxAtoms && rest is Cell { Head: Atom head } cell && head.TryGet(out ulong value); rest = cell.Tail)
                whole.Add(value);
            Assert.Equal(whole, Head(jam));
            List<ulong> part = Head(jam.AsSpan(0, cut % (jam.Length + 1)));
            Assert.Equal(whole.Take(part.Count), part);
        },
        iter: 20_000);

    [Fact]
    public void Any_bytes_have_a_head_or_none() => Gen.Byte.Array[0, 60].Sample(static bytes => Head(bytes).Count <= JamHead.MaxAtoms, iter: 20_000);

    [Fact]
    public void Any_bytes_are_no_frame_or_one()
    {
        byte[] stream = Recording.Stream(isKings: false);
        Gen.Select(Gen.Int[0, stream.Length - 1], Gen.Int[0, 7], Gen.Int[1, 5000]).Sample(
            (place, bit, length) =>
            {
                byte[] flipped = stream[Math.Max(0, place - length)..Math.Min(stream.Length, place + length)];
                flipped[Math.Min(place, length)] ^= (byte)(1 << bit);
                NewtReader reader = new();
                reader.Give(flipped);
                try
                {
                    while (reader.TryRead(out NewtPiece piece))
                    {
                        if (piece is { IsFirst: true, IsLast: true })
                            VereGift.Read(Cue.From(piece.Head), VereProtocol.Two);
                    }
                }
                catch (SeguroException)
                {
                }
            },
            iter: 2_000);
    }

    private static List<ulong> Head(ReadOnlySpan<byte> jam)
    {
        Span<ulong> atoms = stackalloc ulong[JamHead.MaxAtoms];
        return [.. atoms[..JamHead.Read(jam, atoms)]];
    }

    private static void Check(Noun noun, Func<Noun, VereProtocol, Noun> again, VereProtocol protocol)
    {
        Noun written;
        try
        {
            written = again(noun, protocol);
        }
        catch (NounException)
        {
            return;
        }
        Assert.Equal(Jam.ToBytes(noun), Jam.ToBytes(written));
    }
}
