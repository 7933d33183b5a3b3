using Seguro.Core;
using Seguro.Nock.Ships;
using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Nock.Ships;

public sealed class OpaqueShipTests : IDisposable
{
    private readonly TemporaryFolder _folder = new("opaque");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_ovum_is_an_event_as_it_is_and_a_replica_knows_it_by_its_digest()
    {
        await using OpaqueShip master = new(_folder["a"]);
        await using OpaqueShip replica = new(_folder["b"]);
        byte[] bytes = [1, 2, 3];
        Ovum ovum = new(bytes, DateTimeOffset.UnixEpoch, OpaqueShip.DigestOf(bytes));
        Computation.Accepted made = Assert.IsType<Computation.Accepted>(await master.PokeAsync(ovum, long.MaxValue, Cancel));
        Assert.Equal((new EventNumber(1), 0U), (made.Number, made.Mug));
        Assert.Equal(bytes, made.Payload.ToArray());
        Applied applied = await replica.ApplyAsync(made.Number, made.Payload, Cancel);
        Assert.Equal((ovum.Digest, 0), (applied.Digest, applied.Effects.Count));
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(async () => await replica.ApplyAsync(new(3), made.Payload, Cancel));
        Assert.Equal((ErrorCode.Gap, new EventNumber(1)), (error.Code, replica.Number));
    }

    [Fact]
    public async Task Goes_back_to_the_newest_good_snapshot_and_keeps_two()
    {
        await using OpaqueShip ship = new(_folder["ship"]);
        List<Position> positions = [Position.Origin];
        for (ulong number = 1; number <= 3; number++)
        {
            await ship.ApplyAsync(new(number), new byte[1], Cancel);
            positions.Add(new Position(new(number), new Chain([.. Enumerable.Repeat((byte)number, Chain.Size)])));
            await ship.SnapshotAsync(positions[^1], Cancel);
        }
        Assert.Equal(positions[3], await ship.RestoreAsync(new(9), Cancel));
        Assert.Equal(positions[2], await ship.RestoreAsync(new(2), Cancel));
        Assert.Equal(new EventNumber(2), ship.Number);
        Assert.Equal(positions[0], await ship.RestoreAsync(new(1), Cancel));
        await File.WriteAllTextAsync(Path.Combine(_folder["ship"], "3.position"), "3 00", Cancel);
        Assert.Equal(positions[2], await ship.RestoreAsync(new(9), Cancel));
    }

    public void Dispose() => _folder.Dispose();
}
