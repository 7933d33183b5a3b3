using Seguro.Nouns;

namespace Seguro.Nock.Jets;

/// <summary>Keys of ships (zuse's <c>ed:crypto</c>).</summary>
static class CurveJets
{
    private const int Size = 32;

    public static IEnumerable<(string, Jet)> All { get; } =
    [
        ("two/tri/qua/pen/hex/coed/ed/puck", (in JetCall call) => call.Sample is Atom seed ? Atom.Of(EdwardsCurve.PublicKey(Sized(seed))) : null),
        // The formula takes the sign bit of a public key for a part of its number, vere does not: half of all keys come to something else.
        ("two/tri/qua/pen/hex/coed/ed/shar", (in JetCall call) => Samples.TryAtoms(call.Sample, out Atom? key, out Atom? seed)
            ? Atom.Of(EdwardsCurve.Shared(Sized(key), Sized(seed))) : null),
    ];

    private static byte[] Sized(Atom atom)
    {
        if (atom.ByteLength > Size)
            throw new NockCrash();
        byte[] bytes = new byte[Size];
        atom.Bytes.CopyTo(bytes);
        return bytes;
    }
}
