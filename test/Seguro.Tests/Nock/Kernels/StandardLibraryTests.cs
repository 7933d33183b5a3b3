using CsCheck;
using Seguro.Nock;
using Seguro.Nock.Kernels;
using Seguro.Nouns;

namespace Seguro.Tests.Nock.Kernels;

/// <summary>The gates of the small library, by jets and by their own formulas.</summary>
public class StandardLibraryTests
{
    private static readonly string[] Jetted = ["one/dec", "one/add", "one/lth", "one/sub", "one/mod", "one/two/end", "one/two/cat"];
    private static readonly Noun Library = StandardLibrary.With(Formulas.Tuple("dec", "add", "lth", "sub", "mod", "end", "cat")).ToNoun();

    // [gate sample]: the number of the gate, and a sample that can be counted through.
    private static readonly Gen<(int, Noun)> Calls = Gen.OneOf(
        Gen.UInt[0, 300].Select(n => (0, (Noun)(ulong)n)),
        Gen.Select(Gen.Int[1, 4], Gen.UInt[0, 60], Gen.UInt[0, 12]).Select((gate, a, b) => (gate, (Noun)Cell.Of((ulong)a, (ulong)b))),
        Gen.Select(Gen.Int[1, 4], Gen.UInt[0, 12], Gen.UInt[0, 60]).Select((gate, a, b) => (gate, (Noun)Cell.Of((ulong)a, (ulong)b))),
        Gen.Select(Gen.UInt[0, 6], Gen.UInt[0, 5000]).Select((bite, b) => (5, (Noun)Cell.Of((ulong)bite, (ulong)b))),
        Gen.Select(Gen.UInt[0, 3], Gen.UInt[0, 5], Gen.UInt[0, 5000]).Select((block, count, b) => (5, (Noun)Cell.Of(Cell.Of((ulong)block, (ulong)count), (ulong)b))),
        Gen.Select(Gen.UInt[0, 3], Gen.UInt[0, 255], Gen.UInt[0, 15]).Select((block, b, c) => (6, (Noun)Cell.Of((ulong)block, (ulong)b, (ulong)c))));

    [Fact]
    public void Jets_and_formulas_compute_the_same()
    {
        NockMachine with = new();
        NockMachine without = new(new NockOptions { AllJetsOff = true });
        Noun fast = with.Run(0, Library, TestContext.Current.CancellationToken);
        Noun slow = without.Run(0, Library, TestContext.Current.CancellationToken);
        Assert.Equal(slow, fast);
        Calls.Sample(
            call =>
            {
                ulong axis = Scope.Item(call.Item1, Jetted.Length);
                NockResult one = with.TrySlam(Axis.Get(fast, axis), call.Item2, TestContext.Current.CancellationToken);
                NockResult other = without.TrySlam(Axis.Get(slow, axis), call.Item2, TestContext.Current.CancellationToken);
                Assert.Equal(other.Mote, one.Mote);
                Assert.Equal(other.Product, one.Product);
            },
            iter: 400,
            threads: 1);
        foreach (string label in Jetted)
            Assert.InRange(with.JetRuns.GetValueOrDefault("k140/" + label), 1, long.MaxValue);
        Assert.Empty(without.JetRuns);
    }

    [Fact]
    public void No_other_gate_bears_the_name_of_a_jet()
    {
        NockMachine machine = new();
        Noun all = StandardLibrary.With(Formulas.Tuple("dec", "add", "lth", "sub", "mod", "end", "cat", "bits", "halve", "put", "low", "join", "weave")).ToNoun();
        machine.Run(0, all, TestContext.Current.CancellationToken);
        Assert.Equal(Jetted.Select(label => "k140/" + label).Order(), machine.CoreLabels.Intersect(NockMachine.JetLabels).Order());
    }

    [Fact]
    public void A_name_that_nothing_has_is_an_error()
    {
        Assert.Throws<InvalidOperationException>(() => Formulas.Next("nothing").ToNoun());
        Assert.Throws<InvalidOperationException>(() => Formulas.Let("a", 1, Formulas.Let("b", 2, Formulas.Edit("a", ("b", 3)))).ToNoun());
    }
}
