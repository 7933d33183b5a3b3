using CsCheck;
using Seguro.Nouns;
using Xunit;

namespace Seguro.Tests.Nouns;

public class NounTests
{
    private const int Deep = 3_000_000;

    [Fact]
    public void Jam_and_cue_are_inverse_and_equality_is_of_structure() => RandomNouns.Nouns.Sample(noun =>
    {
        byte[] jam = Jam.ToBytes(noun);
        Noun back = Cue.From(jam);
        Noun copy = Cue.From(jam);
        Assert.Equal(noun, back);
        Assert.Equal(noun.Mug, copy.Mug);
        Assert.Equal(jam, Jam.ToBytes(copy));
        Assert.NotEqual(new Cell(noun, 1), new Cell(back, 2));
        Assert.NotEqual(noun, new Cell(noun, noun));
    });

    [Fact]
    public void The_stream_the_array_and_the_atom_are_the_same_jam() => RandomNouns.Nouns.Sample(noun =>
    {
        using MemoryStream stream = new();
        Jam.Write(noun, stream);
        Assert.Equal(Jam.ToBytes(noun), stream.ToArray());
        Assert.Equal(noun, Cue.From(Jam.ToAtom(noun)));
    });

    [Fact]
    public void Atoms_are_numbers() => Gen.Select(RandomNouns.Atoms, RandomNouns.Atoms).Sample((a, b) =>
    {
        Assert.Equal(a.ToBigInteger().CompareTo(b.ToBigInteger()), a.CompareTo(b));
        Assert.Equal(a.ToBigInteger() == b.ToBigInteger(), a == b);
        Assert.Equal(a.ToBigInteger() + 1, a.Increment().ToBigInteger());
        Assert.Equal(a.ToBigInteger().GetBitLength(), a.BitLength);
        Assert.Equal(a, Atom.Of(a.ToBigInteger()));
        Assert.True(Uv.TryParse(Uv.Format(a), out Atom? back));
        Assert.Equal(a, back);
    });

    [Fact]
    public void A_place_can_be_replaced_and_read() => Gen.Select(RandomNouns.Nouns, Gen.ULong[1, 300]).Sample((noun, axis) =>
    {
        if (Axis.At(noun, axis) is null)
        {
            Assert.Throws<NounException>(() => Axis.With(noun, axis, 7));
            return;
        }
        Assert.Equal("new", Axis.Get(Axis.With(noun, axis, "new"), axis));
        Assert.Equal(noun, Axis.With(noun, axis, Axis.Get(noun, axis)));
    });

    [Fact]
    public void Deep_nouns_need_no_deep_stack()
    {
        Noun left = 1;
        Noun right = 1;
        for (int i = 0; i < Deep; i++)
        {
            left = new Cell(left, 7);
            right = new Cell(7, right);
        }
        foreach (Noun deep in new[] { left, right })
        {
            byte[] jam = Jam.ToBytes(deep);
            Noun back = Cue.From(jam);
            Assert.Equal(deep.Mug, back.Mug);
            Assert.Equal(deep, back);
            Assert.NotEmpty(deep.ToString());
        }
        Assert.NotEqual(left, right);
    }

    [Fact]
    public void Sharing_that_would_be_exponential_written_out_is_cheap()
    {
        Noun a = 1;
        Noun b = 1;
        for (int i = 0; i < 200; i++)
        {
            a = new Cell(a, a);
            b = new Cell(b, b);
        }
        Assert.Equal(a, b);
        byte[] jam = Jam.ToBytes(a);
        Assert.InRange(jam.Length, 1, 600);
        Noun back = Cue.From(jam);
        Assert.Equal(a, back);
        Assert.Same(((Cell)back).Head, ((Cell)back).Tail);
        Assert.NotEqual(new Cell(a, 1), new Cell(back, 2));
        Assert.InRange(a.ToString().Length, 1, 700);
    }

    [Fact]
    public void Unequal_nouns_full_of_sharing_are_told_apart_at_once()
    {
        Noun a = 1;
        Noun b = 2;
        for (int i = 0; i < 200; i++)
        {
            a = new Cell(0, new Cell(a, a));
            b = new Cell(0, new Cell(b, b));
        }
        Assert.NotEqual(a, b);
    }

    [Fact]
    public void Texts_lists_and_units_convert()
    {
        Assert.Equal("urbit", Cord.Text((Atom)(Noun)"urbit"));
        Assert.Equal("grüße ☃", Cord.TapeText(Cord.Tape("grüße ☃")));
        Assert.False(Cord.TryText(Atom.Of([0xff, 0xfe]), out _));
        Assert.Equal("/a//b", NounList.PathText(NounList.Path("a", "", "b")));
        Assert.Equal("/", NounList.PathText(0));
        Assert.Null(NounList.Unit(0));
        Assert.Equal(5, NounList.Unit(NounList.Some(5)));
        Assert.Throws<NounException>(() => NounList.Unit(3));
        Assert.Throws<NounException>(() => NounList.Items(Cell.Of(1, 2)).Count());
        Assert.Throws<NounException>(() => Cord.TapeText(Cell.Of(300, 0)));
        Assert.Equal([1, 2, 3], NounList.Items(NounList.Of(1, 2, 3)));
    }

    [Fact]
    public void Printing_stays_within_its_bound() => RandomNouns.Nouns.Sample(noun =>
        Assert.InRange(NounPrinter.Print(noun, 100).Length, 1, 260));
}
