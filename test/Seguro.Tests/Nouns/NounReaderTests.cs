using CsCheck;
using Seguro.Core;
using Seguro.Nouns;

namespace Seguro.Tests.Nouns;

/// <summary>Nouns as text: what is printed is read back, and bad text is refused with its place.</summary>
public sealed class NounReaderTests
{
    public static TheoryData<string, Noun> Texts => new()
    {
        { "0", 0 },
        { "~", 0 },
        { "1.000.000", 1_000_000 },
        { "1000000", 1_000_000 },
        { "0xdead.beef", 0xdeadbeef },
        { "0xDEADBEEF", 0xdeadbeef },
        { "0b1.0010", 0b10010 },
        { "0v1.00001", (1 << 25) + 1 },
        { "~zod", 0 },
        { "~nec", 1 },
        { "~sampel-palnet", 0x60daf13f },
        { "&", 0 },
        { "|", 1 },
        { "%.n", 1 },
        { "%$", 0 },
        { "%42", 42 },
        { "%foo", "foo" },
        { "'urbit'", "urbit" },
        { "''", 0 },
        { @"'it\'s \\ \0a\ff'", Atom.Of("it's \\ \n"u8.ToArray().Append((byte)0xff).ToArray()) },
        { "'Grüße'", "Grüße" },
        { "~.a.b~c", "a.b~c" },
        { "\"hi\"", Cell.Of(104, 105, 0) },
        { "\"\"", 0 },
        { "\"\\{\\\"\"", Cell.Of(123, 34, 0) },
        { "[1 2 ~]", Cell.Of(1, 2, 0) },
        { "[[1 2] [3 4]]", Cell.Of(Cell.Of(1, 2), 3, 4) },
        { "~[1 2]", Cell.Of(1, 2, 0) },
        { " [ 1\n\t2 ] ", Cell.Of(1, 2) },
        { "~2023.11.14..22.13.20", Atom.Of(DateAtom.FromTime(DateTimeOffset.UnixEpoch.AddSeconds(1_700_000_000))) },
    };

    [Theory]
    [MemberData(nameof(Texts))]
    public void Reads_what_people_write(string text, Noun noun) => Assert.Equal(noun, NounReader.Read(text));

    [Theory]
    [InlineData("", "there is no noun")]
    [InlineData("[1 2", "character 1", "not closed")]
    [InlineData("[1 [2 3]", "character 1", "not closed")]
    [InlineData("1 2", "character 3", "more after")]
    [InlineData("[1]", "character 1", "two parts")]
    [InlineData("~[]", "character 1", "at least one")]
    [InlineData("]", "character 1", "closes nothing")]
    [InlineData("1]", "character 2", "more after")]
    [InlineData("1.5", "character 1", "groups of three")]
    [InlineData("1.0000", "groups of three")]
    [InlineData(".100", "no noun begins so")]
    [InlineData("007", "does not begin with 0")]
    [InlineData("0xg", "'g' is no digit")]
    [InlineData("0x", "after 0x come digits")]
    [InlineData("0b12", "'2' is no digit")]
    [InlineData("0x.1234", "groups of four")]
    [InlineData("~zood", "name of a ship")]
    [InlineData("~2023.02.30", "not a time")]
    [InlineData("%Foo", "a term has only")]
    [InlineData("'open", "closing '")]
    [InlineData(@"'\q'", @"after '\'")]
    [InlineData("\"{1}\"", @"write \{")]
    [InlineData("[1\n [2 (3)]]", "line 2, character 5", "(3)")]
    [InlineData("'a'b", "character 4", "a space is missing")]
    [InlineData("foo", "character 1")]
    [InlineData("%a\u001b[31m", "character 1", "a term has only")]
    public void Refuses_what_is_no_noun_and_says_where(string text, params string[] words)
    {
        NounException error = Assert.Throws<NounException>(() => NounReader.Read(text));
        Assert.Equal(ErrorCode.BadValue, error.Code);
        Assert.All(words, word => Assert.Contains(word, error.Message, StringComparison.Ordinal));
        Assert.DoesNotContain('\u001b', error.Message);
    }

