using CsCheck;
using Seguro.Core;
using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Core;

/// <summary>The small values: ship, event number, term, the append's own checks.</summary>
public sealed class ValueTests
{
    [Theory]
    [InlineData("~zod")]
    [InlineData("~marzod")]
    [InlineData("~sampel-palnet")]
    [InlineData("~doznec-sampel-sampel-palnet")]
    [InlineData("~racmus-mollen-fallyt-linpex--watres-sibbur-modlux-rinmex")]
    public void Takes_the_names_of_ships(string name)
    {
        Assert.Equal(name, Ship.Parse(name).Name);
        Assert.Equal(Ship.Parse(name), Ship.Parse(name[1..]));
        Assert.True(name.Length <= Ship.LongestName);
    }

    [Theory]
    [InlineData("~sampel--palnet", "~sampel-palnet")]
    [InlineData("~doznec--sampel-sampel--palnet", "~doznec-sampel-sampel-palnet")]
    [InlineData("~doznec-dozzod-dozzod-dozzod-dozzod", "~doznec--dozzod-dozzod-dozzod-dozzod")]
    [InlineData("racmus-mollen-fallyt-linpex-watres-sibbur-modlux-rinmex", "~racmus-mollen-fallyt-linpex--watres-sibbur-modlux-rinmex")]
    public void A_ship_has_one_name_however_it_is_hyphened(string text, string name)
    {
        Assert.Equal(name, Ship.Parse(text).Name);
        Assert.Equal(Ship.Parse(name), Ship.Parse(text));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("~")]
    [InlineData("zo")]
    [InlineData("~zodd")]
    [InlineData("~~zod")]
    [InlineData("~Zod")]
    [InlineData("~zod ")]
    [InlineData("~sampel-")]
    [InlineData("~sampel-pal")]
    [InlineData("~zod-zod")]
    [InlineData("~sampel_palnet")]
    [InlineData("~sämpel-palnet")]
    [InlineData("../../etc")]
    [InlineData("~racmus-mollen-fallyt-linpex--watres-sibbur-modlux-rinmex-sampel")]
    public void Refuses_what_is_no_ships_name(string? text)
    {
        Assert.False(Ship.TryParse(text, out _));
        if (text is not null)
            Assert.Equal(ErrorCode.BadShipName, Assert.Throws<SeguroException>(() => Ship.Parse(text)).Code);
    }

    [Fact]
    public void Any_text_is_a_ship_or_is_not_and_does_no_harm() =>
        Gen.String[Gen.Char["~-adoz0 /."], 0, 70].Sample(static text =>
        {
            if (Ship.TryParse(text, out Ship ship))
                Assert.Equal(ship, Ship.Parse(ship.Name));
        });

    [Fact]
    public void A_default_ship_has_no_name() => Assert.Throws<InvalidOperationException>(static () => default(Ship).Name);

    [Fact]
    public void Test_ships_have_names_that_are_ships() => Assert.NotEqual(ShipNames.Next(), ShipNames.Next());

    [Fact]
    public void Numbers_and_terms_do_not_wrap_around()
    {
        EventNumber last = new(ulong.MaxValue);
        Assert.Throws<OverflowException>(() => last.Next);
        Assert.Throws<OverflowException>(() => last + 1);
        Assert.Throws<OverflowException>(() => EventNumber.None.Previous);
        Assert.Throws<OverflowException>(() => new EventNumber(1) - new EventNumber(2));
        Assert.Throws<OverflowException>(() => new Term(ulong.MaxValue).Next);
        Assert.Equal(last, last.Previous.Next);
        Assert.Equal("18446744073709551615", last.ToString());
    }

    [Fact]
    public void Numbers_are_ordered_by_value() =>
        Gen.Select(Gen.ULong, Gen.ULong).Sample(static (a, b) =>
        {
            (EventNumber x, EventNumber y) = (new EventNumber(a), new EventNumber(b));
            Assert.Equal([a < b, a <= b, a == b, a >= b, a.CompareTo(b) > 0], [x < y, x <= y, x == y, x >= y, x > y]);
            Assert.Equal(a.CompareTo(b), x.CompareTo(y));
            (Term s, Term t) = (new Term(a), new Term(b));
            Assert.Equal([a < b, a <= b, a == b, a >= b, a.CompareTo(b) > 0], [s < t, s <= t, s == t, s >= t, s > t]);
            if (a >= b)
                Assert.Equal(x, y + (x - y));
        });

    [Fact]
    public void An_append_without_events_or_with_a_hole_is_refused()
    {
        Position previous = new(new EventNumber(4), Chain.Zero);
        Assert.Throws<ArgumentException>(() => new Append(Term.None, previous, []));
        Assert.Throws<ArgumentException>(() => new Append(Term.None, previous, [new NewEvent(new EventNumber(6), 0, Chain.Zero, default)]));
        Assert.Throws<ArgumentException>(() => new Append(Term.None, previous, [new NewEvent(new EventNumber(4), 0, Chain.Zero, default)]));
        Assert.Throws<ArgumentException>(() => new Append(Term.None, previous, [new NewEvent(new EventNumber(5), 1, Chain.Zero, new byte[2])]));
        NewEvent five = new(new EventNumber(5), 3_000_000_000, Chain.Zero, new byte[2]);
        NewEvent six = new(new EventNumber(6), 2, Chain.Zero, new byte[2]);
        Append append = new(Term.None, previous, [five, six]);
        Assert.Equal(3_000_000_002, append.Size);
        Assert.Equal(new Position(new EventNumber(6), Chain.Zero), append.Last);
    }

    [Fact]
    public void An_errors_code_says_the_exit_code()
    {
        SeguroException error = new(ErrorCode.Fenced, "what", "Next.");
        Assert.Equal(("SG3001", 3, "Next."), (error.CodeText, error.ExitCode, error.NextStep));
    }
}
