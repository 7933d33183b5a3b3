using System.Globalization;

namespace Seguro.Core;

/// <content>
/// A ship that makes its events itself (<see cref="MemberOptions.MakesEvents"/>): it has the local log while it runs, and writes each event there before it tells of it. What is
/// known of it here are its events, in order; what came of them waits in the shell until the gate lets it go.
/// </content>
internal sealed partial class Master
{
    private const int MostFalseStarts = 3;

    private bool _isEnding;
    private int _falseStarts;
    private TimeSpan _runAgain;

    /// <summary>The ship made events.</summary>
    private void OnMade(IReadOnlyList<Computation.Accepted> events)
    {
        foreach (Computation.Accepted made in events)
        {
            if (_demotion is not null)
                return; // they are in the local log, and the next comparison finds them there
            if (made.Number != Tip.Number.Next)
                throw new InvalidOperationException($"The ship made event {made.Number}, and {Tip.Number} was its last.");
            if (made.Payload.Length > _member.Options.LargestEvent)
            {
                _member.SetPassingWarning("oversize", string.Create(
                    CultureInfo.InvariantCulture,
                    $"Event {made.Number} has {made.Payload.Length} bytes, and the store takes {_member.Options.LargestEvent}: it is taken back, nobody has heard of it, and the ship goes on from the event before."));
                Demote($"event {made.Number} is larger than the store takes");
                return;
            }
            Add(made.Number, made.Payload, made.Effects);
            _member.Log.Lengthened(Tip);
            _falseStarts = 0;
            _member.ClearWarning("ship");
        }
    }

    /// <summary>The ship ended, asked to or not; all that it made was told, and the local log is the member's again.</summary>
    private protected override void OnShipEnded(MemberInput.ShipEnded ended)
    {
        bool wasAsked = _isEnding;
        _isEnding = false;
        if (_demotion is not null)
            return;
        if (ended.Local != Tip)
        {
            Demote($"the local log ends at event {ended.Local.Number}, and the ship told of {Tip.Number}");
            return;
        }
        if (wasAsked)
            return;
        _falseStarts++;
        _runAgain = _member.Now + (_member.Options.LeaseDuration / 4 * _falseStarts);
        _member.SetWarning("ship", $"The ship ended by itself and is started again: {ended.Reason}");
    }

    /// <summary>What others made and did not commit is the log's next: the ship finds it there when it starts. Whether its effects are out nobody knows, and they are not repeated.</summary>
    private void AdoptAsItIs()
    {
        // The ship is told of them when it runs: a master that is demoted before is a replica whose ship has these events before it.
        while (_member.Options.MakesEvents && _adopting.TryDequeue(out Event adopted))
            Keep(adopted.Number, adopted.Payload, []);
    }

    /// <summary>Lets a ship that makes its events itself go on. False where the ship is none of those.</summary>
    private bool RunOwn()
    {
        if (!_member.Options.MakesEvents)
            return false;
        if (_member.Ship.IsRunning)
            KeepRunning();
        else
            RunShip();
        return true;
    }

    /// <summary>
    /// Lets the ship run, once nothing that is in the local log waits: whatever it says at its start may then be said. A ship that does not come to make an event is another
    /// member's to try.
    /// </summary>
    private void RunShip()
    {
        bool isReady = !_member.Ship.IsBusy && !_member.Log.IsBusy && _member.Settings.History is not null && _member.Log.End == Tip && _gate.Released == Tip.Number;
        if (!isReady || _isSteppingDown || _member.Now < _runAgain || IsPaused())
            return;
        if (_falseStarts >= MostFalseStarts && _member.Progress.Committed == Tip && _writing is null)
        {
            _member.Emit(new MemberOutput.Warn($"The ship does not come up on {_member.Options.Name}; it lets another member try."));
            _falseStarts = 0;
            Resign();
            return;
        }
        _member.Ship.AskRun(Tip);
        _member.Log.Lend();
        _member.Emit(new MemberOutput.RunShip(_keeper.Lease.Term, Tip));
    }

    private void KeepRunning()
    {
        if ((_isSteppingDown || IsPaused()) && !_isEnding)
        {
            _isEnding = true;
            _member.Emit(MemberOutput.EndShip.Instance);
        }
        else if (_member.Progress.Committed == Tip && _member.Snapshots.IsDue(Tip.Number, _member.Now))
        {
            _member.Snapshots.Keep(Tip.Number, _member.Now);
            _member.Emit(new MemberOutput.Snapshot(Tip));
        }
    }

    /// <summary>Such a ship can't be kept from computing but by the answers that it waits for: they bound what it may be ahead of the store.</summary>
    private EventNumber Bounded(EventNumber limit)
    {
        if (!_member.Options.MakesEvents)
            return limit;
        EventNumber most = _unreplicatedBytes >= _member.Options.MaxUnreplicatedBytes
            ? _member.Progress.Committed.Number
            : _member.Progress.Committed.Number + (ulong)_member.Options.MaxUnreplicatedEvents;
        return limit < most ? limit : most;
    }
}
