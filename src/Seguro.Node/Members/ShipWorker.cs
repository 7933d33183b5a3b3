using Microsoft.Extensions.Logging;
using Seguro.Core;
using Seguro.Piers.LocalLogs;

namespace Seguro.Node.Members;

/// <summary>What a member does with its ship: one thing at a time, snapshots included.</summary>
sealed class ShipWorker(MemberHostOptions options, LocalLog local) : IDisposable
{
    /// <summary>By how much an event may be larger than its ovum: the time, the mug, and the report of a crash.</summary>
    private const int RoomForMore = 64 << 10;

    private readonly IShip _ship = options.Ship;
    private readonly SemaphoreSlim _turn = new(1, 1);

    /// <summary>Computes ova. After a cancellation the rest counts as refused: whoever is no longer master computes no more.</summary>
    public async Task<MemberInput> PokeAsync(MemberOutput.Poke poke, CancellationToken tenure, CancellationToken stop)
    {
        await _turn.WaitAsync(stop);
        try
        {
            Computation[] results = new Computation[poke.Ova.Count];
            for (int i = 0; i < results.Length; i++)
                results[i] = await PokeOneAsync(poke.Ova[i], tenure);
            return new MemberInput.Poked(results);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Processes events. The event that can't be processed is kept aside, with a report.</summary>
    public async Task<MemberInput> ApplyAsync(MemberOutput.Apply apply, CancellationToken stop)
    {
        await _turn.WaitAsync(stop);
        try
        {
            List<Applied> results = new(apply.Events.Count);
            foreach (Event next in apply.Events)
            {
                try
                {
                    results.Add(await _ship.ApplyAsync(next.Number, next.Payload, stop));
                }
                catch (SeguroException failed)
                {
                    string kept = await KeepEvidenceAsync(next, failed, stop);
                    return new MemberInput.EventsApplied(results, $"{failed.Message} ({failed.CodeText}); the event is kept in {kept}");
                }
            }
            return new MemberInput.EventsApplied(results);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Goes back to the newest snapshot at or below a number whose chain is that of the local log.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.Trimmed"/>: there is none, and the local log does not begin at event 1.</exception>
    public async Task<Position> RestoreAsync(EventNumber atMost, CancellationToken stop)
    {
        await _turn.WaitAsync(stop);
        try
        {
            while (true)
            {
                Position found = await _ship.RestoreAsync(atMost, stop);
                if (found.Number == EventNumber.None)
                    return local.Base == Position.Origin ? found : throw NoWayBack();
                if (await local.ReadChainAsync(found.Number, stop) == found.Chain)
                    return found;
                options.Log.LogWarning("The snapshot at event {Number} belongs to another log and is passed over.", found.Number);
                atMost = found.Number.Previous;
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Keeps a snapshot, where the ship still stands there when its turn comes; it is written beside the ship's work. A failure costs only time at the next start.</summary>
    public async Task SnapshotAsync(Position position, CancellationToken stop)
    {
        try
        {
            ValueTask writing;
            await _turn.WaitAsync(stop);
            try
            {
                if (_ship.Number != position.Number)
                    return;
                writing = _ship.SnapshotAsync(position, stop);
            }
            finally
            {
                _turn.Release();
            }
            await writing;
        }
        catch (Exception failed) when (failed is SeguroException or IOException or UnauthorizedAccessException)
        {
            options.Log.LogWarning("The snapshot at event {Number} failed: {Cause}", position.Number, failed.Message);
        }
    }

    public void Dispose() => _turn.Dispose();

    private async ValueTask<Computation> PokeOneAsync(Ovum ovum, CancellationToken tenure)
    {
        // An event that the store can't take would stand in the way of all that follow, so it is not made in the first place.
        if (ovum.Bytes.Length > options.Store.Capabilities.LargestEvent - RoomForMore)
            return new Computation.Refused($"the ovum has {ovum.Bytes.Length} bytes, more than an event of {options.Store.Capabilities.Engine} may have");
        try
        {
            return await _ship.PokeAsync(ovum, tenure);
        }
        catch (OperationCanceledException)
        {
            return new Computation.Refused("this member is master no longer");
        }
        catch (SeguroException failed)
        {
            return new Computation.Refused($"{failed.Message} ({failed.CodeText})");
        }
    }

    private Task<string> KeepEvidenceAsync(Event next, SeguroException failed, CancellationToken stop) => QuarantineFolder.WriteAsync(
        local.QuarantinePath,
        options.Time.GetUtcNow(),
        [
            $"member {options.Member.Name}: its ship could not process event {next.Number}",
            $"error: {failed.Message} ({failed.CodeText})",
            $"the ship stands at event {_ship.Number}, mug {_ship.Mug:x8}",
            $"the local log ends at {local.Head.Number}, chain {local.Head.Chain}",
        ],
        new[] { next }.ToAsyncEnumerable(),
        stop);

    private SeguroException NoWayBack() => new(
        ErrorCode.Trimmed,
        $"the ship has no snapshot that belongs to the local log {options.Pier}, which begins at event {local.Base.Number.Next}",
        "Copy a snapshot from another member, or move the pier away so that it is made anew from event 1.");
}
