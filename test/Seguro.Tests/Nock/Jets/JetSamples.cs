using CsCheck;
using Seguro.Nouns;
using Seguro.Tests.Nouns;

namespace Seguro.Tests.Nock;

/// <summary>How a jet is tried: the expression that makes its gate, and samples for it.</summary>
/// <param name="Hoon">The expression.</param>
/// <param name="Samples">Samples that suit it, some that do not.</param>
/// <param name="Doors">For a gate in a door, the door's sample.</param>
sealed record JetSamples(string Hoon, Func<Dictionary<string, Noun>, Gen<Noun>> Samples, Func<Dictionary<string, Noun>, Gen<Noun?>> Doors)
{
    private static readonly Gen<Noun> Small = Gen.ULong[0, 70].Select(n => (Noun)n);
    private static readonly Gen<Noun> Large = RandomNouns.Atoms.Select(a => (Noun)a);
    private static readonly Gen<Noun> Any = Gen.OneOf(Small, Large, RandomNouns.Nouns);
    private static readonly Gen<Noun> Plain = Gen.OneOf(Small, Gen.Select(Small, Small, (a, b) => (Noun)new Cell(a, b)));
    private static readonly Gen<Noun> Block = Gen.Frequency((8, Gen.ULong[0, 7].Select(n => (Noun)n)), (1, Gen.ULong[0, 12].Select(n => (Noun)n)));
    private static readonly Gen<Noun> Bite = Gen.OneOf(Block, Gen.Select(Gen.ULong[0, 5], Gen.ULong[0, 9], (a, b) => (Noun)Cell.Of(a, b)));
    private static readonly Gen<Noun> List = Gen.Frequency((9, ListOf(Plain)), (1, Any));
    private static readonly Gen<Noun> Formula = Gen.Recursive<Noun>((depth, self) => depth > 4
        ? Gen.ULong[1, 7].Select(axis => (Noun)Cell.Of(0, axis))
        : Gen.OneOf(
            Gen.ULong[0, 9].Select(axis => (Noun)Cell.Of(0, axis)),
            Plain.Select(value => (Noun)Cell.Of(1, value)),
            Gen.Select(Gen.ULong[2, 8], self, self, (op, a, b) => (Noun)Cell.Of(op, a, b)),
            Gen.Select(self, self, self, (a, b, c) => (Noun)Cell.Of(6, Cell.Of(3, a), b, c)),
            Gen.Select(self, self, (a, b) => (Noun)Cell.Of(a, b)),
            Gen.Select(Gen.ULong[1, 7], self, self, (axis, a, b) => (Noun)Cell.Of(10, Cell.Of(axis, a), b)),
            Gen.Select(Words("mean", "spot", "memo", "other"), self, self, (tag, a, b) => (Noun)Cell.Of(11, Cell.Of(tag, a), b)),
            Gen.Select(self, self, (a, b) => (Noun)Cell.Of(12, a, b))));

    public static JetSamples Of(string label)
    {
        string name = label[(label.LastIndexOf('/') + 1)..];
        if (name == "tap")
            return new JetSamples(label.Contains("/by/", StringComparison.Ordinal) ? "|=(a=(map * *) ~(tap by a))" : "|=(a=(set *) ~(tap in a))", _ => Tree(label.Contains("/by/", StringComparison.Ordinal)).Select(tree => tree!), _ => Gen.Const((Noun?)null));
        if (label.Contains("/aes/", StringComparison.Ordinal))
            return new JetSamples($"~({name} {label.Split('/')[^2]}:aes:crypto 0)", _ => Bytes(17), _ => Bytes(label.Contains("/ecba/", StringComparison.Ordinal) ? 16 : 24).Select(key => (Noun?)key));
        if (label.Contains("/by/", StringComparison.Ordinal))
            return new JetSamples($"~({name} by *(map * *))", gates => TreeSample(name, gates, isMap: true), gates => Tree(isMap: true));
        if (label.Contains("/in/", StringComparison.Ordinal))
            return new JetSamples($"~({name} in *(set *))", gates => TreeSample(name, gates, isMap: false), gates => Tree(isMap: false));
        return new JetSamples(name, gates => Sample(name, gates), _ => Gen.Const((Noun?)null));
    }

