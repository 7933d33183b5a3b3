using System.Numerics;
using CsCheck;
using Seguro.Nock;
using Seguro.Nouns;
using Seguro.Testing;

namespace Seguro.Tests.Nock;

/// <summary>Arms in machine code against the same by nodes: all that a machine says must be the same, or members differ by what was hot on each.</summary>
public class CompiledArmTests
{
    private static readonly Noun First = MachineTests.Parse("[9 4 0 1]");
    private static readonly Noun Second = MachineTests.Parse("[9 5 0 1]");
    private static readonly Noun Call = MachineTests.Parse("[9 2 0 1]");

    // Sample [goal counter]: three more than the goal. Sample [list 0]: as many as there are.
    private static readonly Noun Count = MachineTests.Parse("[6 [5 [0 6] 0 7] [4 4 4 0 7] 9 2 10 [7 4 0 7] 0 1]");
    private static readonly Noun Length = MachineTests.Parse("[6 [3 0 6] [4 9 2 10 [6 0 13] 0 1] 1 0]");
    private static readonly NockOptions Hot = new() { CompileAfter = 1, CompiledArms = int.MaxValue };
    private static readonly NockOptions Never = new() { CompiledArms = 0 };

    /// <summary>Products, motes, traces, what is told, and the number of calls, by which limits are reached and interruptions seen.</summary>
    [Fact]
    public void Random_arms_compute_what_their_nodes_do()
    {
        int compiled = 0;
        int cases = 0;
        Dictionary<string, int> ends = [];
        Gen.Select(ArmSamples.Cores, Gen.Int[1024, 1100]).Sample(
            (core, depth) =>
            {
                List<Noun> told = [];
                List<Noun> toldHot = [];
                NockMachine never = new(Never with { MaxCalls = 1, MaxDepth = depth, Slog = told.Add });
                NockMachine hot = new(Hot with { MaxCalls = 1, MaxDepth = depth, Slog = toldHot.Add });
                foreach (Noun call in new[] { First, Second, First })
                {
                    NockResult expected = never.Try(core, call);
                    Same(expected, never, hot.Try(core, call), hot);
                    Assert.Equal(told, toldHot);
                    ends[expected.Mote] = ends.GetValueOrDefault(expected.Mote) + 1;
                }
                compiled += hot.CompiledArms > 0 ? 1 : 0;
                Assert.Equal(0, never.CompiledArms);
                cases++;
            },
            iter: 300,
            threads: 1);
        string seen = $"compiled {compiled} of {cases}; {string.Join(", ", ends)}";
        TestContext.Current.TestOutputHelper?.WriteLine(seen);
        Assert.True(compiled > cases / 4, seen);
        Assert.All(["", "exit", "meme", "fail"], mote => Assert.True(ends.GetValueOrDefault(mote) > cases / 100, seen));
    }

    [Fact]
    public void Counters_are_numbers_of_any_size()
    {
        NockMachine hot = new(Hot);
        foreach (int bit in new[] { 1, 61, 62, 63, 64, 65, 128 })
        {
            BigInteger from = (BigInteger.One << bit) - 2;
            for (int more = 0; more < 5; more++)
                Assert.Equal(from + more + 3, hot.Run(Cell.Of(Count, from + more, from), Call));
        }
        Assert.Equal("exit", hot.Try(Cell.Of(Count, 5, Cell.Of(1, 2)), Call).Mote);
        Assert.Equal(1, hot.CompiledArms);
    }

    [Fact]
    public void Parts_change_places_all_at_once()
    {
        NockMachine hot = new(Hot);
        // Sample [[turns a] b c]; a turn makes it [[turns+1 c] a b].
        Noun turn = MachineTests.Parse("[6 [5 [0 12] 1 100] [0 3] 9 2 [0 2] [[4 0 12] 0 15] [0 13] 0 14]");
        Assert.Equal(MachineTests.Parse("[[100 7] 5 6]"), hot.Run(Cell.Of(turn, Cell.Of(0, 5), 6, 7), Call));
        Assert.Equal(1, hot.CompiledArms);
    }

