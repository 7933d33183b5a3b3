using Seguro.Core;
using Seguro.Piers.LocalLogs;

namespace Seguro.Node.Members;

/// <summary>A ship that another runtime computes, as a member sees it that only keeps its log: it stands wherever the log ends.</summary>
/// <param name="local">The log.</param>
/// <param name="replay">Brings the runtime's own snapshot near the log's end.</param>
/// <param name="check">Throws where this member's own runtime computed an event otherwise.</param>
/// <param name="differs">The event that it computed otherwise, in this life or an earlier one; <see langword="null"/> where there is none.</param>
/// <param name="computed">Computes the events as well; <see langword="null"/> where nobody does.</param>
sealed class RecordedShip(LocalLog local, Func<CancellationToken, Task> replay, Action<EventNumber> check, Func<EventNumber?> differs, ComputedReplica? computed = null) : IShip
{
    /// <inheritdoc/>
    public EventNumber Number { get; private set; } = local.Head.Number;

    /// <inheritdoc/>
    public uint Mug => 0;

    /// <summary>The runtime wrote to the log, and is gone.</summary>
    public void StandAtEnd() => StandAt(local.Head.Number);

    /// <inheritdoc/>
    public ValueTask<Computation> PokeAsync(Ovum ovum, long largest, CancellationToken cancel) =>
        throw new InvalidOperationException("A ship that makes its events itself is poked by nobody.");

    /// <inheritdoc/>
    public async ValueTask<Applied> ApplyAsync(EventNumber number, ReadOnlyMemory<byte> payload, CancellationToken cancel)
    {
        if (number != Number.Next)
            throw new SeguroException(ErrorCode.Gap, $"event {number} does not follow {Number}, where the ship stands", "This is a bug to report; start the member again.");
        check(number);
        if (computed is not null)
            await computed.ApplyAsync(number, payload, cancel);
        Number = number;
        return new Applied(0, []);
    }

    /// <inheritdoc/>
    public async ValueTask SnapshotAsync(Position position, CancellationToken cancel)
    {
        Task keeping = computed?.SnapshotAsync(position, cancel) ?? Task.CompletedTask;
        try
        {
            await replay(cancel);
        }
        finally
        {
            await keeping;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<Position> RestoreAsync(EventNumber atMost, CancellationToken cancel)
    {
        Position end = local.Head;
        // The log has it; this member's word that it was processed is what it never gets.
        if (differs() is { } other && other <= atMost && other > EventNumber.None)
            atMost = other.Previous;
        if (atMost < end.Number)
        {
            EventNumber number = atMost < local.Base.Number ? local.Base.Number : atMost;
            end = new Position(number, await local.ReadChainAsync(number, cancel) ?? end.Chain);
        }
        StandAt(end.Number);
        return end;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private void StandAt(EventNumber number)
    {
        Number = number;
        computed?.Stand(number);
    }
}
