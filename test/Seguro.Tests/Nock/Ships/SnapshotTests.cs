using Seguro.Core;
using Seguro.Nock.Kernels;
using Seguro.Nock.Ships;

namespace Seguro.Tests.Nock.Ships;

public sealed class SnapshotTests : IDisposable
{
    private readonly ShipFixture _fixture = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_restored_ship_goes_on_as_if_nothing_had_been()
    {
        await using NockShip ship = await _fixture.DemoAsync();
        await ShipFixture.PokeAsync(ship, ShipFixture.Hear("timer one"));
        Position position = ShipFixture.PositionOf(ship);
        await ship.SnapshotAsync(position, Cancel);
        Computation.Accepted next = await ShipFixture.PokeAsync(ship, ShipFixture.Hear("two", 9));

        await using NockShip again = new(_fixture.Options());
        Assert.Equal(position, await again.RestoreAsync(new EventNumber(ulong.MaxValue), Cancel));
        // Had the library no jets after that, this would count to 2^64 and end in %crud.
        Computation.Accepted same = await ShipFixture.PokeAsync(again, ShipFixture.Hear("two", 9));
        Assert.Equal(next.Payload.ToArray(), same.Payload.ToArray());
        Assert.Null(same.Failure);
        Assert.Equal(ship.Core, again.Core);
        Assert.Empty(_fixture.Reports);
    }

    [Fact]
    public async Task Goes_back_no_further_than_asked()
    {
        await using NockShip ship = await _fixture.DemoAsync();
        await SnapshotAtAsync(ship, 3);
        await SnapshotAtAsync(ship, 5);
        Assert.Equal(new EventNumber(5), (await ship.RestoreAsync(new EventNumber(9), Cancel)).Number);
        Assert.Equal(new EventNumber(3), (await ship.RestoreAsync(new EventNumber(4), Cancel)).Number);
        Assert.Equal(new EventNumber(3), ship.Number);
        Assert.Equal(Position.Origin, await ship.RestoreAsync(new EventNumber(2), Cancel));
        Assert.Equal((EventNumber.None, 0u), (ship.Number, ship.Mug));
        Assert.Null(ship.Core);
    }

    [Fact]
    public async Task The_newest_two_stay_and_those_of_a_history_that_was_left_go()
    {
        await using NockShip ship = await _fixture.DemoAsync();
        foreach (ulong number in new ulong[] { 3, 4, 6, 7 })
            await SnapshotAtAsync(ship, number);
        Assert.Equal([6, 7], Kept());
        await ship.RestoreAsync(new EventNumber(6), Cancel);
        await ship.SnapshotAsync(ShipFixture.PositionOf(ship), Cancel);
        Assert.Equal([6], Kept());
        await SnapshotAtAsync(ship, 8);
        File.WriteAllText(Path.Combine(_fixture.Folder(), "event-00000000000000000009.snapshot.tmp"), "what a power cut left");
        await SnapshotAtAsync(ship, 9);
        Assert.Equal([8, 9], Kept());
        Assert.Equal(2, Directory.GetFiles(_fixture.Folder()).Length);
    }

    [Fact]
    public async Task Any_damaged_byte_is_found_and_an_older_one_taken()
    {
        await using NockShip ship = await _fixture.DemoAsync();
        await SnapshotAtAsync(ship, 3);
        await SnapshotAtAsync(ship, 5);
        string newest = Path.Combine(_fixture.Folder(), $"event-{5:d20}.snapshot");
        byte[] whole = File.ReadAllBytes(newest);
        for (int i = 0; i < whole.Length; i += i < 120 ? 7 : 97)
        {
            byte[] damaged = [.. whole];
            damaged[i] ^= 0x10;
            await Expect(damaged, 3);
        }
        foreach (int length in new[] { 0, 1, 50, 107, 108, whole.Length / 2, whole.Length - 1 })
            await Expect(whole[..length], 3);
        await Expect([.. whole, 0], 3);
        await Expect(whole, 5);

        async Task Expect(byte[] bytes, ulong number)
        {
            File.WriteAllBytes(newest, bytes);
            _fixture.Reports.Clear();
            await using NockShip again = new(_fixture.Options());
            Assert.Equal(new EventNumber(number), (await again.RestoreAsync(new EventNumber(9), Cancel)).Number);
            Assert.Equal(number == 5 ? 0 : 1, _fixture.Reports.Count);
        }
    }

