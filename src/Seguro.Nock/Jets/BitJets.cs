using Seguro.Nouns;

namespace Seguro.Nock.Jets;

/// <summary>Blocks of bits (hoon 2c and 2d).</summary>
static class BitJets
{
    public static IEnumerable<(string, Jet)> All { get; } =
    [
        ("two/bex", (in JetCall call) => Samples.TryCount(call.Sample, out long a) ? Atom.OfOwned(Power(a)) : null),
        ("two/lsh", (in JetCall call) => TryBite(call, out long bits, out Atom? b) ? Bits.ShiftLeft(b!, bits) : null),
        ("two/rsh", (in JetCall call) => TryBite(call, out long bits, out Atom? b) ? Bits.Part(b!, bits, long.MaxValue) : null),
        ("two/end", (in JetCall call) => TryBite(call, out long bits, out Atom? b) ? Bits.Part(b!, 0, bits) : null),
        ("two/met", (in JetCall call) => call.Sample is Cell { HeadField: Noun a, TailField: Atom b } && Samples.TryBlock(a, out long block)
            ? Atom.Of((ulong)((b.BitLength + block - 1) / block)) : null),
        ("two/xeb", (in JetCall call) => call.Sample is Atom a ? Atom.Of((ulong)a.BitLength) : null),
        ("two/cut", Cut),
        ("two/cat", Cat),
        ("two/can", Can),
        ("two/rap", Rap),
        ("two/rep", Rep),
        ("two/rip", Rip),
        ("two/fil", Fill),
        ("two/swp", Swap),
        ("two/rev", Reverse),
        ("two/con", (in JetCall call) => Bitwise(call.Sample, static (a, b) => a | b)),
        ("two/dis", (in JetCall call) => Bitwise(call.Sample, static (a, b) => a & b)),
        ("two/mix", (in JetCall call) => Bitwise(call.Sample, static (a, b) => a ^ b)),
    ];

    private static ulong[] Power(long bit)
    {
        ulong[] words = Bits.Room(bit + 1);
        words[^1] = 1UL << (int)(bit & 63);
        return words;
    }

    private static bool TryBite(in JetCall call, out long bits, out Atom? b)
    {
        bits = 0;
        b = (call.Sample as Cell)?.TailField as Atom;
        return b is not null && Samples.TryBite(((Cell)call.Sample).HeadField, out bits);
    }

    private static Noun? Bitwise(Noun sample, Func<ulong, ulong, ulong> combine)
    {
        if (!Samples.TryAtoms(sample, out Atom? a, out Atom? b))
            return null;
        if (a.IsSmall && b.IsSmall)
            return Atom.Of(combine(a.Low, b.Low));
        ReadOnlySpan<ulong> left = a.AsWords;
        ReadOnlySpan<ulong> right = b.AsWords;
        ulong[] words = new ulong[Math.Max(left.Length, right.Length)];
        for (int i = 0; i < words.Length; i++)
            words[i] = combine(i < left.Length ? left[i] : 0, i < right.Length ? right[i] : 0);
        return Atom.OfOwned(words);
    }

    private static Noun? Cut(in JetCall call)
    {
        if (call.Sample is not Cell { HeadField: Noun a, TailField: Cell { HeadField: Cell { HeadField: Noun b, TailField: Noun c }, TailField: Atom d } }
            || !Samples.TryBlock(a, out long block) || !Samples.TryCount(b, out long from) || !Samples.TryCount(c, out long count)
            || !Samples.TryTimes(block, from, out long fromBits) || !Samples.TryTimes(block, count, out long bits))
        {
            return null;
        }
        return Bits.Part(d, fromBits, bits);
    }

    private static Noun? Cat(in JetCall call)
    {
        if (call.Sample is not Cell { HeadField: Noun a, TailField: Cell { HeadField: Atom b, TailField: Atom c } } || !Samples.TryBlock(a, out long block))
            return null;
        long before = Whole(b, block);
        ulong[] words = Bits.Room(before + c.BitLength);
        if (words.Length == 0)
            return Atom.Zero;
        Bits.Put(words, 0, b, b.BitLength);
        Bits.Put(words, before, c, c.BitLength);
        return Atom.OfOwned(words);
    }