    [Fact]
    public void What_is_printed_whole_is_read_back() =>
        RandomNouns.Nouns.Sample(static noun =>
        {
            // What shares its parts many times over is too long to be written out.
            string text = NounPrinter.Print(noun, NounStyle.Complete with { Limit = 10_000 }, out bool complete);
            return !complete || NounReader.Read(text) == noun;
        });

    [Fact]
    public void Any_atom_is_read_back_in_any_aura() =>
        Gen.Select(Gen.Byte.Array[0, 40], Gen.Enum<Aura>()).Sample(static (bytes, aura) =>
        {
            Atom atom = Atom.Of(bytes);
            string text = NounPrinter.Print(atom, NounStyle.Complete with { Aura = aura }, out bool complete);
            return complete && NounReader.Read(text) == atom;
        });

    [Fact]
    public void Any_text_as_cord_and_tape_is_read_back() =>
        Gen.String[0, 40].Where(static text => !text.Any(char.IsSurrogate)).Sample(static text =>
        {
            Noun noun = Cell.Of(Cord.Of(text), Cord.Tape(text), Cord.Tape("letters " + text));
            return NounReader.Read(NounPrinter.Print(noun, NounStyle.Complete, out _)) == noun
                && NounReader.Read(NounPrinter.Print(noun, NounStyle.Complete with { Aura = Aura.T }, out _)) == noun;
        });

    [Fact]
    public void Any_text_is_read_or_refused() =>
        Gen.OneOf(Gen.String[Gen.Char["[]~'\"\\%.x0v1ab \n{}"], 0, 30], Gen.String[0, 30]).Sample(static text =>
            Assert.Equal(NounReader.TryRead(text, out Noun? noun, out string? wrong), noun is not null && wrong is null));

    [Fact]
    public void Depth_is_no_problem()
    {
        const int Depth = 1_000_000;
        string left = new string('[', Depth) + "1" + string.Concat(Enumerable.Repeat(" 2]", Depth));
        Noun noun = NounReader.Read(left);
        Assert.Equal(left, NounPrinter.Print(noun, NounStyle.Complete, out _));
        Assert.Throws<NounException>(() => NounReader.Read(new string('[', Depth)));
    }

    [Fact]
    public void Printed_text_is_bounded_and_says_so()
    {
        Noun noun = Atom.Zero;
        for (int index = 0; index < 100_000; index++)
            noun = new Cell(index % 2 == 0 ? 65 : Cord.Of(new string('x', 5000)), noun);
        foreach (Noun large in (Noun[])[noun, Cord.Of(new string('x', 5_000_000)), Cord.Tape(new string('x', 100_000)), Atom.Of(Enumerable.Repeat((byte)255, 1_000_000).ToArray())])
        {
            string text = NounPrinter.Print(large, new NounStyle(Limit: 200, LongestAtom: 60), out bool complete);
            Assert.False(complete);
            Assert.InRange(text.Length, 60, 500);
            Assert.Contains('…', text);
        }
    }

    [Theory]
    [InlineData("[%leaf \"some text\"]")]
    [InlineData("[1 2 3 ~]")]
    [InlineData("~2023.11.14..22.13.20..1f9a")]
    [InlineData("'/-  *foo\\0a'")]
    [InlineData("0xdead.beef.dead.beef")]
    [InlineData("100.000")]
    [InlineData("[0 1 49 45 98 ~]")]
    public void Guesses_what_an_atom_is(string text) => Assert.Equal(text, NounPrinter.Print(NounReader.Read(text)));

    [Fact]
    public void Text_can_not_command_a_terminal()
    {
        Noun hostile = Cell.Of(Cord.Of("\u001b[2J\u202eabc"), Cord.Of("abc\rdef"));
        foreach (Aura aura in Enum.GetValues<Aura>())
            Assert.DoesNotContain(NounPrinter.Print(hostile, NounStyle.Complete with { Aura = aura }, out _), static letter => char.IsControl(letter) || letter == '\u202e');
    }
}
