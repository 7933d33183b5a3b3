using Seguro.Nouns;
using Seguro.Vere.Steering;

namespace Seguro.Tests.Vere.Steering;

public sealed class SteeredTimeTests
{
    private static readonly UInt128 Second = (UInt128)0x8000_000d_32d1_0e80 << 64;

    [Fact]
    public void Each_time_that_a_clock_can_give_an_event_is_found_again()
    {
        for (uint part = 0; part < 65_536; part++)
        {
            UInt128 now = Second + ((UInt128)part << 48);
            bool isThere = SteeredTime.TryFrom(now, out SteeredTime time);
            Assert.True(isThere, $"{part}");
            Assert.InRange(time.Microseconds, 0, 999_999);
            Assert.Equal(now, DateAtom.Stamp(DateTimeOffset.FromUnixTimeSeconds(time.Seconds).AddMicroseconds(time.Microseconds)));
        }
    }

    [Fact]
    public void A_time_that_no_clock_shows_is_refused()
    {
        Assert.False(SteeredTime.TryFrom(Second + 1, out _));
        Assert.False(SteeredTime.TryFrom(Second + (UInt128.One << 47), out _));
        Assert.False(SteeredTime.TryFrom(UInt128.Zero, out _)); // before 1970
        Assert.False(SteeredTime.TryFrom(UInt128.MaxValue << 48, out _));
        Assert.False(SteeredTime.TryFrom(Cell.Of(2, Cell.Of(0, 3), 0, 2), out _)); // a formula
        Assert.False(SteeredTime.TryFrom(Atom.Of(7), out _));
        Assert.False(SteeredTime.TryFrom(Cell.Of(Atom.Of(UInt128.MaxValue), "wire", "card"), out _));
    }
}
