using CsCheck;
using Seguro.Stores.Postgres;
using Xunit;

namespace Seguro.Tests.Stores.Postgres;

public sealed class SynchronousStandbysTests
{
    [Theory]
    [InlineData("ANY 1 (a, b)", 1, true, "a|b")]
    [InlineData("any 2(a,b,c)", 2, true, "a|b|c")]
    [InlineData("FIRST 2 (a, b, c)", 2, false, "a|b|c")]
    [InlineData("2 (a, b)", 2, false, "a|b")]
    [InlineData("a, b", 1, false, "a|b")]
    [InlineData("a", 1, false, "a")]
    [InlineData("*", 1, false, "*")]
    [InlineData("ANY 1 (*)", 1, true, "*")]
    [InlineData("\"my node\", \"q\"\"uote\"", 1, false, "my node|q\"uote")]
    [InlineData("ANY 1 (\"any, 2 (x)\")", 1, true, "any, 2 (x)")]
    [InlineData("first, any", 1, false, "first|any")]
    [InlineData("any", 1, false, "any")]
    [InlineData("", 0, false, "")]
    [InlineData("  ", 0, false, "")]
    public void Reads_every_form(string text, int needed, bool quorum, string names)
    {
        SynchronousStandbys? standbys = SynchronousStandbys.Parse(text);
        Assert.NotNull(standbys);
        Assert.Equal(needed, standbys.Needed);
        Assert.Equal(quorum, standbys.IsQuorum);
        Assert.Equal(names, string.Join('|', standbys.Names));
    }

    [Theory]
    [InlineData("ANY 1")]
    [InlineData("ANY 1 (")]
    [InlineData("ANY 1 ()")]
    [InlineData("ANY 0 (a)")]
    [InlineData("a,")]
    [InlineData("a b")]
    [InlineData("\"open")]
    [InlineData("ANY 99999999999 (a)")]
    [InlineData("(a)")]
    public void Says_so_where_it_can_not_read(string text) => Assert.Null(SynchronousStandbys.Parse(text));

    [Theory]
    [InlineData("ANY 1 (a, b)", "any 1 of 2 synchronous standbys")]
    [InlineData("FIRST 2 (a, b, c)", "the first 2 of 3 synchronous standbys")]
    [InlineData("*", "the first 1 synchronous standby")]
    [InlineData("ANY 2 (*)", "any 2 synchronous standbys")]
    [InlineData("", "no synchronous standby")]
    public void Speaks_for_people(string text, string words) => Assert.Equal(words, SynchronousStandbys.Parse(text)?.ToString());

    [Fact]
    public void No_text_makes_it_fail() => Gen.String[Gen.Char["anyfirstANY12 ,()*\"\t"], 0, 30].Sample(static text =>
    {
        SynchronousStandbys? standbys = SynchronousStandbys.Parse(text);
        Assert.True(standbys is null || standbys.Needed >= 0);
    });
}
