namespace Seguro.Core;

/// <summary>
/// Compares the local log with the store's before the member does anything else: at a start, after losing mastership, and when the two contradict each other. What only the local
/// log has is moved to quarantine; the ship goes back to a snapshot that belongs to what is left.
/// </summary>
internal sealed class Rejoin(MemberState member, Processing processing)
{
    private Step _step;
    private string _reason = "";
    private TimeSpan _askAgain;
    private LogState _state;
    private IReadOnlyList<Event> _adoptable = [];

    private enum Step
    {
        /// <summary>Waits for what is still under way in the ship and the local log.</summary>
        Settling,
        Reading,
        Quarantining,
        Restoring,
    }

    /// <summary>Begins.</summary>
    public void Begin(string reason)
    {
        _step = Step.Settling;
        _reason = reason;
        _askAgain = member.Now;
        _adoptable = [];
        member.Master = "";
        member.Become(Role.Rejoining);
    }

    /// <summary>The store's state and the last position that it shares with the local log.</summary>
    public void OnStateRead(MemberInput.StateRead read)
    {
        if (_step is not Step.Reading)
            return;
        if (read.State is not { } state)
        {
            _step = Step.Settling;
            _askAgain = member.Now + (member.Options.LeaseDuration / 5);
            return;
        }
        _state = state;
        member.SeeAccepted(read.Settings.Accepted);
        if (member.FindLoss(state, read.Common) is { } loss)
        {
            // To go on would make the loss one of the cluster's, too: the next event would take the number of one that was acknowledged.
            member.Doubt(loss, loss);
            return;
        }
        member.TakeLease(state.Lease);
        member.SeeSettings(read.Settings, state.Head.Number);
        if (read.Common.Number == member.Local.Number)
        {
            Restore();
            return;
        }
        _step = Step.Quarantining;
        member.IsLocalBusy = true;
        member.Emit(new MemberOutput.Quarantine(read.Common, read.Common.Number < state.Head.Number
            ? $"{_reason}; the cluster's log has other events after {read.Common.Number}"
            : $"{_reason}; the cluster's log ends at {read.Common.Number}"));
    }

    /// <summary>The local log is a beginning of the store's.</summary>
    public void OnQuarantined(MemberInput.Quarantined quarantined)
    {
        if (_step is not Step.Quarantining)
            return;
        // A loss that the user accepted stays one. And what only a master had is never more than it may be ahead.
        if (member.Local == _state.Head.Position && !member.IsLossAccepted)
            _adoptable = [.. quarantined.Moved.Take(member.Options.MaxUnreplicatedEvents)];
        if (quarantined.Moved.Count > 0)
        {
            member.SetWarning("quarantine",
                $"{quarantined.Moved.Count} events from {quarantined.Moved[0].Number} on, which the cluster never got, were moved to quarantine on {member.Options.Name}: see the report there.");
        }
        Restore();
    }

    /// <summary>The ship went back.</summary>
    public void OnRestored(MemberInput.ShipRestored restored)
    {
        member.Ship = restored.Ship;
        member.IsShipAstray = false;
        member.Snapshots.Keep(restored.Ship.Number, member.Now);
        member.Backlog.CutAfter(restored.Ship.Number);
        if (_step is Step.Restoring)
            Finish();
    }

    /// <summary>Goes on.</summary>
    public void Pump()
    {
        if (_step is not Step.Settling || member.IsLocalBusy || member.IsShipBusy || member.Now < _askAgain)
            return;
        if (member.AskState())
            _step = Step.Reading;
    }

    private void Restore()
    {
        EventNumber last = member.Local.Number;
        bool isAbove = member.Ship.Number > last;
        if (member.Options.Effects is EffectsPolicy.AtLeastOnce && member.Backlog.Floor > member.Released)
        {
            // Effects that may not be out are not remembered (a snapshot was loaded, say): the ship goes back to before them and computes them again.
            isAbove = true;
            last = member.Released < last ? member.Released : last;
        }
        if (!member.IsShipAstray && !isAbove)
        {
            Finish();
            return;
        }
        _step = Step.Restoring;
        member.IsShipBusy = true;
        member.Emit(new MemberOutput.RestoreShip(last));
    }

    private void Finish()
    {
        member.IsLossAccepted = false;
        processing.Reset(_adoptable, _state.Head.Number);
        processing.Learn(_state.Head.Position);
        member.Become(Role.Replica);
    }
}