    [Fact]
    public void Deep_calls_find_their_limit_at_the_same_depth_on_a_small_stack_too()
    {
        Noun list = 0;
        for (int i = 0; i < 100_000; i++)
            list = new Cell(7, list);
        foreach (int most in new[] { 99_990, 100_010, 200_000 })
        {
            NockMachine never = new(Never with { MaxDepth = most });
            NockResult expected = never.Try(Cell.Of(Length, list, 0), Call);
            NockMachine hot = new(Hot with { MaxDepth = most });
            NockResult? found = null;
            Thread thread = new(() => found = hot.Try(Cell.Of(Length, list, 0), Call), maxStackSize: 256 << 10);
            thread.Start();
            thread.Join();
            Assert.Equal(most < 100_000 ? "meme" : "", expected.Mote);
            Same(expected, never, found!, hot);
            Assert.Equal(1, hot.CompiledArms);
        }
    }

    [Fact]
    public void An_endless_loop_is_interrupted_after_as_many_calls()
    {
        foreach (NockOptions options in new[] { Never, Hot })
        {
            using CancellationTokenSource source = new();
            NockMachine machine = new(options with { Slog = _ => source.Cancel() });
            Assert.Throws<OperationCanceledException>(() => machine.Run(MachineTests.Parse("[[9 2 0 1] 0]"), MachineTests.Parse("[11 [%slog 1 0 0] 9 2 0 1]"), source.Token));
            Assert.Equal(1 << 12, machine.Calls);
            Assert.Equal(options.CompiledArms == 0 ? 0 : 1, machine.CompiledArms);
        }
    }

    [Fact]
    public void No_more_arms_are_compiled_than_may_be()
    {
        NockMachine machine = new(Hot with { CompiledArms = 2 });
        for (int i = 0; i < 5; i++)
            Assert.Equal(9, machine.Run(Cell.Of(MachineTests.Parse("[6 [5 [0 6] 0 7] [0 7] 9 2 10 [7 4 0 7] 0 1]"), 9, i), Call));
        Assert.Equal(2, machine.CompiledArms);
    }

    /// <summary>A real kernel at its own compiler's work: jets stand for the same calls.</summary>
    [Fact]
    public void Jets_are_used_as_without()
    {
        Noun pill = ((Cell)Cue.From(File.ReadAllBytes(Path.Combine(SharedData.Path, "ivory-2023-02-08.pill")))).Tail;
        NockMachine never = new(Never);
        NockMachine hot = new(Hot);
        ArvoKernel slow = ArvoKernel.Boot(never, pill, TestContext.Current.CancellationToken);
        ArvoKernel fast = ArvoKernel.Boot(hot, pill, TestContext.Current.CancellationToken);
        foreach (string question in new[] { "(scow %p 12.345)", "(roll (gulf 1 100) add)", "(sort (gulf 1 50) gth)", "(~(gas by *(map @ @)) (turn (gulf 1 50) |=(a=@ [a (mul a a)])))", "(slav %ud 'x')" })
        {
            NockResult expected = Ask(slow, question);
            Same(expected, never, Ask(fast, question), hot);
        }
        Assert.Equal(never.JetRuns, hot.JetRuns);
        Assert.InRange(hot.CompiledArms, 3, int.MaxValue);
    }

    [Fact]
    public void An_arm_that_is_named_when_it_is_compiled_gets_its_jet()
    {
        // Calls itself with 5 where the sample is a cell; dec's jet declines that, and takes 5.
        Noun battery = MachineTests.Parse("[6 [3 0 6] [9 2 10 [6 1 5] 0 1] 1 99]");
        Noun library = Cell.Of(Cell.Of(1, 0), 77);
        Noun gate = Cell.Of(battery, Cell.Of(1, 2), library);
        Noun names = NounList.Of([Cell.Of(Cell.Of(1, 0), "k140/one", 0, 0, NounList.Some(77)), Cell.Of(battery, "k140/one/dec", 7, "k140/one", 0)]);
        foreach (NockOptions options in new[] { Never, Hot })
        {
            NockMachine machine = new(options);
            Assert.Equal(99, machine.Run(gate, Call));
            machine.ImportNames(names);
            Assert.Equal(4, machine.Run(gate, Call));
            Assert.Equal(options.CompiledArms == 0 ? 0 : 1, machine.CompiledArms);
        }
    }

    private static NockResult Ask(ArvoKernel kernel, string question)
    {
        try
        {
            return new NockResult(kernel.Wish(question, TestContext.Current.CancellationToken), "", 0);
        }
        catch (NockException error)
        {
            return error.Result;
        }
    }

    private static void Same(NockResult expected, NockMachine never, NockResult found, NockMachine hot)
    {
        Assert.Equal(expected.Mote, found.Mote);
        Assert.Equal(expected.Product, found.Product);
        Assert.Equal(expected.Trace, found.Trace);
        Assert.Equal(never.Calls, hot.Calls);
    }
}
