using CsCheck;
using Seguro.Nouns;
using Seguro.Tests.Nouns;

namespace Seguro.Tests.Nock;

/// <summary>Random cores <c>[[arm arm] [turns a] b c]</c> whose arms call each other and themselves: loops, recursions, and what crashes or never ends.</summary>
/// <remarks>Most calls count the turns up and most arms stop at a goal, so that most cores come to something.</remarks>
static class ArmSamples
{
    private const int Deepest = 4;
    private static readonly Dictionary<(int, ulong), Gen<Noun>> Known = [];

    // Ends of the ranges in which a number is in a variable of the processor's, in one word, in several.
    private static readonly Noun[] Edges = [.. new[] { 62, 63, 64 }.SelectMany(bit => Enumerable.Range(-3, 6), (bit, more) => (Noun)((System.Numerics.BigInteger.One << bit) + more))];

    private static readonly Gen<Noun> Atoms = Gen.Frequency((6, Gen.ULong[0, 4].Select(n => (Noun)n)), (1, Any(Edges)));

    private static readonly Gen<Noun> Values = Gen.Frequency((8, Atoms), (3, Gen.Select(Atoms, Atoms, (a, b) => (Noun)new Cell(a, b))), (1, RandomNouns.Nouns));

    private static readonly Gen<ulong> Parts = Gen.Frequency((8, Any(6UL, 7UL, 12UL, 13UL, 14UL, 15UL)), (1, Any(1UL, 2UL, 3UL, 5UL, 25UL, 31UL)));

    private static readonly Gen<ulong> ArmAxes = Any(4UL, 4UL, 4UL, 5UL);

    private static readonly Gen<Noun> Arms = Gen.Frequency(
        (4, Gen.Select(Gen.ULong[0, 5], Formulas(2, 1), Formulas(Deepest, 1), (goal, end, body) => (Noun)Cell.Of(6, Cell.Of(5, Cell.Of(0, 12), 1, goal), end, body))),
        (1, Formulas(Deepest, 1)));

    public static Gen<Noun> Cores { get; } = Gen.Select(
        Gen.Select(Arms, Arms), Atoms, Gen.Select(Values, Values, Values),
        (arms, turns, rest) => (Noun)Cell.Of(new Cell(arms.Item1, arms.Item2), new Cell(turns.IsCell ? 0 : turns, rest.Item1), rest.Item2, rest.Item3));

    // Formulas of subjects that have the core at an axis.
    private static Gen<Noun> Formulas(int depth, ulong core)
    {
        if (Known.TryGetValue((depth, core), out Gen<Noun>? known))
            return known;
        Gen<Noun> simple = Gen.Frequency((4, Parts.Select(part => (Noun)Cell.Of(0, Peg(core, part)))), (2, Values.Select(value => (Noun)Cell.Of(1, value))));
        if (depth == 0)
            return Known[(depth, core)] = simple;
        Gen<Noun> inner = Formulas(depth - 1, core);
        Gen<Noun> pushed = Formulas(depth - 1, Peg(3, core));
        Gen<Noun> alone = Formulas(depth - 1, 1);
        Gen<Noun> next = Gen.Frequency((2, Parts.Select(part => (Noun)Cell.Of(4, 0, Peg(core, part)))), (1, inner.Select(a => (Noun)new Cell(4, a))));
        Gen<Noun> test = Gen.OneOf(
            Gen.Select(inner, inner, (a, b) => (Noun)Cell.Of(5, a, b)),
            Gen.Select(next, inner, (a, b) => (Noun)Cell.Of(5, a, b)),
            Gen.Select(inner, next, (a, b) => (Noun)Cell.Of(5, a, b)),
            inner.Select(a => (Noun)new Cell(3, a)),
            Any<Noun>(Cell.Of(1, 0), Cell.Of(1, 1)));
        Gen<Noun> hinted = Gen.Frequency(
            (3, Gen.Select(Words("spot", "mean"), Values, inner, (tag, clue, a) => (Noun)Cell.Of(11, Cell.Of(tag, 1, clue), a))),
            (1, Gen.Select(Words("mean", "other"), inner, inner, (tag, clue, a) => (Noun)Cell.Of(11, Cell.Of(tag, clue), a))),
            (1, Gen.Select(Words("slog", "memo"), Values, inner, (tag, clue, a) => (Noun)Cell.Of(11, Cell.Of(tag, 1, 0, clue), a))),
            (1, inner.Select(a => (Noun)Cell.Of(11, "memo", a))));
        return Known[(depth, core)] = Gen.Frequency(
            (4, simple),
            (3, next),
            (2, test),
            (4, Gen.Select(Gen.Frequency((5, test), (1, inner)), inner, inner, (a, b, c) => (Noun)Cell.Of(6, a, b, c))),
            (2, Gen.Select(inner, inner, (a, b) => (Noun)new Cell(a, b))),
            (1, Gen.Select(inner, alone, (a, b) => (Noun)Cell.Of(7, a, b))),
            (1, alone.Select(a => (Noun)Cell.Of(7, Cell.Of(0, core), a))),
            (2, Gen.Select(inner, pushed, (a, b) => (Noun)Cell.Of(8, a, b))),
            (2, Gen.Select(Parts, inner, inner, (part, a, b) => (Noun)Cell.Of(10, new Cell(part, a), b))),
            (1, hinted),
            (7, Calls(core, inner)));
    }

    private static Gen<Noun> Calls(ulong core, Gen<Noun> inner)
    {
        Noun turns = Cell.Of(4, 0, Peg(core, 12));
        Noun whole = Cell.Of(0, core);
        return Gen.Frequency(
            (3, Gen.Select(ArmAxes, inner, (arm, a) => (Noun)Cell.Of(9, arm, Cell.Of(0, Peg(core, 2)), new Cell(turns, a), 0, Peg(core, 7)))),
            (2, Gen.Select(ArmAxes, inner, inner, inner, (arm, a, b, c) => (Noun)Cell.Of(9, arm, Cell.Of(0, Peg(core, 2)), new Cell(turns, a), b, c))),
            (3, Gen.Select(ArmAxes, Any(13UL, 14UL, 15UL, 7UL), inner, (arm, part, a) => (Noun)Cell.Of(9, arm, 10, new Cell(part, a), 10, new Cell(12, turns), whole))),
            (1, Gen.Select(ArmAxes, Parts, inner, (arm, part, a) => (Noun)Cell.Of(9, arm, 10, new Cell(part, a), whole))),
            // Each part where another was.
            (1, Gen.Const((Noun)Cell.Of(9, 4, Cell.Of(0, Peg(core, 2)), new Cell(turns, Part(15)), Part(13), Part(14)))),
            (1, Gen.Select(ArmAxes, inner, (arm, a) => (Noun)Cell.Of(9, arm, a))),
            (1, Gen.Const((Noun)Cell.Of(2, Cell.Of(10, new Cell(12, turns), whole), 0, Peg(core, 4)))));

        Noun Part(ulong part) => Cell.Of(0, Peg(core, part));
    }

    private static Gen<Noun> Words(params string[] words) => Any([.. words.Select(word => (Noun)Cord.Of(word))]);

    private static Gen<T> Any<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    // The axis of a part of what lies at an axis.
    private static ulong Peg(ulong axis, ulong part)
    {
        int steps = 63 - System.Numerics.BitOperations.LeadingZeroCount(part);
        return (axis << steps) | (part - (1UL << steps));
    }
}
