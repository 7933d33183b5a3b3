using System.Buffers.Binary;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Seguro.Core;
using Seguro.Files;
using Seguro.Nock.Ships;
using Seguro.Piers.LocalLogs;

namespace Seguro.Node.Members;

/// <content>How it comes to where the log ends.</content>
sealed partial class ComputedReplica
{
    private const int MostEvents = 256;
    private const long MostBytes = 4 << 20;
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(20);

    private async Task CatchUpAsync(CancellationToken cancel)
    {
        try
        {
            await TakeUpLeftAsync(cancel);
            if (_ship is not { } ship || !await IsOfLogAsync(cancel))
                ship = await RestoreAsync(cancel);
            await ReachAsync(ship, cancel);
        }
        catch (SeguroException failed) when (failed is not DamagedLogException && failed.Code is not (ErrorCode.PierLocked or ErrorCode.Fenced))
        {
            lock (_gate)
            {
                _failedAt = _options.Time.GetTimestamp();
                _isHopeless = failed.Code is ErrorCode.Trimmed;
            }
            Fall($"{failed.Message} ({failed.CodeText}). {failed.NextStep}{(_isHopeless ? "" : " It is tried again in a minute.")}");
        }
        catch (OutOfMemoryException failed)
        {
            GiveUp($"it has not the memory for the ship's state: {failed.Message}");
        }
    }

    private async Task ReachAsync(IShip ship, CancellationToken cancel)
    {
        long kept = _options.Time.GetTimestamp();
        while (true)
        {
            EventNumber last;
            lock (_gate)
            {
                last = _passed;
                if (_at.Number == last)
                {
                    cancel.ThrowIfCancellationRequested();
                    _isFollowing = true;
                    _below = null;
                    break;
                }
            }
            IReadOnlyList<Event>? events = _at.Number > last ? null : await ReadAsync(last, cancel);
            if (events is null)
                await RestoreAsync(cancel); // the log was cut back
            else if (events.Count == 0)
                await Task.Delay(Glance, _options.Time, cancel); // passed, and not in the log yet
            else if (!await ComputeAsync(ship, events, cancel))
                return;
            if (_at.Number > _kept && (_at.Number - _kept >= _options.Member.SnapshotEvery || _options.Time.GetElapsedTime(kept) > _options.Member.SnapshotAge))
            {
                await KeepAsync(ship, _at, cancel);
                kept = _options.Time.GetTimestamp();
            }
        }
        _options.Log.LogInformation("The Nock machine computes each event from {Number} on.", Number.Next);
    }

    /// <summary>Computes events of the log. False where that is the end of it.</summary>
    private async Task<bool> ComputeAsync(IShip ship, IReadOnlyList<Event> events, CancellationToken cancel)
    {
        foreach (Event next in events)
        {
            try
            {
                await ship.ApplyAsync(next.Number, next.Payload, cancel);
            }
            catch (SeguroException failed) when (IsInability(failed))
            {
                GiveUp(failed.Message);
                return false;
            }
            catch (SeguroException failed)
            {
                await KeepEvidenceAsync(next, failed);
                return false;
            }
            lock (_gate)
                _at = new Position(next.Number, next.Chain);
        }
        return true;
    }

    /// <summary>An event that was passed long ago is another here. The replica said of it what is true, that it is recorded; but it says nothing more.</summary>
    private async Task KeepEvidenceAsync(Event next, SeguroException failed)
    {
        string text = TextOf(next.Number, failed);
        // First what keeps this member from serving with it, also where a candidacy has begun, or the disk is full; then the evidence.
        _differs = text;
        Found(next.Number, $"{text}; the event is kept in {_local.QuarantinePath}");
        string kept = await QuarantineFolder.WriteAsync(
            _local.QuarantinePath,
            _options.Time.GetUtcNow(),
            [$"member {_options.Member.Name}: {text}", $"the Nock machine stands at event {Number}", $"the local log ends at {_local.Head.Number}, chain {_local.Head.Chain}"],
            new[] { next }.ToAsyncEnumerable(),
            CancellationToken.None);
        _differs = $"{text}; the event is kept in {kept}";
        _below = $"{_differs} ({Differs(text, null).CodeText})";
        _options.Log.LogError("{What}", _below);
    }

