using Seguro.Core;

namespace Seguro.Tests.Node.Members;

/// <summary>A ship whose next event takes as long as the test wants.</summary>
sealed class HeldShip(IShip ship) : IShip
{
    /// <summary>Events are computed once this is done; the cancellation is not heeded before.</summary>
    public Task Held { get; set; } = Task.CompletedTask;

    public EventNumber Number => ship.Number;

    public uint Mug => ship.Mug;

    public ValueTask<Computation> PokeAsync(Ovum ovum, long largest, CancellationToken cancel) => ship.PokeAsync(ovum, largest, cancel);

    public async ValueTask<Applied> ApplyAsync(EventNumber number, ReadOnlyMemory<byte> payload, CancellationToken cancel)
    {
        await Held;
        return await ship.ApplyAsync(number, payload, cancel);
    }

    public ValueTask SnapshotAsync(Position position, CancellationToken cancel) => ship.SnapshotAsync(position, cancel);

    public ValueTask<Position> RestoreAsync(EventNumber atMost, CancellationToken cancel) => ship.RestoreAsync(atMost, cancel);

    public ValueTask DisposeAsync() => ship.DisposeAsync();
}