    [Fact]
    public async Task Without_a_good_one_it_begins_at_the_beginning()
    {
        await using NockShip ship = await _fixture.DemoAsync();
        await SnapshotAtAsync(ship, 3);
        File.WriteAllText(Directory.GetFiles(_fixture.Folder()).Single(), "no snapshot");
        Assert.Equal(Position.Origin, await ship.RestoreAsync(new EventNumber(9), Cancel));
        Assert.Contains("passed over", Assert.Single(_fixture.Reports), StringComparison.Ordinal);
        await ShipFixture.BootAsync(ship, DemoKernel.BootPayloads());
        // The damaged one does not count as one of the two that stay.
        await SnapshotAtAsync(ship, 4);
        await SnapshotAtAsync(ship, 5);
        Assert.Equal([4, 5], Kept());
    }

    [Fact]
    public async Task A_ship_in_its_boot_can_be_kept_too()
    {
        await using NockShip ship = new(_fixture.Options());
        await ship.ApplyAsync(new EventNumber(1), DemoKernel.BootPayloads()[0], Cancel);
        await ship.SnapshotAsync(ShipFixture.PositionOf(ship), Cancel);
        await using NockShip again = new(_fixture.Options());
        Assert.Equal(new EventNumber(1), (await again.RestoreAsync(new EventNumber(1), Cancel)).Number);
        await again.ApplyAsync(new EventNumber(2), DemoKernel.BootPayloads()[1], Cancel);
        Assert.NotEqual(0u, again.Mug);
        await using NockShip other = new(_fixture.Options() with { Life = 3 });
        Assert.Equal(Position.Origin, await other.RestoreAsync(new EventNumber(1), Cancel));
        Assert.Contains("life", Assert.Single(_fixture.Reports), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Events_go_on_while_a_snapshot_is_written()
    {
        await using NockShip ship = await _fixture.DemoAsync();
        await ShipFixture.PokeAsync(ship, ShipFixture.Hear("before"));
        uint mug = ship.Mug;
        ValueTask writing = ship.SnapshotAsync(ShipFixture.PositionOf(ship), Cancel);
        for (int i = 0; i < 500; i++)
            await ShipFixture.PokeAsync(ship, ShipFixture.Hear($"meanwhile {i}"));
        await writing;
        await ship.RestoreAsync(new EventNumber(ulong.MaxValue), Cancel);
        Assert.Equal((new EventNumber(3), mug), (ship.Number, ship.Mug));
    }

    [Fact]
    public async Task A_failed_or_cancelled_attempt_leaves_the_others()
    {
        await using NockShip ship = await _fixture.DemoAsync();
        await SnapshotAtAsync(ship, 3);
        await ShipFixture.PokeAsync(ship, ShipFixture.Hear("x"));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await ship.SnapshotAsync(ShipFixture.PositionOf(ship), new CancellationToken(canceled: true)));
        await Assert.ThrowsAsync<ArgumentException>(async () => await ship.SnapshotAsync(Position.Origin, Cancel));
        // A folder where the file is to be.
        Directory.CreateDirectory(Path.Combine(_fixture.Folder(), $"event-{4:d20}.snapshot.tmp"));
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(async () => await ship.SnapshotAsync(ShipFixture.PositionOf(ship), Cancel));
        Assert.Equal(ErrorCode.FileAccess, error.Code);
        Assert.Equal(new EventNumber(3), (await ship.RestoreAsync(new EventNumber(9), Cancel)).Number);
    }

    public void Dispose() => _fixture.Dispose();

    private static async Task SnapshotAtAsync(NockShip ship, ulong number)
    {
        while (ship.Number.Value < number)
            await ShipFixture.PokeAsync(ship, ShipFixture.Hear($"event {ship.Number.Next}"));
        await ship.SnapshotAsync(ShipFixture.PositionOf(ship), Cancel);
    }

    private int[] Kept() => [.. Directory.GetFiles(_fixture.Folder(), "*.snapshot").Select(path => int.Parse(Path.GetFileNameWithoutExtension(path)["event-".Length..])).Order()];
}