    private async Task TakeUpLeftAsync(CancellationToken cancel)
    {
        await _left.WaitAsync(cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancel.ThrowIfCancellationRequested();
        lock (_gate)
        {
            if (_left.IsCompletedSuccessfully && _ship?.Number == _leftAt.Number)
                _at = _leftAt;
            _left = Task.CompletedTask;
        }
    }

    private async Task<bool> IsOfLogAsync(CancellationToken cancel) => _at.Number <= _passed && await _local.ReadChainAsync(_at.Number, cancel) == _at.Chain;

    /// <summary>Goes to the newest state that is one of this log.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.Trimmed"/>: there is none, and the log does not begin at event 1.</exception>
    private async Task<IShip> RestoreAsync(CancellationToken cancel)
    {
        IShip ship = _ship ??= _make(await FindExportedAsync(cancel));
        EventNumber atMost = _passed;
        while (true)
        {
            Position found = await ship.RestoreAsync(atMost, cancel);
            if (found.Number < Accepted)
                throw NoWayAround();
            if (await _local.ReadChainAsync(found.Number, cancel) == found.Chain && await HasMugAsync(found.Number, ship.Mug, cancel))
            {
                lock (_gate)
                    (_at, _kept) = (found, found.Number);
                _options.Log.LogInformation("The Nock machine begins at event {Number}.", found.Number);
                return ship;
            }
            if (found.Number == EventNumber.None)
                throw NoWay();
            _options.Log.LogWarning("The state of the Nock machine at event {Number} belongs to another log and is passed over.", found.Number);
            atMost = found.Number.Previous;
        }
    }

    /// <summary>The newest state that vere exported into the pier (vere-facts.md §1.1), of an event that the log has.</summary>
    private async Task<ExportedState?> FindExportedAsync(CancellationToken cancel)
    {
        string folder = Path.Combine(_options.Pier, ".urb", "roc");
        if (!Directory.Exists(folder))
            return null;
        string[] files;
        try
        {
            files = Directory.GetFiles(folder, "*.jam");
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            throw FileFault.Reading(folder, failed);
        }
        foreach ((ulong number, string file) in files
            .Select(static file => (ulong.TryParse(Path.GetFileNameWithoutExtension(file), NumberStyles.None, CultureInfo.InvariantCulture, out ulong number) ? number : 0, file))
            .OrderByDescending(static found => found.Item1))
        {
            if (number > 0 && number <= _passed.Value && await _local.ReadChainAsync(new EventNumber(number), cancel) is { } chain)
                return new ExportedState(file, new Position(new EventNumber(number), chain));
        }
        return null;
    }

    /// <summary>A state that somebody put there may be another ship's, or of another history: it is not this one's evidence. What the log does not say can't be compared.</summary>
    private async Task<bool> HasMugAsync(EventNumber number, uint mug, CancellationToken cancel)
    {
        if (number <= _local.Base.Number || await _local.ReadChainAsync(number.Previous, cancel) is not { } before
            || await _local.ReadAsync(new Position(number.Previous, before), number, 1, 1, cancel) is not [{ } made] || made.Payload.Length < sizeof(uint))
            return true;
        uint said = BinaryPrimitives.ReadUInt32LittleEndian(made.Payload.Span);
        return said == 0 || said == mug;
    }

    private async Task<IReadOnlyList<Event>?> ReadAsync(EventNumber last, CancellationToken cancel)
    {
        Position end = _local.Head;
        try
        {
            return await _local.ReadAsync(_at, last, MostEvents, MostBytes, cancel);
        }
        catch (SeguroException) when (_local.Head.Number < end.Number)
        {
            return []; // quarantine took the events away under the reader
        }
    }

    private SeguroException NoWayAround() => new(
        ErrorCode.Trimmed,
        $"the Nock machine computed event {Accepted} otherwise than the log says, which was accepted, and no state after that event is there to begin with",
        "Let vere export one: stop the member, `urbit cram` its pier (data/pier), start it again.");

    private SeguroException NoWay() => new(
        ErrorCode.Trimmed,
        $"the Nock machine has nothing to begin with: the log begins at event {_local.Base.Number.Next}, and no state at or above that is there",
        "Let vere export one: stop the member, `urbit cram` its pier (data/pier), start it again; or copy data/snapshots of a member that computes.");
}
