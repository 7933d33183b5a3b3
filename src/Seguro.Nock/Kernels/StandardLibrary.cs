using Seguro.Nouns;
using static Seguro.Nock.Kernels.Formulas;

namespace Seguro.Nock.Kernels;

/// <summary>
/// The few gates of Hoon's standard library that the small kernels use, under the names that the real one gives its own: so the machine's jets stand
/// for them. Without jets they are computed by counting, which is right for every atom, and done in a lifetime for small ones.
/// </summary>
public static class StandardLibrary
{
    /// <summary>A formula in which the gates have their names: <c>dec add lth sub mod</c>, and <c>end cat</c>. The library is its subject.</summary>
    public static Formula With(Formula then) =>
        new(_ => Cell.Of(7, Cell.Of(1, 140), 7, Root.ToNoun(), Layer("one", Numbers, Layer("two", Blocks, then)).ToNoun()));

    private static Formula Root { get; } = Fast(Cell.Of("k", 140), Cell.Of(1, 0), CoreOf("root", ("version", 140)));

    private static (string, Formula)[] Numbers { get; } =
    [
        ("dec", Gate(["n"], If(Same("n", 0), Crash,
            Let("i", 0, Loop("count",
                If(Same(Next("i"), "n"), "i", Again("count", ("i", Next("i"))))))))),
        ("add", Gate(["a", "b"],
            Let("i", 0, Let("sum", "b", Loop("count",
                If(Same("i", "a"), "sum", Again("count", ("i", Next("i")), ("sum", Next("sum"))))))))),
        ("lth", Gate(["a", "b"],
            Let("i", 0, Loop("count",
                If(Same("i", "b"), 1, If(Same("i", "a"), 0, Again("count", ("i", Next("i"))))))))),
        ("sub", Gate(["a", "b"], If(Call("lth", "a", "b"), Crash,
            Let("left", 0, Loop("count",
                If(Same("a", "b"), "left", Again("count", ("b", Next("b")), ("left", Next("left"))))))))),
        ("mod", Gate(["a", "b"], If(Same("b", 0), Crash,
            Loop("count",
                If(Call("lth", "a", "b"), "a", Again("count", ("a", Call("sub", "a", "b")))))))),
    ];

    private static (string, Formula)[] Blocks { get; } =
    [
        // (end bite b): the lowest bits of b, as many as the block, or blocks, have.
        ("end", Gate(["bite", "b"], Call("low", Call("bits", "bite"), "b"))),
        // (cat block b c): c behind b, at a whole number of blocks.
        ("cat", Gate(["block", "b", "c"], Call("join", Call("bits", "block"), "b", "c"))),

        // The size of a bite, in bits: a block is 2^n, [n count] so many of them.
        ("bits", Gate(["bite"], If(IsCell("bite"),
            Let("size", Call("bits", Head("bite")), Let("i", 0, Let("sum", 0, Loop("count",
                If(Same("i", Tail("bite")), "sum", Again("count", ("i", Next("i")), ("sum", Call("add", "size", "sum")))))))),
            Let("i", 0, Let("size", 1, Loop("count",
                If(Same("i", "bite"), "size", Again("count", ("i", Next("i")), ("size", Call("add", "size", "size")))))))))),
        // [half bit]: a number without its lowest bit, and that bit.
        ("halve", Gate(["n"],
            Let("half", 0, Let("even", 0, Loop("count",
                If(Same("even", "n"), Tuple("half", 0),
                If(Same(Next("even"), "n"), Tuple("half", 1),
                Again("count", ("half", Next("half")), ("even", Next(Next("even"))))))))))),
        // The number whose lowest bit is this, and whose others are those.
        ("put", Gate(["bit", "others"], Call("add", "bit", Call("add", "others", "others")))),
        ("low", Gate(["count", "b"], If(Same("count", 0), 0, If(Same("b", 0), 0,
            Let("halves", ["half", "bit"], Call("halve", "b"),
                Call("put", "bit", Call("low", Call("dec", "count"), "half"))))))),
        ("join", Gate(["size", "b", "c"], If(Same("b", 0), "c", Call("weave", "size", "size", "b", "c")))),
        ("weave", Gate(["count", "size", "b", "c"], If(Same("count", 0), Call("join", "size", "b", "c"),
            Let("halves", ["half", "bit"], Call("halve", "b"),
                Call("put", "bit", Call("weave", Call("dec", "count"), "size", "half", "c")))))),
    ];
}
