using System.Numerics;
using CsCheck;
using Seguro.Nouns;

namespace Seguro.Tests.Nouns;

/// <summary>Random nouns: small and large atoms, trees, lists, and much sharing.</summary>
static class RandomNouns
{
    public static Gen<Atom> Atoms { get; } = Gen.OneOf(
        Gen.ULong[0, 8].Select(Atom.Of),
        Gen.Select(Gen.ULong, Gen.Int[0, 63], (value, shift) => Atom.Of(value >> shift)),
        Gen.Byte.Array[0, 40].Select(bytes => Atom.Of(bytes)),
        Gen.Int[0, 300].Select(bit => Atom.Of(BigInteger.One << bit)),
        Gen.Int[0, 300].Select(bit => Atom.Of((BigInteger.One << bit) - 1)));

    /// <summary>Built from a stock of atoms: each step pairs two nouns of the stock and adds the pair to it.</summary>
    public static Gen<Noun> Nouns { get; } = Gen.Select(Atoms.Array[1, 12], Gen.Select(Gen.Int[0, 1000], Gen.Int[0, 1000]).Array[0, 60], Build);

    private static Noun Build(Atom[] atoms, (int Head, int Tail)[] steps)
    {
        List<Noun> stock = [.. atoms];
        foreach ((int head, int tail) in steps)
        {
            // Taken from the end more often, so that the nouns get deep.
            Noun left = stock[^(1 + (head % Math.Min(stock.Count, 7)))];
            Noun right = stock[tail % stock.Count];
            stock.Add(new Cell(left, right));
        }
        return stock[^1];
    }
}
