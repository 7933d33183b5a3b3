using System.Buffers.Binary;
using Seguro.Nouns;
using static Seguro.Nock.Kernels.Formulas;

namespace Seguro.Nock.Kernels;

/// <summary>
/// A kernel of a page, with Arvo's interface (vere-facts.md §4.2), for demonstrations and tests: it answers every datagram with what it heard and how much
/// it has heard, so that whoever talks to it can tell exactly which events it processed.
/// </summary>
/// <remarks>
/// <para><c>[%hear lane blob]</c> has the effect <c>[/ames %send lane answer]</c>, where the answer is, in bytes: datagrams heard, with this one (8,
/// little-endian), events processed, with this one and with those of the boot not counted (8, little-endian), the datagram as it was heard, and a byte 1. A datagram
/// loses the zero bytes at its end when it becomes an atom; the 1 keeps the answer whole.</para>
/// <para>A datagram that begins with <c>timer</c> has the effect <c>[/behn %doze ~ when]</c> as well, one second after the event's time. <c>%wake</c> sends to the lane
/// heard last <c>tick</c> (4), datagrams (8), events (8), and a byte 1; nothing where no datagram was heard. A datagram that begins with <c>crash</c> crashes. All other cards,
/// <c>%crud</c> too, are counted and have no effect.</para>
/// <para>Peek gives <c>[~ ~ state]</c>, whatever is asked; load takes such a state; wish says 0 to everything. The state is
/// <c>[events datagrams timers wakes lane fold]</c>: how many of each, the lane heard last (0: none), and a number below 2^64 made of all datagrams in their order.</para>
/// </remarks>
public static class DemoKernel
{
    private static readonly string[] State = ["events", "datagrams", "timers", "wakes", "lane", "fold"];

    // The largest prime below 2^64: the fold is what was heard, as digits of one large number, modulo this.
    private static readonly Noun Prime = 18_446_744_073_709_551_557;

    private static Formula Heard { get; } =
        Let("lane", Head("data"),
        Let("blob", Tail("data"), If(IsCell("blob"), Crash,
        Let("word", Call("end", Value(Cell.Of(3, 5)), "blob"), If(Same("word", Text("crash")), Crash,
        Let("timer", Same("word", Text("timer")),
        Let("events", Next("events"),
        Let("datagrams", Next("datagrams"),
        Let("timers", If("timer", Next("timers"), "timers"),
        Let("ended", Call("cat", 3, "blob", 1),
        Let("fold", Call("mod", Call("cat", 3, "ended", "fold"), Value(Prime)),
        Let("send", Tuple(Path("ames"), Text("send"), "lane", Call("cat", 7, Call("cat", 6, "datagrams", "events"), "ended")),
        Answer(If("timer", List("send", Tuple(Path("behn"), Text("doze"), 0, Call("add", "now", Value(Second)))), List("send")))))))))))))));

    private static Formula Woken { get; } =
        Let("events", Next("events"),
        Let("wakes", Next("wakes"),
        If(IsCell("lane"),
            Let("tick", Call("cat", 5, Text("tick"), Call("cat", 7, Call("cat", 6, "datagrams", "events"), 1)),
            Answer(List(Tuple(Path("ames"), Text("send"), "lane", "tick")))),
            Answer(0))));

    private static Formula Kernel { get; } =
        StandardLibrary.With(
            Let("state", State, Value(NounList.Of(0, 0, 0, 0, 0)), Tuple(0, 0, CoreOf("arvo",
                ("load", Gate(["old"], Edit("arvo", ("state", "old")))),
                ("wish", Gate(["text"], 0)),
                ("peek", Gate(["gang", "request"], Tuple(0, 0, "state"))),
                ("poke", Gate(["now", "wire", "tag", "data"],
                    If(Same("tag", Text("hear")), Heard,
                    If(Same("tag", Text("wake")), Woken,
                    Let("events", Next("events"), Answer(0))))))))));

    /// <summary>The first events of a log: formulas. The first goes on to the second; the second makes the kernel.</summary>
    public static IReadOnlyList<Noun> Boot { get; } = [Cell.Of(2, Cell.Of(0, 3), 0, 2), Kernel.ToNoun()];

    /// <summary>How many events are formulas.</summary>
    public static int Life => Boot.Count;

    // Seconds are the upper half of a time.
    private static Noun Second => Atom.Of(UInt128.One << 64);

    /// <summary>The first events as the log has them: 4 zero bytes, for no mug, and jam of the formula. New arrays, the caller's.</summary>
    public static IReadOnlyList<ReadOnlyMemory<byte>> BootPayloads() => [.. Boot.Select(formula => (ReadOnlyMemory<byte>)(byte[])[0, 0, 0, 0, .. Jam.ToBytes(formula)])];

    // [effects kernel], the state being what has its names here.
    private static Formula Answer(Formula effects) => Tuple(effects, Edit("arvo", ("state", Tuple([.. State.Select(name => (Formula)name)]))));

    private static Formula Path(string part) => Value(NounList.Path(part));
}
