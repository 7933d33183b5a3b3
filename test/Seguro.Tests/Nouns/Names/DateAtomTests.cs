using System.Globalization;
using CsCheck;
using Seguro.Core;
using Seguro.Nouns;
using Xunit;

namespace Seguro.Tests.Nouns.Names;

public class DateAtomTests
{
    /// <summary>vere-facts.md §3.7.</summary>
    [Theory]
    [InlineData("8000000cce9e0d800000000000000000", "~1970.1.1")]
    [InlineData("8000000d2dfc1d808000000000000000", "~2020.9.13..12.26.40..8000")]
    [InlineData("8000000d33f1fe800000000000000000", "~2023.11.14..22.13.20")]
    [InlineData("8000000d33f1fe801f9a000000000000", "~2023.11.14..22.13.20..1f9a")]
    [InlineData("8000000cce9e0d80000000000000abcd", "~1970.1.1..00.00.00..0000.0000.0000.abcd")]
    [InlineData("0", "~292277024401-.1.1")]
    public void Known_times_have_their_text(string atom, string text)
    {
        UInt128 date = Atom(atom);
        Assert.Equal(text, DateAtom.Format(date));
        Assert.Equal(date, DateAtom.Parse(text));
    }

    [Fact]
    public void Agrees_with_another_program()
    {
        int compared = 0;
        foreach ((UInt128 date, string text) in NameVectors.Read('d'))
        {
            Assert.Equal(text, DateAtom.Format(date));
            Assert.Equal(date, DateAtom.Parse(text));
            compared++;
        }
        Assert.True(compared > 30, $"only {compared} times");
    }

    [Fact]
    public void Every_atom_comes_back_from_its_text() =>
        Gen.Select(Gen.ULong, Gen.ULong).Sample((high, low) =>
            Assert.Equal(new UInt128(high, low), DateAtom.Parse(DateAtom.Format(new UInt128(high, low)))));

    [Fact]
    public void Every_time_of_dotnet_comes_back_from_its_atom_and_has_its_calendar() =>
        Gen.Long[0, DateTimeOffset.MaxValue.Ticks].Sample(ticks =>
        {
            DateTimeOffset time = new(ticks, TimeSpan.Zero);
            UInt128 date = DateAtom.FromTime(time);
            Assert.True(DateAtom.TryToTime(date, out DateTimeOffset back));
            Assert.Equal(time, back);
            Assert.StartsWith($"~{time.Year}.{time.Month}.{time.Day}", DateAtom.Format(date), StringComparison.Ordinal);
        });

    [Fact]
    public void The_first_and_the_last_time_of_dotnet_come_back()
    {
        foreach (DateTimeOffset time in (DateTimeOffset[])[DateTimeOffset.MinValue, DateTimeOffset.MaxValue])
        {
            Assert.True(DateAtom.TryToTime(DateAtom.FromTime(time), out DateTimeOffset back));
            Assert.Equal(time, back);
        }
        Assert.False(DateAtom.TryToTime(DateAtom.FromTime(DateTimeOffset.MinValue) - (UInt128.One << 64), out _));
        Assert.False(DateAtom.TryToTime(UInt128.MaxValue, out _));
        Assert.False(DateAtom.TryToTime(0, out _));
    }

    [Fact]
    public void Stamps_an_event_as_vere_does()
    {
        DateTimeOffset time = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000).AddTicks(1_234_560);
        Assert.Equal(Atom("8000000d33f1fe801f9a000000000000"), DateAtom.Stamp(time));
        Assert.Equal(DateAtom.Stamp(time), DateAtom.FromTime(time) >> 48 << 48);
    }

    [Fact]
    public void Takes_leading_zeros() => Assert.Equal(DateAtom.Parse("~2023.1.4..02.03.00"), DateAtom.Parse("~2023.01.04..2.3.0"));

    [Theory]
    [InlineData("")]
    [InlineData("~")]
    [InlineData("2023.1.1")]
    [InlineData("~2023.1")]
    [InlineData("~0.1.1")]
    [InlineData("~2023.13.1")]
    [InlineData("~2023.2.29")]
    [InlineData("~1900.2.29")]
    [InlineData("~2023.4.31")]
    [InlineData("~2023.1.0")]
    [InlineData("~2023.1.1..24.0.0")]
    [InlineData("~2023.1.1..0.60.0")]
    [InlineData("~2023.1.1..0.0")]
    [InlineData("~2023.1.1..0.0.0..12")]
    [InlineData("~2023.1.1..0.0.0..ABCD")]
    [InlineData("~2023.1.1..0.0.0..1111.2222.3333.4444.5555")]
    [InlineData("~2023.1.1..0.0.0..1111..2222")]
    [InlineData("~-5.1.1")]
    [InlineData("~ 5.1.1")]
    [InlineData("~999999999999.1.1")]
    [InlineData("~292277024402-.1.1")]
    [InlineData("~99999999999999999999999999.1.1")]
    public void Refuses_what_is_no_time(string text)
    {
        Assert.False(DateAtom.TryParse(text, out _));
        Assert.Equal(ErrorCode.BadValue, Assert.Throws<SeguroException>(() => DateAtom.Parse(text)).Code);
    }

    private static UInt128 Atom(string digits) => UInt128.Parse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
