using Seguro.Nock.Drivers;
using Seguro.Nouns;

namespace Seguro.Tests.Nock.Drivers;

public class BehnDriverTests
{
    [Fact]
    public void Reads_alarms()
    {
        Assert.True(BehnDriver.TryReadDoze(Doze(0), out DateTimeOffset? when));
        Assert.Null(when);
        Assert.True(BehnDriver.TryReadDoze(Doze(NounList.Some(Atom.Of(new UInt128(0x8000000d33f1fe80, 0)))), out when));
        Assert.Equal(new DateTimeOffset(2023, 11, 14, 22, 13, 20, TimeSpan.Zero), when);
        Assert.True(BehnDriver.TryReadDoze(Doze(NounList.Some(1)), out when));
        Assert.Equal(DateTimeOffset.MinValue, when);
        Assert.True(BehnDriver.TryReadDoze(Doze(NounList.Some(Atom.Of(UInt128.MaxValue))), out when));
        Assert.Equal(DateTimeOffset.MaxValue, when);
        Assert.False(BehnDriver.TryReadDoze(Doze(5), out _));
        Assert.False(BehnDriver.TryReadDoze(Jam.ToBytes(Cell.Of(0, "send", 0)), out _));
        Assert.False(BehnDriver.TryReadDoze([1, 2, 3], out _));
    }

    [Fact]
    public void Says_what_vere_says()
    {
        Assert.Equal(Cell.Of(NounList.Path("b", "behn"), "wake", 0), Cue.From(BehnDriver.Wake()));
        Noun born = Cue.From(BehnDriver.Born(new DateTimeOffset(2023, 11, 14, 22, 13, 20, TimeSpan.Zero)));
        Noun instance = Axis.Get(born, 22);
        Assert.True(Uv.TryParse(Cord.Text((Atom)instance), out Atom? mug));
        Assert.Equal(Atom.Of(new UInt128(0x8000000d33f1fe80, 0)).Mug, (int)mug.Low);
        Assert.Equal(Cell.Of(NounList.Path("b", "behn", Cord.Text((Atom)instance)), "born", 0), born);
    }

    private static byte[] Doze(Noun when) => Jam.ToBytes(Cell.Of(NounList.Path("behn"), "doze", when));
}
