using System.Security.Cryptography;
using Seguro.Nouns;

namespace Seguro.Testing.Vere;

/// <summary>What every start begins with (vere-facts.md §7.2, §13.9).</summary>
static class FirstOva
{
    private static readonly Noun Arvo = NounList.Path("", "arvo");
    private static readonly Noun Kelvins = StandInVersion.IsThree
        ? NounList.Of(Cell.Of("zuse", 410), Cell.Of("lull", 322), Cell.Of("arvo", 236), Cell.Of("hoon", 137), Cell.Of("nock", 4))
        : NounList.Of(Cell.Of("zuse", 408), Cell.Of("lull", 320), Cell.Of("arvo", 234), Cell.Of("hoon", 135), Cell.Of("nock", 4));

    /// <summary>Which runtime it is, and what versions it offers.</summary>
    public static Noun Wyrd() => Cell.Of(Arvo, "wyrd", new Cell(Clock.Instance(), NounList.Path("vere", "once", "~." + StandInVersion.Text)), Kelvins);

    /// <summary>Entropy.</summary>
    public static Noun Wack() => Cell.Of(Arvo, "wack", Atom.Of(RandomNumberGenerator.GetBytes(64)));

    /// <summary>How much the kernel prints.</summary>
    public static Noun Verb() => Cell.Of(Arvo, "verb", 0, 0);
}
