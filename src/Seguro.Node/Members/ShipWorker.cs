using Microsoft.Extensions.Logging;
using Seguro.Core;
using Seguro.Piers.LocalLogs;

namespace Seguro.Node.Members;

/// <summary>What a member does with its ship: one thing at a time, snapshots included.</summary>
sealed class ShipWorker(MemberHostOptions options, IShip ship, LocalLog local, SuspectOva suspects) : IDisposable
{
    private readonly IShip _ship = ship;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly RecurringWarning _refusals = new(options.Time, options.Log);
    private readonly TimeSpan _longest = options.Member.LeaseDuration / 4;
    private EventNumber _kept;

    /// <summary>Computes ova. After a cancellation the rest counts as refused: whoever is no longer master computes no more.</summary>
    public async Task<MemberInput> PokeAsync(MemberOutput.Poke poke, CancellationToken tenure, CancellationToken stop)
    {
        await _turn.WaitAsync(stop);
        try
        {
            Computation[] results = new Computation[poke.Ova.Count];
            for (int i = 0; i < results.Length; i++)
            {
                results[i] = await PokeOneAsync(poke.Ova[i], tenure);
                if (results[i] is Computation.Refused { Kind: not Refusal.Deposed } refused)
                    _refusals.Note(refused.Kind.ToString(), $"An ovum was refused: {refused.Reason}.");
            }
            return new MemberInput.Poked(results);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>
    /// Processes events, as many as a quarter of a lease has room for, but always one: how far it is can be seen meanwhile, and a snapshot finds its turn. The event that can't be
    /// processed is kept aside, with a report.
    /// </summary>
    public async Task<MemberInput> ApplyAsync(MemberOutput.Apply apply, CancellationToken stop)
    {
        await _turn.WaitAsync(stop);
        try
        {
            List<Applied> results = new(apply.Events.Count);
            long start = options.Time.GetTimestamp();
            foreach (Event next in apply.Events)
            {
                try
                {
                    results.Add(await _ship.ApplyAsync(next.Number, next.Payload, stop));
                    suspects.Clear(results[^1].Digest);
                }
                catch (SeguroException failed)
                {
                    string kept = await KeepEvidenceAsync(next, failed, stop);
                    return new MemberInput.EventsApplied(results, $"{failed.Message} ({failed.CodeText}); the event is kept in {kept}");
                }
                if (options.Time.GetElapsedTime(start) > _longest)
                    break;
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
                _kept = found.Number;
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

    /// <summary>Asks for the ship's next turn: turns are given in the order in which they are asked for.</summary>
    public Task TakeTurnAsync(CancellationToken stop) => _turn.WaitAsync(stop);

    /// <summary>Keeps a snapshot; it is written beside the ship's work. A failure costs only time at the next start.</summary>
    /// <param name="position">Where the ship stands once it is this one's turn.</param>
    /// <param name="turn">The turn, which this gives back.</param>
    /// <param name="stop">Ends it.</param>
    public async Task SnapshotAsync(Position position, Task turn, CancellationToken stop)
    {
        Task writing;
        await turn;
        try
        {
            writing = _ship.Number == position.Number ? KeepAsync(position, stop) : Task.CompletedTask;
        }
        finally
        {
            _turn.Release();
        }
        await writing;
    }

    /// <summary>Keeps a snapshot where there is news, once nobody uses the ship any more: of what the local log has, and the cluster.</summary>
    public async Task SnapshotAtEndAsync(EventNumber committed, CancellationToken limit)
    {
        EventNumber at = _ship.Number;
        if (at == _kept || at > committed || await local.ReadChainAsync(at, CancellationToken.None) is not { } chain)
            return;
        try
        {
            await KeepAsync(new Position(at, chain), limit);
        }
        catch (OperationCanceledException)
        {
            options.Log.LogWarning("The snapshot at event {Number} took too long and was given up; the next start begins with an older one.", at);
        }
    }

    /// <summary>Asks the ship something that changes nothing, when its turn comes.</summary>
    public async Task<T> AskAsync<T>(Func<T> ask, CancellationToken stop)
    {
        await _turn.WaitAsync(stop);
        try
        {
            return await Task.Run(ask, stop);
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();

    private async Task KeepAsync(Position position, CancellationToken cancel)
    {
        try
        {
            await _ship.SnapshotAsync(position, cancel);
            _kept = position.Number;
            options.Log.LogInformation("A snapshot of the ship at event {Number} was kept.", position.Number);
        }
        catch (Exception failed) when (failed is SeguroException or IOException or UnauthorizedAccessException)
        {
            options.Log.LogWarning("The snapshot at event {Number} failed: {Cause}", position.Number, failed.Message);
        }
    }

    private async ValueTask<Computation> PokeOneAsync(Ovum ovum, CancellationToken tenure)
    {
        if (suspects.IsSetAside(ovum.Digest))
            return new Computation.Refused(Refusal.Suspect, $"masters went down while computing it; it is kept in {KeepOvum(ovum)}");
        suspects.Begin(ovum.Digest);
        try
        {
            // An event that the store can't take would stand in the way of all that follow, so it is not made in the first place.
            Computation made = await _ship.PokeAsync(ovum, options.Member.LargestEvent, tenure);
            if (made is Computation.Accepted)
                suspects.Clear(ovum.Digest);
            return made;
        }
        catch (OperationCanceledException)
        {
            return new Computation.Refused(Refusal.Deposed, "this member is master no longer");
        }
        catch (SeguroException failed)
        {
            return new Computation.Refused(Refusal.Failed, $"{failed.Message} ({failed.CodeText})");
        }
        catch (OutOfMemoryException)
        {
            return new Computation.Refused(Refusal.Failed, "this machine has not the memory for what comes of it");
        }
        finally
        {
            suspects.End();
        }
    }

    private string KeepOvum(Ovum ovum)
    {
        string path = Path.Combine(local.QuarantinePath, $"ovum-{ovum.Digest:x8}.jam");
        try
        {
            Directory.CreateDirectory(local.QuarantinePath);
            if (!File.Exists(path))
                File.WriteAllBytes(path, ovum.Bytes.Span);
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            options.Log.LogWarning("The ovum that is set aside can't be kept: {Cause}", failed.Message);
        }
        return path;
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
