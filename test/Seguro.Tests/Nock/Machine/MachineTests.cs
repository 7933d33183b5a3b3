using CsCheck;
using Seguro.Nock;
using Seguro.Nouns;
using Seguro.Tests.Nouns;

namespace Seguro.Tests.Nock;

public class MachineTests
{
    // [goal number]: counts up to the goal, by a loop in tail position.
    private static readonly Noun Count = Parse("[6 [5 [0 6] 0 7] [0 7] 9 2 10 [7 4 0 7] 0 1]");

    // Adds 1 for each step down to the end of the sample's list, after the call returns: not in tail position.
    private static readonly Noun Length = Parse("[6 [3 0 6] [4 9 2 10 [6 0 13] 0 1] 1 0]");

    [Theory]
    [InlineData("[[4 5] 6]", "[0 1]", "[[4 5] 6]")]
    [InlineData("[[4 5] 6]", "[0 5]", "5")]
    [InlineData("[[4 5] 6]", "[0 8]", null)]
    [InlineData("[[4 5] 6]", "[0 0]", null)]
    [InlineData("7", "[1 2 3]", "[2 3]")]
    [InlineData("[1 [1 9]]", "[2 [0 2] 0 3]", "9")]
    [InlineData("7", "[2 [1 5] 1 7]", null)]
    [InlineData("[1 2]", "[3 0 1]", "0")]
    [InlineData("[1 2]", "[3 0 2]", "1")]
    [InlineData("41", "[4 0 1]", "42")]
    [InlineData("18446744073709551615", "[4 0 1]", "18446744073709551616")]
    [InlineData("[1 2]", "[4 0 1]", null)]
    [InlineData("[[1 2] 1 2]", "[5 [0 2] 0 3]", "0")]
    [InlineData("[1 2]", "[5 [0 2] 0 3]", "1")]
    [InlineData("0", "[6 [0 1] [1 10] 1 11]", "10")]
    [InlineData("1", "[6 [0 1] [1 10] 1 11]", "11")]
    [InlineData("2", "[6 [0 1] [1 10] 1 11]", null)]
    [InlineData("42", "[7 [4 0 1] 4 0 1]", "44")]
    [InlineData("42", "[8 [4 0 1] 0 1]", "[43 42]")]
    [InlineData("[[0 3] 8]", "[9 2 0 1]", "8")]
    [InlineData("[[0 3] [4 0 1]]", "[9 3 1 [1 0] 4 1 7]", "8")]
    [InlineData("[1 2 3]", "[10 [6 1 9] 0 1]", "[1 9 3]")]
    [InlineData("[1 2 3]", "[10 [1 1 9] 0 1]", "9")]
    [InlineData("[1 2 3]", "[10 [0 1 9] 0 1]", null)]
    [InlineData("[1 2 3]", "[10 [8 1 9] 0 1]", null)]
    [InlineData("5", "[11 7 4 0 1]", "6")]
    [InlineData("5", "[11 [7 0 1] 4 0 1]", "6")]
    [InlineData("5", "[11 [7 0 0] 4 0 1]", null)]
    [InlineData("5", "[12 [0 1] 0 1]", null)]
    [InlineData("5", "[13 0 1]", null)]
    [InlineData("5", "[[4 0 1] [0 1]]", "[6 5]")]
    [InlineData("5", "7", null)]
    [InlineData("5", "[[1 2] 3]", null)]
    [InlineData("5", "[36893488147419103232 0 1]", null)]
    [InlineData("[[0 7] 1 2]", "[8 [0 1] 9 2 10 [6 0 3] 0 2]", "2")]
    [InlineData("[[0 6] 1 2]", "[8 [0 1] 9 2 10 [6 7 [0 3] 0 2] 0 2]", "[0 6]")]
    public void Opcodes_do_what_they_should(string subject, string formula, string? product)
    {
        NockResult result = new NockMachine().Try(Parse(subject), Parse(formula));
        Assert.Equal(product is null ? null : Parse(product), result.Product);
        Assert.Equal(product is null ? "exit" : "", result.Mote);
    }

    [Fact]
    public void Loops_in_tail_position_take_no_room()
    {
        NockMachine machine = new(new NockOptions { MaxDepth = 1024 });
        Assert.Equal(3_000_000, machine.Run(Cell.Of(Count, 3_000_000, 0), Parse("[9 2 0 1]")));
    }

    [Fact]
    public void Calls_may_wait_for_millions_of_others()
    {
        Noun list = 0;
        for (int i = 0; i < 5_000_000; i++)
            list = new Cell(7, list);
        Assert.Equal(5_000_000, new NockMachine().Run(Cell.Of(Length, list, 0), Parse("[9 2 0 1]")));
        NockResult refused = new NockMachine(new NockOptions { MaxDepth = 1_000_000 }).Try(Cell.Of(Length, list, 0), Parse("[9 2 0 1]"));
        Assert.Equal("meme", refused.Mote);
    }

