using Seguro.Nock.Kernels;
using Seguro.Nouns;
using static Seguro.Nock.Kernels.Formulas;

namespace Seguro.Testing.Vere;

/// <summary>
/// The kernel that the stand-in boots where it is given no pill: it does with datagrams what <see cref="DemoKernel"/> does, and has something to say on each of the king's other sides.
/// </summary>
/// <remarks>
/// <para>Datagrams: as <see cref="DemoKernel"/>, <c>timer</c> and <c>crash</c> too. Moreover <c>crush</c> crashes, and so does the report of that; <c>print</c> prints a line (<c>%slog</c>);
/// <c>leave</c> ends the ship (<c>%exit</c>), and has no answer.</para>
/// <para>HTTP: each request is answered with 200 and 16 bytes: requests so far, with this one, and events (8 each, little-endian). Terminal: what is typed comes back as a line. Control socket:
/// <c>%fyrd</c> is answered with <c>[%avow %&amp; %noun events]</c>. Peek gives <c>[~ ~ state]</c>, whatever is asked; the state is <c>[events datagrams requests lane fold]</c>.</para>
/// </remarks>
static class StandInKernel
{
    private static readonly string[] State = ["events", "datagrams", "requests", "lane", "fold"];
    private static readonly Noun Prime = 18_446_744_073_709_551_557;

    private static Formula Heard { get; } =
        Let("lane", Head("data"),
        Let("blob", Tail("data"), If(IsCell("blob"), Crash,
        Let("word", Word("blob"), If(Same("word", Text("crash")), Crash, If(Same("word", Text("crush")), Crash,
        Let("events", Next("events"),
        If(Same("word", Text("leave")), Answer(List(Tuple(Path("arvo"), Text("exit"), 0))),
        Let("datagrams", Next("datagrams"),
        Let("ended", Call("cat", 3, "blob", 1),
        Let("fold", Call("mod", Call("cat", 3, "ended", "fold"), Value(Prime)),
        Let("send", Tuple(Path("ames"), Text("send"), "lane", Call("cat", 7, Call("cat", 6, "datagrams", "events"), "ended")),
        If(Same("word", Text("timer")), Answer(List("send", Tuple(Path("behn"), Text("doze"), 0, Call("add", "now", Value(Second))))),
        If(Same("word", Text("print")), Printing("a datagram came", Answer(List("send"))),
        Answer(List("send"))))))))))))))));

    private static Formula Woken { get; } =
        Let("events", Next("events"),
        If(IsCell("lane"),
            Let("tick", Call("cat", 5, Text("tick"), Call("cat", 7, Call("cat", 6, "datagrams", "events"), 1)), Answer(List(Tuple(Path("ames"), Text("send"), "lane", "tick")))),
            Answer(0)));

    private static Formula Asked { get; } =
        Let("events", Next("events"),
        Let("requests", Next("requests"),
        Answer(List(Tuple(
            Tail("wire"), Text("response"), Text("start"),
            Tuple(200, Value(NounList.Of(Cell.Of("content-type", "application/octet-stream"), Cell.Of("content-length", "16")))),
            Tuple(0, 16, Call("cat", 6, "requests", "events")),
            0)))));

    private static Formula Born { get; } =
        Let("events", Next("events"),
        If(Same(Head(Tail("wire")), Text("http-server")), Answer(List(Tuple(Tail("wire"), Text("set-config"), Value(Cell.Of(0, 1, 0, 1))))), Answer(0)));

    private static Formula Typed { get; } =
        Let("events", Next("events"),
        If(Same(Head("data"), Text("txt")),
            Answer(List(Tuple(Value(NounList.Path("term", "1")), Text("blit"), List(Tuple(Text("put"), Tail("data")), Value(Cell.Of("nel", 0)))))),
            Answer(0)));

    // Data is [goof wire card].
    private static Formula Failed { get; } =
        Let("card", Tail(Tail("data")),
        If(Same(Head("card"), Text("hear")),
            Let("word", Word(Tail(Tail("card"))), If(Same("word", Text("crush")), Crash, Counted())),
            Counted()));

    private static Formula Kernel { get; } =
        StandardLibrary.With(
            Let("state", State, Value(NounList.Of(0, 0, 0, 0)), Tuple(0, 0, CoreOf("arvo",
                ("load", Gate(["old"], Edit("arvo", ("state", "old")))),
                ("wish", Gate(["text"], 0)),
                ("peek", Gate(["gang", "request"], Tuple(0, 0, "state"))),
                ("poke", Gate(["now", "wire", "tag", "data"],
                    If(Same("tag", Text("hear")), Heard,
                    If(Same("tag", Text("wake")), Woken,
                    If(Same("tag", Text("request")), Asked,
                    If(Same("tag", Text("request-local")), Asked,
                    If(Same("tag", Text("born")), Born,
                    If(Same("tag", Text("belt")), Typed,
                    If(Same("tag", Text("fyrd")), Let("events", Next("events"), Answer(List(Tuple(Tail("wire"), Text("avow"), 0, Text("noun"), "events")))),
                    If(Same("tag", Text("crud")), Failed,
                    Counted()))))))))))))));

    /// <summary>The pill.</summary>
    public static Noun Pill { get; } = Cell.Of("pill", "standin", NounList.Of(Cell.Of(2, Cell.Of(0, 3), 0, 2), Kernel.ToNoun()), 0, 0);

    private static Noun Second => Atom.Of(UInt128.One << 64);

    private static Formula Word(Formula blob) => Call("end", Value(Cell.Of(3, 5)), blob);

    private static Formula Counted() => Let("events", Next("events"), Answer(0));

    private static Formula Answer(Formula effects) => Tuple(effects, Edit("arvo", ("state", Tuple([.. State.Select(name => (Formula)name)]))));

    private static Formula Path(string part) => Value(NounList.Path(part));

    // [11 [%slog clue] formula], where the clue is [priority tank].
    private static Formula Printing(string line, Formula formula) =>
        new(scope => Cell.Of(11, Cell.Of("slog", 1, 0, "leaf", Cord.Tape(line)), formula.In(scope)));
}
