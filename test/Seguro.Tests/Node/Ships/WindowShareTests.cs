using Seguro.Node.Ships;

namespace Seguro.Tests.Node.Ships;

public sealed class WindowShareTests
{
    [Theory]
    [InlineData(512L << 20)]
    [InlineData(1L << 30)]
    public void What_masters_do_not_trim_fits_into_the_window_whether_ships_came_one_by_one_or_all_at_once(long window)
    {
        const int Ships = 2_000;
        long kept = 0;
        for (int ships = 1; ships <= Ships; ships++)
            kept += ShipMember.ShareOf(window, ships) / 2;
        Assert.InRange(kept, 0, window / 4 * 3);
        Assert.InRange(ShipMember.ShareOf(window, Ships) / 2 * Ships, 0, window / 4);
    }
}
