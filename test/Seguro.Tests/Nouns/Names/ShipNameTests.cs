using System.Globalization;
using CsCheck;
using Seguro.Core;
using Seguro.Nouns;
using Xunit;

namespace Seguro.Tests.Nouns.Names;

public class ShipNameTests
{
    /// <summary>vere-facts.md §3.7.</summary>
    [Theory]
    [InlineData("0", "~zod", ShipRank.Galaxy)]
    [InlineData("1", "~nec", ShipRank.Galaxy)]
    [InlineData("ff", "~fes", ShipRank.Galaxy)]
    [InlineData("100", "~marzod", ShipRank.Star)]
    [InlineData("101", "~marnec", ShipRank.Star)]
    [InlineData("ffff", "~fipfes", ShipRank.Star)]
    [InlineData("10000", "~dapnep-ronmyl", ShipRank.Planet)]
    [InlineData("10001", "~milrys-soglec", ShipRank.Planet)]
    [InlineData("accdef", "~tonnut-ladsec", ShipRank.Planet)]
    [InlineData("60daf13f", "~sampel-palnet", ShipRank.Planet)]
    [InlineData("ffffffff", "~dostec-risfen", ShipRank.Planet)]
    [InlineData("100000000", "~doznec-dozzod-dozzod", ShipRank.Moon)]
    [InlineData("100010000", "~doznec-dapnep-ronmyl", ShipRank.Moon)]
    [InlineData("0102030400010203", "~marbud-wansev-mogrul-bintyl", ShipRank.Moon)]
    [InlineData("ffffffffffffffff", "~fipfes-fipfes-dostec-risfen", ShipRank.Moon)]
    [InlineData("10000000000000000", "~doznec--dozzod-dozzod-dozzod-dozzod", ShipRank.Comet)]
    [InlineData("0123456789abcdef0123456789abcdef", "~marsep-locmyn-navdeb-lagmun--marsep-locmyn-navdeb-lagmun", ShipRank.Comet)]
    public void Known_ships_have_their_names(string number, string name, ShipRank rank)
    {
        UInt128 ship = UInt128.Parse(number, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        Assert.Equal(name, ShipName.Format(ship));
        Assert.Equal(ship, ShipName.Parse(name));
        Assert.Equal(ship, ShipName.Parse(name[1..]));
        Assert.Equal(rank, ShipName.RankOf(ship));
        Assert.Equal(Ship.Parse(name), ShipName.ToShip(ship));
    }

    [Fact]
    public void Agrees_with_other_programs()
    {
        int compared = 0;
        foreach ((UInt128 ship, string name) in NameVectors.Read('p'))
        {
            Assert.Equal(name, ShipName.Format(ship));
            Assert.Equal(ship, ShipName.Parse(name));
            compared++;
        }
        Assert.True(compared > 100, $"only {compared} names");
    }

    [Theory]
    [InlineData(ShipRank.Galaxy, 8)]
    [InlineData(ShipRank.Star, 16)]
    [InlineData(ShipRank.Planet, 32)]
    [InlineData(ShipRank.Moon, 64)]
    [InlineData(ShipRank.Comet, 128)]
    public void Every_number_comes_back_from_its_name(ShipRank rank, int bits) =>
        Gen.Select(Gen.ULong, Gen.ULong).Sample((high, low) =>
        {
            UInt128 least = rank is ShipRank.Galaxy ? 0 : UInt128.One << (bits / 2);
            UInt128 span = rank is ShipRank.Comet ? UInt128.MaxValue - least : (UInt128.One << bits) - least;
            UInt128 ship = least + (new UInt128(high, low) % span);
            Assert.Equal(rank, ShipName.RankOf(ship));
            Assert.Equal(ship, ShipName.Parse(ShipName.Format(ship)));
        });

    [Fact]
    public void Planets_and_their_names_are_one_to_one_around_the_edges()
    {
        HashSet<string> names = [];
        for (uint step = 0; step < 20_000; step++)
        {
            foreach (uint planet in (uint[])[0x10000 + step, uint.MaxValue - step])
            {
                string name = ShipName.Format(planet);
                Assert.True(names.Add(name), name);
                Assert.Equal((UInt128)planet, ShipName.Parse(name));
            }
        }
    }

    [Theory]
    [InlineData("", "0 characters")]
    [InlineData("~", "0 characters")]
    [InlineData("~zo", "2 characters")]
    [InlineData("~Zod", "'Z' is none of a-z")]
    [InlineData("~zod\n", "'U+000A' is none of a-z")]
    [InlineData("~~zod", "'~' is none of a-z")]
    [InlineData("~zodd", "'zodd' is not a group")]
    [InlineData("~sampelpalnet", "'sampelpalnet' is not a group")]
    [InlineData("~-zod", "a '-' stands where a group")]
    [InlineData("~marzod-", "a '-' stands where a group")]
    [InlineData("~sampel---palnet", "a '-' stands where a group")]
    [InlineData("~zob", "no group ends with the syllable 'zob'; the nearest: zod")]
    [InlineData("~sbmpel-palnet", "no group begins with the syllable 'sbm'; the nearest: sam")]
    [InlineData("~sampel-palnqt", "no group ends with the syllable 'nqt'; the nearest: nut, ")]
    [InlineData("~zodmar-palnet", "no group begins with the syllable 'zod'")]
    [InlineData("~sampel--palnet", "joined wrongly; write ~sampel-palnet")]
    [InlineData("~doznec-dozzod-dozzod-dozzod-dozzod", "joined wrongly; write ~doznec--dozzod-dozzod-dozzod-dozzod")]
    [InlineData("~dozzod", "the ship's name is ~zod")]
    [InlineData("~doznec", "the ship's name is ~nec")]
    [InlineData("~dozzod-marzod", "the ship's name is ~marzod")]
    [InlineData("~dozzod-sampel-palnet", "the ship's name is ~sampel-palnet")]
    public void Refuses_what_is_no_name_and_says_why(string text, string why)
    {
        Assert.False(ShipName.TryParse(text, out _));
        SeguroException error = Assert.Throws<SeguroException>(() => ShipName.Parse(text));
        Assert.Equal(ErrorCode.BadShipName, error.Code);
        Assert.Contains(why, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Whatever_text_it_takes_is_the_name_that_it_would_write() =>
        Gen.Select(Gen.ULong, Gen.Int[0, 60], Gen.Char["abcdefghijklmnopqrstuvwxyz-~"]).Sample((number, at, typo) =>
        {
            char[] name = ShipName.Format(number).ToCharArray();
            name[at % name.Length] = typo;
            string text = new(name);
            if (ShipName.TryParse(text, out UInt128 ship))
                Assert.Equal(text.StartsWith('~') ? text : "~" + text, ShipName.Format(ship));
        });

    [Fact]
    public void A_hostile_length_costs_nothing()
    {
        string text = "~" + new string('a', 50_000_000);
        SeguroException error = Assert.Throws<SeguroException>(() => ShipName.Parse(text));
        Assert.True(error.Message.Length < 300);
    }
}
