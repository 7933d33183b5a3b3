using Seguro.Nouns;

namespace Seguro.Nock.Jets;

/// <summary>Numbers (hoon 1a and 1c). Where the formula crashes, or would run for ever, so does the jet.</summary>
static class ArithmeticJets
{
    public static IEnumerable<(string, Jet)> All { get; } =
    [
        ("one/add", Add),
        ("one/dec", Dec),
        ("one/sub", Sub),
        ("one/mul", Mul),
        ("one/div", (in JetCall call) => Divide(call.Sample, (a, b) => Atom.Of(a / b), static (a, b) => Atom.Of(System.Numerics.BigInteger.Divide(a, b)))),
        ("one/mod", (in JetCall call) => Divide(call.Sample, (a, b) => Atom.Of(a % b), static (a, b) => Atom.Of(System.Numerics.BigInteger.Remainder(a, b)))),
        ("one/dvr", (in JetCall call) => Divide(
            call.Sample,
            (a, b) => Cell.Of(Atom.Of(a / b), Atom.Of(a % b)),
            static (a, b) => Cell.Of(Atom.Of(System.Numerics.BigInteger.DivRem(a, b, out System.Numerics.BigInteger rest)), Atom.Of(rest)))),
        ("one/lth", (in JetCall call) => Samples.TryAtoms(call.Sample, out Atom? a, out Atom? b) ? Atom.Flag(a.CompareTo(b) < 0) : null),
        ("one/lte", (in JetCall call) => Samples.TryAtoms(call.Sample, out Atom? a, out Atom? b) ? Atom.Flag(a.CompareTo(b) <= 0) : null),
        ("one/gth", (in JetCall call) => Samples.TryAtoms(call.Sample, out Atom? a, out Atom? b) ? Atom.Flag(a.CompareTo(b) > 0) : null),
        ("one/gte", (in JetCall call) => Samples.TryAtoms(call.Sample, out Atom? a, out Atom? b) ? Atom.Flag(a.CompareTo(b) >= 0) : null),
        ("one/max", (in JetCall call) => Samples.TryAtoms(call.Sample, out Atom? a, out Atom? b) ? a.CompareTo(b) > 0 ? a : b : null),
        ("one/min", (in JetCall call) => Samples.TryAtoms(call.Sample, out Atom? a, out Atom? b) ? a.CompareTo(b) < 0 ? a : b : null),
        ("one/cap", (in JetCall call) => call.Sample is Atom { Words: null, Low: > 1 } a ? Atom.Of(((a.Low >> (int)(a.BitLength - 2)) & 1) + 2) : null),
        ("one/mas", (in JetCall call) => call.Sample is Atom { Words: null, Low: > 1 } a ? Atom.Of(Mas(a.Low)) : null),
        ("one/peg", Peg),
        ("two/pow", Pow),
    ];

    private static ulong Mas(ulong axis)
    {
        int last = 62 - System.Numerics.BitOperations.LeadingZeroCount(axis);
        return (axis & ((1UL << last) - 1)) | (1UL << last);
    }

    private static Noun? Add(in JetCall call)
    {
        if (!Samples.TryAtoms(call.Sample, out Atom? a, out Atom? b))
            return null;
        return a.IsSmall && b.IsSmall ? Atom.Of((UInt128)a.Low + b.Low) : Atom.Of(Bits.Number(a) + Bits.Number(b));
    }

    private static Noun? Dec(in JetCall call)
    {
        if (call.Sample is not Atom a || a.BitLength == 0)
            return null;
        return a.IsSmall ? Atom.Of(a.Low - 1) : Atom.Of(Bits.Number(a) - 1);
    }

    private static Noun? Sub(in JetCall call)
    {
        if (!Samples.TryAtoms(call.Sample, out Atom? a, out Atom? b))
            return null;
        if (a.CompareTo(b) < 0)
            throw new NockCrash();
        return a.IsSmall ? Atom.Of(a.Low - b.Low) : Atom.Of(Bits.Number(a) - Bits.Number(b));
    }

    private static Noun? Mul(in JetCall call)
    {
        if (!Samples.TryAtoms(call.Sample, out Atom? a, out Atom? b))
            return null;
        if (a.BitLength + b.BitLength > Bits.Most)
            throw new NockCrash("meme");
        return a.IsSmall && b.IsSmall ? Atom.Of((UInt128)a.Low * b.Low) : Atom.Of(Bits.Number(a) * Bits.Number(b));
    }

    private static Noun? Divide(Noun sample, Func<ulong, ulong, Noun> small, Func<System.Numerics.BigInteger, System.Numerics.BigInteger, Noun> large)
    {
        if (!Samples.TryAtoms(sample, out Atom? a, out Atom? b) || b.BitLength == 0)
            return null;
        return a.IsSmall && b.IsSmall ? small(a.Low, b.Low) : large(Bits.Number(a), Bits.Number(b));
    }

    private static Noun? Peg(in JetCall call)
    {
        if (!Samples.TryAtoms(call.Sample, out Atom? a, out Atom? b) || a.BitLength == 0 || b.BitLength == 0)
            return null;
        long below = b.BitLength - 1;
        ulong[] words = Bits.Room(a.BitLength + below);
        Bits.Put(words, 0, b, below);
        Bits.Put(words, below, a, a.BitLength);
        return Atom.OfOwned(words);
    }

    private static Noun? Pow(in JetCall call)
    {
        if (!Samples.TryAtoms(call.Sample, out Atom? a, out Atom? b) || !b.IsSmall || b.Low > int.MaxValue)
            return null;
        if (a.BitLength * (long)b.Low > Bits.Most)
            return null;
        return Atom.Of(System.Numerics.BigInteger.Pow(Bits.Number(a), (int)b.Low));
    }
}