    private static Noun? Can(in JetCall call)
    {
        if (call.Sample is not Cell { HeadField: Noun a, TailField: Noun list } || !Samples.TryBlock(a, out long block) || Samples.Items(list) is not { } items)
            return null;
        long total = 0;
        foreach (Noun item in items)
        {
            if (item is not Cell { HeadField: Noun step, TailField: Atom } || !Samples.TryCount(step, out long count) || !Samples.TryTimes(block, count, out long bits))
                return null;
            total += bits;
        }
        ulong[] words = Bits.Room(total);
        long at = 0;
        foreach (Noun item in items)
        {
            Cell field = (Cell)item;
            long bits = block * (long)((Atom)field.HeadField).Low;
            Bits.Put(words, at, (Atom)field.TailField, bits);
            at += bits;
        }
        return Atom.OfOwned(words);
    }

    private static Noun? Rap(in JetCall call)
    {
        if (call.Sample is not Cell { HeadField: Noun a, TailField: Noun list } || !Samples.TryBlock(a, out long block) || Samples.Items(list) is not { } items)
            return null;
        long total = 0;
        foreach (Noun item in items)
        {
            if (item is not Atom atom)
                return null;
            total += Whole(atom, block);
        }
        ulong[] words = Bits.Room(total);
        long at = 0;
        foreach (Noun item in items)
        {
            Atom atom = (Atom)item;
            Bits.Put(words, at, atom, atom.BitLength);
            at += Whole(atom, block);
        }
        return Atom.OfOwned(words);
    }

    private static Noun? Rep(in JetCall call)
    {
        if (call.Sample is not Cell { HeadField: Noun a, TailField: Noun list } || !Samples.TryBite(a, out long bits) || Samples.Items(list) is not { } items
            || items.Any(item => item is not Atom) || !Samples.TryTimes(bits, items.Count, out long total))
        {
            return null;
        }
        ulong[] words = Bits.Room(total);
        for (int i = 0; i < items.Count; i++)
            Bits.Put(words, bits * i, (Atom)items[i], bits);
        return Atom.OfOwned(words);
    }

    private static Noun? Rip(in JetCall call) =>
        TryBite(call, out long bits, out Atom? b) && bits > 0 ? Samples.List(Ripped(b!, bits)) : null;

    private static List<Noun> Ripped(Atom atom, long bits)
    {
        List<Noun> parts = [];
        Samples.Weigh(2 * (atom.BitLength / bits)); // the parts are atoms of their own
        if (bits == 8)
        {
            foreach (byte part in atom.Bytes)
                parts.Add(Atom.Of(part));
            return parts;
        }
        long length = atom.BitLength;
        for (long at = 0; at < length; at += bits)
            parts.Add(Bits.Part(atom, at, bits));
        return parts;
    }

    private static Noun? Fill(in JetCall call)
    {
        if (call.Sample is not Cell { HeadField: Noun a, TailField: Cell { HeadField: Noun b, TailField: Atom c } }
            || !Samples.TryBlock(a, out long block) || !Samples.TryCount(b, out long count) || !Samples.TryTimes(block, count, out long total))
        {
            return null;
        }
        ulong[] words = Bits.Room(total);
        Atom part = Bits.Part(c, 0, block);
        for (long at = 0; at < total; at += block)
            Bits.Put(words, at, part, block);
        return Atom.OfOwned(words);
    }

    private static Noun? Swap(in JetCall call)
    {
        if (call.Sample is not Cell { HeadField: Noun a, TailField: Atom b } || !Samples.TryBlock(a, out long block))
            return null;
        return Swapped(b, block, Whole(b, block));
    }

    private static Noun? Reverse(in JetCall call)
    {
        if (call.Sample is not Cell { HeadField: Noun a, TailField: Cell { HeadField: Noun length, TailField: Atom b } }
            || !Samples.TryBlock(a, out long block) || !Samples.TryCount(length, out long count) || !Samples.TryTimes(block, count, out long total))
        {
            return null;
        }
        return Swapped(Bits.Part(b, 0, total), block, total);
    }

    private static Atom Swapped(Atom atom, long block, long total)
    {
        ulong[] words = Bits.Room(total);
        for (long at = 0; at < Whole(atom, block); at += block)
            Bits.Put(words, total - block - at, Bits.Part(atom, at, block), block);
        return Atom.OfOwned(words);
    }

    private static long Whole(Atom atom, long block) => (atom.BitLength + block - 1) / block * block;
}