    private static Gen<Noun> Sample(string name, Dictionary<string, Noun> gates) => name switch
    {
        "add" or "max" or "min" or "con" or "dis" or "mix" => Pair(Small, Gen.OneOf(Small, Any)),
        "div" or "mod" or "dvr" => Pair(Gen.ULong[0, 500].Select(n => (Noun)n), Small),
        "sub" or "mul" or "lth" or "lte" or "gth" or "gte" => Gen.OneOf(Pair(Small, Small), Pair(Large, Small), Pair(Small, Large)),
        "dec" or "bex" => Gen.OneOf(Small, Plain),
        "xeb" or "trip" => Gen.OneOf(Small, Small, Any),
        "cap" or "mas" or "shax" or "mug" => Gen.OneOf(Small, Large, Plain),
        "peg" => Pair(Small, Small),
        "pow" => Pair(Small, Gen.ULong[0, 9].Select(n => (Noun)n)),
        "lsh" or "rsh" or "end" or "rip" => Pair(Bite, Large),
        "met" or "swp" => Pair(Block, Large),
        "cut" => Triple(Block, Pair(Small, Small), Large),
        "cat" => Triple(Block, Large, Large),
        "can" => Pair(Block, ListOf(Pair(Gen.ULong[0, 9].Select(n => (Noun)n), Large))),
        "rap" => Pair(Block, ListOf(Large)),
        "rep" => Pair(Bite, ListOf(Large)),
        "fil" => Triple(Block, Gen.ULong[0, 9].Select(n => (Noun)n), Large),
        "rev" => Triple(Block, Small, Large),
        "shay" or "shal" => Pair(Gen.ULong[0, 70].Select(n => (Noun)n), Large),
        "muk" => Large.Select(key => (Noun)Cell.Of(0xcafebabe, ((Atom)key).ByteLength, key)),
        "jam" => Plain.Select(n => (Noun)Cell.Of(n, n, 7)),
        "cue" => Plain.Select(n => (Noun)Jam.ToAtom(Cell.Of(n, n))),
        "gor" or "mor" or "dor" or "aor" => Gen.OneOf(Pair(Plain, Plain), Pair(Large, Large)),
        "lent" or "flop" or "rear" => List,
        "need" => Gen.OneOf(Plain, Plain.Select(NounList.Some)),
        "weld" => Pair(List, List),
        "reap" or "slag" or "scag" or "snag" => Pair(Gen.ULong[0, 9].Select(n => (Noun)n), List),
        "zing" => ListOf(ListOf(Plain)),
        "turn" => With(List, gates["twice"]),
        "roll" or "reel" => With(List, gates["pair"]),
        "murn" => With(List, gates["some"]),
        "skim" or "skip" or "skid" or "levy" or "lien" => Gen.OneOf(With(List, gates["cell"]), With(ListOf(Small), gates["even"]), With(List, gates["even"])),
        "sort" => Gen.OneOf(With(List, gates["aor"]), With(List, gates["pair"])),
        "spin" => Triple(List, Plain, Gen.Const(gates["state"])),
        "mink" => Gen.Select(Pair(Plain, Formula), Words("none", "known", "never"), (sample, scry) => (Noun)new Cell(sample, gates[scry])),
        _ => throw new InvalidOperationException($"There are no samples for {name}."),
    };

    private static Gen<Noun> TreeSample(string name, Dictionary<string, Noun> gates, bool isMap) => name switch
    {
        "put" => isMap ? Pair(Small, Small) : Small,
        "gas" => ListOf(isMap ? Pair(Small, Small) : Small),
        "run" => Gen.Const(gates["twice"]),
        "urn" or "rep" => Gen.Const(gates["pair"]),
        "all" or "any" => Gen.OneOf(Gen.Const(gates["even"]), Gen.Const(gates["cell"])),
        _ => Small,
    };

    // Balanced as Hoon does it: by mug down, by the mug's mug up. Some are no trees.
    private static Gen<Noun?> Tree(bool isMap) => Gen.Frequency(
        (9, Gen.ULong[0, 70].Array[0, 25].Select(keys => (Noun?)Build([.. keys.Distinct()], isMap))),
        (1, Plain.Select(n => (Noun?)n)));

    private static Noun Build(ulong[] keys, bool isMap)
    {
        if (keys.Length == 0)
            return 0;
        ulong top = keys.MinBy(key => Atom.Of((ulong)Atom.Of(key).Mug).Mug);
        int mug = Atom.Of(top).Mug;
        Noun node = isMap ? Cell.Of(top, top * 2) : top;
        return Cell.Of(
            node,
            Build([.. keys.Where(key => Atom.Of(key).Mug < mug)], isMap),
            Build([.. keys.Where(key => Atom.Of(key).Mug > mug)], isMap));
    }

    private static Gen<Noun> Bytes(int most) => Gen.Byte.Array[0, most].Select(bytes => (Noun)Atom.Of(bytes));

    private static Gen<string> Words(params string[] words) => Gen.Int[0, words.Length - 1].Select(i => words[i]);

    private static Gen<Noun> Pair(Gen<Noun> a, Gen<Noun> b) => Gen.Select(a, b, (x, y) => (Noun)new Cell(x, y));

    private static Gen<Noun> Triple(Gen<Noun> a, Gen<Noun> b, Gen<Noun> c) => Pair(a, Pair(b, c));

    private static Gen<Noun> With(Gen<Noun> list, Noun gate) => list.Select(items => (Noun)new Cell(items, gate));

    private static Gen<Noun> ListOf(Gen<Noun> item) => item.Array[0, 12].Select(items => NounList.Of(items));
}
