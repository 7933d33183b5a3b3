using System.Numerics;
using Seguro.Nouns;

namespace Seguro.Benchmarks;

/// <summary>
/// Programs in plain Nock, without hints and jets, of opcodes 0–9 only: those mean the same in Nock 5K, which nockjs runs. Each is a core
/// <c>[battery sample]</c> and a formula that is computed on it; the product is named by the sum of its atoms.
/// </summary>
/// <param name="Name">What it does.</param>
/// <param name="Core">The subject.</param>
/// <param name="Formula">The call.</param>
internal sealed record NockProgram(string Name, string Core, string Formula)
{
    // Sample [goal counter], the formula being the whole battery: the number before the goal.
    private const string Decrement = "[6 [5 [4 0 7] 0 6] [0 7] 9 2 [0 2] [0 6] 4 0 7]";

    // The same as the second half of a battery.
    private const string SecondArm = "[6 [5 [4 0 7] 0 6] [0 7] 9 5 [0 2] [0 6] 4 0 7]";

    // Battery [ackermann decrement], sample [m n].
    private const string Ackermann =
        "[6 [5 [1 0] 0 6] [4 0 7] 6 [5 [1 0] 0 7] [9 4 [0 2] [9 5 [0 2] [0 6] 1 0] 1 1] 9 4 [0 2] [9 5 [0 2] [0 6] 1 0] 9 4 [0 2] [0 6] 9 5 [0 2] [0 7] 1 0]";

    // Sample [goal depth]: a full tree down to the goal, whose leaves are the depth.
    private const string Tree = "[6 [5 [0 6] 0 7] [0 7] [9 2 [0 2] [0 6] 4 0 7] 9 2 [0 2] [0 6] 4 0 7]";

    public static NockProgram[] All { get; } =
    [
        new("decrement of 1,000,000 by a loop", $"[{Decrement} 1000000 0]", "[9 2 0 1]"),
        new("Ackermann 3, 6", $"[[{Ackermann} {SecondArm}] 3 6]", "[9 4 0 1]"),
        new("full tree of depth 18", $"[{Tree} 18 0]", "[9 2 0 1]"),
    ];

    /// <summary>A noun written as numbers and brackets.</summary>
    public static Noun Parse(string text)
    {
        Stack<List<Noun>> open = new([[]]);
        foreach (string word in text.Replace("[", " [ ").Replace("]", " ] ").Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (word == "[")
            {
                open.Push([]);
            }
            else if (word == "]")
            {
                List<Noun> parts = open.Pop();
                open.Peek().Add(parts.SkipLast(1).Reverse().Aggregate(parts[^1], static (tail, head) => new Cell(head, tail)));
            }
            else
            {
                open.Peek().Add(Atom.Of(BigInteger.Parse(word)));
            }
        }
        return open.Pop()[0];
    }

    /// <summary>The sum of a noun's atoms, a part that is shared counted as often as it is there.</summary>
    public static BigInteger Sum(Noun noun) => noun is Cell cell ? Sum(cell.Head) + Sum(cell.Tail) : ((Atom)noun).ToBigInteger();
}
