using System.Security.Cryptography;
using Seguro.Nouns;

namespace Seguro.Nock.Jets;

/// <summary>Hashes, serialization, and the virtual machine.</summary>
static class SystemJets
{
    public static IEnumerable<(string, Jet)> All { get; } =
    [
        ("two/mug", (in JetCall call) => Atom.Of((ulong)call.Sample.Mug)),
        ("two/jam", (in JetCall call) => Jam.ToAtom(call.Sample)),
        ("two/cue", CueJet),
        ("two/muk", Muk),
        ("two/aor", Aor),
        ("two/tri/shax", (in JetCall call) => call.Sample is Atom a ? Atom.Of(SHA256.HashData(a.Bytes)) : null),
        ("two/tri/shay", (in JetCall call) => Sized(call.Sample, SHA256.HashData)),
        ("two/tri/shal", (in JetCall call) => Sized(call.Sample, SHA512.HashData)),
        ("two/tri/qua/mink", Mink),
        ("two/tri/qua/trip", Trip),
    ];

    private delegate byte[] Hash(ReadOnlySpan<byte> bytes);

    private static Noun? CueJet(in JetCall call)
    {
        if (call.Sample is not Atom jam || jam.BitLength == 0)
            return null;
        try
        {
            return Cue.From(jam, CueLimits.Default with { Nouns = call.Machine.RoomForNouns });
        }
        catch (NounException)
        {
            return null;
        }
    }

    // A length and that many bytes.
    private static Noun? Sized(Noun sample, Hash hash)
    {
        if (sample is not Cell { HeadField: Atom { Words: null, Low: < 1 << 30 } length, TailField: Atom data })
            return null;
        NockMachine.Take((long)length.Low);
        byte[] bytes = new byte[length.Low];
        data.Bytes[..Math.Min(bytes.Length, data.ByteLength)].CopyTo(bytes);
        return Atom.Of(hash(bytes));
    }

    private static Noun? Trip(in JetCall call)
    {
        if (call.Sample is not Atom text)
            return null;
        Samples.Weigh(text.ByteLength);
        return Samples.List([.. text.Bytes.ToArray().Select(letter => (Noun)Atom.Of(letter))]);
    }

    private static Noun? Muk(in JetCall call)
    {
        if (call.Sample is not Cell { HeadField: Atom { Words: null, Low: <= uint.MaxValue } seed, TailField: Cell { HeadField: Atom { Words: null } length, TailField: Atom key } }
            || length.Low != (ulong)key.ByteLength)
        {
            return null;
        }
        return Atom.Of(MugHash.Murmur(key.Bytes, (uint)seed.Low));
    }

    private static Noun? Aor(in JetCall call)
    {
        if (call.Sample is not Cell { HeadField: Noun a, TailField: Noun b })
            return null;
        while (true)
        {
            if (a == b)
                return Atom.Zero;
            if (a is Cell left && b is Cell right)
            {
                (a, b) = left.HeadField == right.HeadField ? (left.TailField, right.TailField) : (left.HeadField, right.HeadField);
                continue;
            }
            if (a is Cell || b is Cell)
                return Atom.Flag(a is Atom);
            return Atom.Flag(((Atom)a).Bytes.SequenceCompareTo(((Atom)b).Bytes) < 0);
        }
    }

    private static Noun? Mink(in JetCall call) =>
        call.Sample is Cell { HeadField: Cell { HeadField: Noun subject, TailField: Noun formula }, TailField: Noun scry } && NockMachine.CanNest()
            ? call.Machine.Virtual(subject, formula, scry)
            : null;
}
