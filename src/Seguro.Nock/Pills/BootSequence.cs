using System.Security.Cryptography;
using Seguro.Nouns;

namespace Seguro.Nock.Pills;

/// <summary>A ship's first events, in the order of its log.</summary>
/// <param name="Formulas">Untimed: the kernel comes to be of them. As many as META's <c>life</c> says.</param>
/// <param name="Timed"><c>[time wire card]</c> each.</param>
public sealed record BootSequence(IReadOnlyList<Noun> Formulas, IReadOnlyList<Noun> Timed)
{
    /// <summary>The size of the entropy that a ship gets, in bytes.</summary>
    public const int EntropySize = 64;

    private static readonly UInt128 Tick = UInt128.One << 48;
    private static readonly Noun Arvo = NounList.Path("", "arvo");
    private static readonly Noun Terminal = NounList.Path("d", "term", "1");

    // What vere 4.6 offers (event 6 of the real log): the kernel's own numbers must not be below.
    private static readonly Noun Kelvins = NounList.Of(
        Cell.Of("zuse", 408), Cell.Of("lull", 320), Cell.Of("arvo", 234), Cell.Of("hoon", 135), Cell.Of("nock", 4));

    /// <summary>The events in their order.</summary>
    public IEnumerable<Noun> Events => Formulas.Concat(Timed);

    /// <summary>The events of a fake ship's boot, in vere's order and with its stamps: 1/65536 s apart (vere-facts.md §2.5, §4.3).</summary>
    /// <param name="pill">What it boots from.</param>
    /// <param name="ship">Its number.</param>
    /// <param name="start">When.</param>
    /// <param name="entropy">64 random bytes, which become part of the ship.</param>
    /// <param name="version">The version of the program that boots it, as a knot.</param>
    public static BootSequence OfFake(Pill.Boot pill, UInt128 ship, DateTimeOffset start, ReadOnlySpan<byte> entropy, string version)
    {
        ArgumentNullException.ThrowIfNull(pill);
        ArgumentOutOfRangeException.ThrowIfNotEqual(entropy.Length, EntropySize);
        Noun nonce = Uv.Format(Atom.Of(SHA256.HashData(entropy).AsSpan(0, 4)));
        List<Noun> ova =
        [
            Cell.Of(Arvo, "wyrd", new Cell(nonce, NounList.Path("seguro", version)), Kelvins),
            Cell.Of(Arvo, "verb", 0, Atom.Flag(true)),
            Cell.Of(Arvo, "whom", Atom.Of(ship)),
            Cell.Of(Arvo, "wack", Atom.Of(entropy)),
            .. pill.Modules,
            Cell.Of(Terminal, "boot", 1, "fake", Atom.Of(ship)),
            .. pill.User,
        ];
        UInt128 now = DateAtom.Stamp(start);
        List<Noun> timed = [];
        foreach (Noun ovum in ova)
        {
            timed.Add(new Cell(Atom.Of(now), ovum));
            now += Tick;
        }
        return new BootSequence(pill.Formulas, timed);
    }

    /// <summary>An event's bytes in the log: no mug (4 zero bytes), for none of a boot's events has one, then jam.</summary>
    public static byte[] PayloadOf(Noun made)
    {
        using MemoryStream payload = new();
        payload.Write([0, 0, 0, 0]);
        Jam.Write(made, payload);
        return payload.ToArray();
    }
}
