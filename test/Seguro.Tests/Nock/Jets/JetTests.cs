using CsCheck;
using Seguro.Nock;
using Seguro.Nouns;
using Seguro.Testing;

namespace Seguro.Tests.Nock;

/// <summary>Each jet against the formula of its own gate, taken from a real kernel, on random samples: the same product, or a crash of both.</summary>
public class JetTests
{
    // Formulas that get what they are not for may run for ever.
    private const long Most = 100_000;
    private static readonly Lazy<(ArvoKernel Ivory, Dictionary<string, Noun> Gates)> Kernel = new(Boot);

    // These are vere's, and not what their formulas say, or their formulas take too long: CompilerTests has them.
    private static readonly string[] Apart = ["/fitz", "/ed/shar", "/ed/puck"];

    public static TheoryData<string> Labels => [.. NockMachine.JetLabels.Where(label => !Apart.Any(end => label.EndsWith(end, StringComparison.Ordinal)))];

    [Theory]
    [MemberData(nameof(Labels))]
    public void A_jet_computes_what_its_formula_does(string label)
    {
        JetSamples samples = JetSamples.Of(label);
        (ArvoKernel ivory, Dictionary<string, Noun> gates) = Kernel.Value;
        NockMachine with = new();
        NockMachine without = new(new NockOptions { JetsOff = new HashSet<string> { label } });
        // The names that %fast gives are known only to a machine that met the hints.
        Reboot(with);
        Reboot(without);
        Noun gate = new ArvoKernel(with, ivory.Core).Wish(samples.Hoon);
        Assert.Equal(gate, new ArvoKernel(without, ivory.Core).Wish(samples.Hoon));
        with.MaxCalls = without.MaxCalls = Most;
        long before = with.JetRuns.GetValueOrDefault(label);
        int decided = 0;
        Gen.Select(samples.Samples(gates), samples.Doors(gates)).Sample(
            (sample, door) =>
            {
                Noun called = door is null ? gate : Axis.With(gate, 30, door);
                NockResult slow = without.TrySlam(called, sample);
                if (slow.Mote is "fail" or "meme")
                    return;
                NockResult fast = with.TrySlam(called, sample);
                Assert.Equal(slow.Mote, fast.Mote);
                Assert.Equal(slow.Product, fast.Product);
                Interlocked.Increment(ref decided);
            },
            iter: 100,
            threads: 1);
        Assert.InRange(decided, 30, int.MaxValue);
        Assert.InRange(with.JetRuns.GetValueOrDefault(label) - before, 20, long.MaxValue);
        Assert.Equal(0, without.JetRuns.GetValueOrDefault(label));
    }

    [Fact]
    public void A_gate_with_another_context_is_not_taken_for_the_one_it_was()
    {
        NockMachine machine = new();
        Reboot(machine);
        Noun gate = new ArvoKernel(machine, Kernel.Value.Ivory.Core).Wish("add");
        long before = machine.JetRuns.GetValueOrDefault("k140/one/add");
        Assert.Equal(5, machine.Slam(gate, Cell.Of(2, 3)));
        Assert.Equal(before + 1, machine.JetRuns["k140/one/add"]);
        // The formula of add uses dec from its context, which is here no library at all.
        Noun other = Axis.With(gate, 7, Cell.Of(Axis.Get(gate, 14), 5));
        machine.TrySlam(other, Cell.Of(2, 3));
        machine.TrySlam(Axis.With(gate, 7, 0), Cell.Of(2, 3));
        Assert.Equal(before + 1, machine.JetRuns["k140/one/add"]);
    }

    [Fact]
    public void All_jets_can_be_off()
    {
        NockMachine machine = new(new NockOptions { AllJetsOff = true });
        Assert.Equal(7, machine.Slam(Kernel.Value.Gates["sub"], Cell.Of(10, 3)));
        Assert.Empty(machine.JetRuns);
    }

    private static Noun Pill() => ((Cell)Cue.From(File.ReadAllBytes(Path.Combine(SharedData.Path, "ivory-2023-02-08.pill")))).Tail;

    private static void Reboot(NockMachine machine) => ArvoKernel.Boot(machine, Pill());

    private static (ArvoKernel Ivory, Dictionary<string, Noun> Gates) Boot()
    {
        ArvoKernel kernel = ArvoKernel.Boot(new NockMachine(), Pill());
        Dictionary<string, Noun> gates = new()
        {
            ["sub"] = kernel.Wish("sub"),
            ["aor"] = kernel.Wish("aor"),
            ["twice"] = kernel.Wish("|=(a=* [a a])"),
            ["pair"] = kernel.Wish("|=([a=* b=*] [b a])"),
            ["state"] = kernel.Wish("|=([a=* b=*] [[a b] a])"),
            ["even"] = kernel.Wish("|=(a=@ =(0 (end 0 a)))"),
            ["cell"] = kernel.Wish("|=(a=* ?=(^ a))"),
            ["some"] = kernel.Wish("|=(a=* ?@(a ~ `+.a))"),
            ["none"] = kernel.Wish("|=(^ ~)"),
            ["known"] = kernel.Wish("|=(a=^ ``a)"),
            ["never"] = kernel.Wish("|=(^ [~ ~])"),
        };
        return (kernel, gates);
    }
}
