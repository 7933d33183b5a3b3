using Seguro.Nock.Kernels;
using Seguro.Nouns;
using static Seguro.Nock.Kernels.Formulas;

namespace Seguro.Tests.Node.Members;

/// <summary>The demo kernel, but the datagram <c>endless</c> is computed for ever.</summary>
static class StubbornKernel
{
    private static readonly Formula Demo = new(static _ => Cell.Of(7, DemoKernel.Boot[1], 0, 7));
    private static readonly Formula DemoPoke = new(static scope => Cell.Of(9, 23, scope.Get("demo")));

    private static Formula AsDemo { get; } =
        Let("made", Call(DemoPoke, "now", "wire", "tag", "data"), Tuple(Head("made"), Edit("kernel", ("demo", Tail("made")))));

    private static Formula Kernel { get; } =
        Let("demo", Demo, Tuple(0, 0, CoreOf(
            "kernel",
            ("load", 0),
            ("wish", Gate(["text"], 0)),
            ("peek", Gate(["gang", "request"], 0)),
            ("poke", Gate(["now", "wire", "tag", "data"], If(
                Same("tag", Text("hear")),
                If(Same(Tail("data"), Text("endless")), Loop("ever", Again("ever")), AsDemo),
                AsDemo))))));

    /// <summary>The first events of a log, as many as the demo kernel's.</summary>
    public static IReadOnlyList<ReadOnlyMemory<byte>> BootPayloads() => [DemoKernel.BootPayloads()[0], (byte[])[0, 0, 0, 0, .. Jam.ToBytes(Kernel.ToNoun())]];
}
