using Seguro.Nouns;
using Xunit;

namespace Seguro.Tests.Nouns;

/// <summary>The vectors of vere-facts.md §3.7: the values of vere's own tests and of nockjs.</summary>
public class VectorTests
{
    public static TheoryData<string, Noun, string> Nouns => new()
    {
        { "02", 0, "79ff04e8" },
        { "0c", 1, "715c2a60" },
        { "48", 2, "718b9468" },
        { "5015", 42, "643849c6" },
        { "20fe01", 255, "37e4d879" },
        { "600002", 256, "475d02c2" },
        { "800000000010", 1UL << 31, "402fa61d" },
        { "00030000000000000080", Atom.Of(UInt128.One << 64), "26a7107f" },
        { "80a74e4e2c8d0e", "urbit", "6fcfc913" },
        { "29", Cell.Of(0, 0), "192f5588" },
        { "3103", Cell.Of(1, 1), "6b32ec46" },
        { "41d549", Cell.Of(42, 42), "2cfc3d37" },
        { "71c8d002", Cell.Of(1, 2, 3, 0), "1a8cdadd" },
        { "c5c849", Cell.Of(Cell.Of(1, 2), 1, 2), "396862ef" },
        { "c5c8262701", Cell.Of(Cell.Of(1, 2), Cell.Of(1, 2), 1, 2), "" },
        { "01df2c6c8e1ef0cdead8d893", Cell.Of("fast", "full", "fast"), "" },
        { "019f2dcdae2c", Cell.Of("live", 0), "6c732703" },
        { "01bf0c2f8d2e", Cell.Of("exit", 0), "0e194a80" },
        { "017f2ecf6d1cf0e7c2ecca02", Cell.Of("sync", "save", 0), "4205e34a" },
        { "011fee6dad9c65c00f93b37b1bf0edcae4c4c9", Cell.Of("poke", 0, Cell.Of(0, "arvo", 0), "verb", 0, 1), "0505e0df" },
        { "015f2e0dae5c484b8328581a09", Cell.Of("ripe", Cell.Of(2, 0), Cell.Of(0, 0), 10, 0x1234), "48d9f43a" },
        { "714834", Cell.Of(1, 2, 3), "3a811aec" },
    };

    public static TheoryData<Noun, string> MugsOnly => new()
    {
        { "Hello, world!", "4d441035" },
        { Cell.Of(2, 2), "02effe10" },
        { Cell.Of(0, 1UL << 32), "07cefb7f" },
        { Cell.Of(Atom.Of(UInt128.MaxValue), 1), "2aa06bfc" },
        { Atom.Of(UInt128.One << 96), "519bd45c" },
    };

    [Theory]
    [MemberData(nameof(Nouns), DisableDiscoveryEnumeration = true)]
    public void Jams_cues_and_mugs_as_vere_does(string hex, Noun noun, string mug)
    {
        Assert.Equal(hex, Convert.ToHexStringLower(Jam.ToBytes(noun)));
        Assert.Equal(noun, Cue.From(Convert.FromHexString(hex)));
        if (mug.Length > 0)
            Assert.Equal(mug, noun.Mug.ToString("x8"));
    }

    [Theory]
    [MemberData(nameof(MugsOnly), DisableDiscoveryEnumeration = true)]
    public void Mugs_as_vere_does(Noun noun, string mug) => Assert.Equal(mug, noun.Mug.ToString("x8"));

    [Theory]
    [InlineData(0, "0v0")]
    [InlineData(31, "0vv")]
    [InlineData(32, "0v10")]
    [InlineData(123456789, "0v3.lnj8l")]
    [InlineData(0xdeadbeefcafebabe, "0vdtb.dutv5.ftelu")]
    public void Writes_and_reads_base_32(ulong value, string text)
    {
        Assert.Equal(text, Uv.Format(Atom.Of(value)));
        Assert.True(Uv.TryParse(text, out Atom? back));
        Assert.Equal(Atom.Of(value), back);
    }

    [Theory]
    [InlineData("0v")]
    [InlineData("0v01")]
    [InlineData("0v3.lnj8")]
    [InlineData("0v3lnj8l")]
    [InlineData("0vw")]
    [InlineData("3.lnj8l")]
    public void Refuses_what_is_not_base_32(string text) => Assert.False(Uv.TryParse(text, out _));

    [Fact]
    public void Reads_the_sample_event()
    {
        byte[] value = Convert.FromHexString("785634120108000000000000000000f48f9f690000002c037e989cdddb806f5726274e06");
        Noun expected = Cell.Of(Atom.Of(new UInt128(0x8000000d33f1fe80, 0)), Cell.Of(0, "arvo", 0), "verb", 0, 1);
        Assert.Equal(expected, Cue.From(value.AsSpan(4)));
        Assert.Equal(value[4..], Jam.ToBytes(expected));
        Assert.Equal("[~2023.11.14..22.13.20 [0 %arvo ~] %verb 0 1]", expected.ToString());
    }
}