    [Fact]
    public void Formulas_may_be_deep_and_full_of_sharing()
    {
        Noun deep = Parse("[0 1]");
        for (int i = 0; i < 1_000_000; i++)
            deep = Cell.Of(4, deep);
        Assert.Equal(1_000_000, new NockMachine().Run(0, deep));
        Noun shared = Parse("[0 1]");
        for (int i = 0; i < 200; i++)
            shared = new Cell(shared, shared);
        // Computing it would take for ever; it can be interrupted.
        using CancellationTokenSource source = new();
        NockMachine machine = new(new NockOptions { Slog = _ => source.Cancel() });
        Noun both = Cell.Of(11, Cell.Of("slog", 1, 0), shared);
        Assert.Throws<OperationCanceledException>(() => machine.Run(0, both, source.Token));
        Assert.Equal(1, machine.Run(0, Parse("[4 0 1]"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public void A_bound_on_calls_ends_what_never_ends()
    {
        NockMachine machine = new(new NockOptions { MaxCalls = 1_000_000 });
        NockResult result = machine.Try(Parse("[[9 2 0 1] 0]"), Parse("[9 2 0 1]"));
        Assert.Equal("fail", result.Mote);
        Assert.Equal(6, machine.Run(5, Parse("[4 0 1]")));
    }

    [Fact]
    public void A_bound_on_the_heap_ends_what_grows_without_end()
    {
        long most = GC.GetTotalMemory(forceFullCollection: true) + (200L << 20);
        NockMachine machine = new(new NockOptions { MaxHeap = most });
        // The sample becomes [sample sample'], both kept.
        Assert.Equal("meme", machine.Try(Parse("[[9 2 10 [3 [0 1] 0 3] 0 1] 0]"), Parse("[9 2 0 1]")).Mote);
    }

    [Fact]
    public void A_crash_says_which_hints_were_open()
    {
        NockResult result = new NockMachine().Try(5, Parse("[11 [%mean 1 1] 7 [11 [%spot 1 2] 0 1] 11 [%spot 1 3] 11 [%mean 0 1] 9 2 0 1]"));
        Assert.Equal(Parse("[[%mean 5] [%spot 3] [%mean 1] 0]"), result.Trace);
        Assert.Equal(Parse("[%exit [%spot 3] 0]"), new NockMachine().Try(5, Parse("[11 [%spot 1 3] 0 8]")).Goof);
    }

    [Fact]
    public void Memo_and_slog_do_not_change_the_product()
    {
        List<Noun> told = [];
        NockMachine machine = new(new NockOptions { Slog = told.Add, MemoEntries = 2 });
        Noun formula = Parse("[11 [%memo 1 0] 11 [%slog 1 [0 7]] 4 0 1]");
        Assert.Equal(6, machine.Run(5, formula));
        Assert.Equal(6, machine.Run(5, formula));
        Assert.Equal(Parse("[0 7]"), Assert.Single(told));
        for (int i = 0; i < 10; i++)
            Assert.Equal(i + 1, machine.Run(i, formula));
    }

    [Fact]
    public void Any_noun_is_a_formula_that_ends_in_some_way() => Gen.Select(RandomNouns.Nouns, RandomNouns.Nouns).Sample((subject, formula) =>
    {
        NockMachine machine = new(new NockOptions { MaxCalls = 1, MaxDepth = 10_000 });
        NockResult result = machine.Try(subject, new Cell(8, new Cell(formula, formula)));
        Assert.True(result.Succeeded || result.Mote is "exit" or "fail" or "meme");
    });

    [Fact]
    public void A_core_without_the_arm_crashes_whatever_was_called_before()
    {
        NockMachine machine = new();
        Noun call = Parse("[9 4 0 1]");
        Assert.Equal(7, machine.Run(Parse("[[[1 7] 0] 0]"), call));
        Noun without = Parse("[[7 0] 0]");
        for (int i = 0; i < 3; i++)
            Assert.Equal("exit", machine.Try(without, call).Mote);
        Assert.Equal(7, machine.Run(Parse("[[[1 7] 0] 0]"), call));
    }

    internal static Noun Parse(string text)
    {
        int at = 0;
        return Item(text, ref at);
    }

    private static Noun Item(string text, ref int at)
    {
        while (text[at] == ' ')
            at++;
        if (text[at] == '[')
        {
            at++;
            List<Noun> items = [];
            while (text[at] != ']')
            {
                items.Add(Item(text, ref at));
                while (text[at] == ' ')
                    at++;
            }
            at++;
            Noun tuple = items[^1];
            for (int i = items.Count - 2; i >= 0; i--)
                tuple = new Cell(items[i], tuple);
            return tuple;
        }
        int start = at;
        while (at < text.Length && text[at] is not (' ' or ']'))
            at++;
        string word = text[start..at];
        return word[0] == '%' ? Cord.Of(word[1..]) : System.Numerics.BigInteger.Parse(word);
    }
}
