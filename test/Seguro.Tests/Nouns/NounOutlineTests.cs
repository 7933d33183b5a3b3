using Seguro.Nouns;

namespace Seguro.Tests.Nouns;

public sealed class NounOutlineTests
{
    [Fact]
    public void Says_what_cue_says_as_far_as_it_goes()
    {
        Atom large = Atom.Of([.. Enumerable.Range(1, 5000).Select(static i => (byte)(i | 1))]);
        Noun noun = new Cell(new Cell(Atom.Of(7), large), new Cell(large, new Cell(Atom.Of(7), new Cell(new Cell(Atom.Of(7), large), Cord.Of("end")))));
        byte[] jam = Jam.ToBytes(noun);
        NounOutline whole = NounOutline.Of(jam, 100, 16);
        Assert.Equal(Atom.Of(7), whole.Head!.Head!.Atom);
        Assert.Equal((large.BitLength, true), ((long)whole.Head.Tail!.AtomBits, whole.Head.Tail.Atom!.Bytes.SequenceEqual(large.Bytes[..16])));
        NounOutline last = whole.Tail!.Tail!.Tail!;
        Assert.Equal(large.BitLength, (long)last.Head!.Tail!.AtomBits); // by reference
        Assert.Equal(Cord.Of("end"), last.Tail!.Atom);

        NounOutline begun = NounOutline.Of(jam, 3, 16);
        Assert.Equal(Atom.Of(7), begun.Head!.Head!.Atom);
        Assert.True(begun.Tail!.IsUnknown);
        NounOutline cut = NounOutline.Of(jam.AsSpan(0, 100), 100, 16, isCut: true);
        Assert.Equal(large.BitLength, (long)cut.Head!.Tail!.AtomBits);
        Assert.True(cut.Tail!.IsUnknown);
        Assert.Throws<NounException>(() => NounOutline.Of(jam.AsSpan(0, 100), 100, 16));
        for (int size = 0; size < 200; size++)
            NounOutline.Of(jam.AsSpan(0, size), 100, 16, isCut: true);
    }

    [Theory]
    [InlineData("")]
    [InlineData("03")] // a reference to itself
    public void What_is_no_jam_is_refused(string hex) => Assert.Throws<NounException>(() => NounOutline.Of(Convert.FromHexString(hex), 1000, 16));

    [Fact]
    public void A_list_is_read_no_further_than_asked()
    {
        NounOutline list = NounOutline.Of(Jam.ToBytes(NounList.Of(Atom.Of(1), Atom.Of(2), Atom.Of(3))), 100, 16);
        Assert.Equal([1UL, 2UL], list.Items(2).Select(static item => item.Atom!.TryGet(out ulong value) ? value : 0));
        Assert.Equal(3, list.Items(10).Count());
    }
}
