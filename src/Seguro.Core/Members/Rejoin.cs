namespace Seguro.Core;

/// <summary>
/// Compares the local log with the store's before the member does anything else: at a start, after losing mastership, and when the two contradict each other. What only the local
/// log has is moved to quarantine; the ship goes back to a snapshot that belongs to what is left.
/// </summary>
internal sealed class Rejoin(MemberState member, Processing processing) : MemberRole(member, processing)
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
        _askAgain = _member.Now;
        _adoptable = [];
        _member.Lease.Follow("");
        _member.Become(Role.Rejoining, reason);
    }

    /// <summary>Begins, since the local log contradicts the cluster's.</summary>
    public void BeginDiverged() => Begin("the local log contradicts the cluster's");

    /// <summary>The store's state and the last position that it shares with the local log.</summary>
    private protected override void OnStateRead(MemberInput.StateRead read)
    {
        if (_step is not Step.Reading)
            return;
        if (read.State is not { } state)
        {
            _step = Step.Settling;
            _askAgain = _member.Now + (_member.Options.LeaseDuration / 5);
            return;
        }
        _state = state;
        _member.SeeAccepted(read.Settings.Accepted);
        if (_member.Progress.FindLoss(state, read.Common) is { } loss)
        {
            // To go on would make the loss one of the cluster's, too: the next event would take the number of one that was acknowledged.
            _member.Doubt(loss, loss);
            return;
        }
        _member.Lease.Take(state.Lease, _member.Now);
        _member.SeeSettings(read.Settings, state.Head.Number);
        if (read.Common.Number == _member.Log.End.Number)
        {
            Restore();
            return;
        }
        _step = Step.Quarantining;
        _member.Log.AskQuarantine(read.Common);
        _member.Emit(new MemberOutput.Quarantine(read.Common, read.Common.Number < state.Head.Number
            ? $"{_reason}; the cluster's log has other events after {read.Common.Number}"
            : $"{_reason}; the cluster's log ends at {read.Common.Number}"));
    }

    /// <summary>The local log is a beginning of the store's.</summary>
    private protected override void OnQuarantined(IReadOnlyList<Event> moved)
    {
        if (_step is not Step.Quarantining)
            return;
        // A loss that the user accepted stays one. And what only a master had is never more than it may be ahead.
        if (_member.Log.End == _state.Head.Position && !_member.Progress.IsLossAccepted)
            _adoptable = [.. moved.Take(_member.Options.MaxUnreplicatedEvents)];
        if (moved.Count > 0)
        {
            _member.SetPassingWarning("quarantine",
                $"{moved.Count} events from {moved[0].Number} on, which the cluster never got, were moved to quarantine on {_member.Options.Name}: see the report there.");
        }
        Restore();
    }

    /// <summary>The ship went back.</summary>
    private protected override void OnRestored()
    {
        if (_step is Step.Restoring)
            Finish();
    }

    /// <summary>Goes on.</summary>
    public override void Pump()
    {
        if (_step is not Step.Settling || _member.Log.IsBusy || _member.Ship.IsBusy || _member.Now < _askAgain)
            return;
        if (_member.AskState())
            _step = Step.Reading;
    }

    private void Restore()
    {
        EventNumber last = _member.Log.End.Number;
        bool isAbove = _member.Ship.Position.Number > last;
        // Where no cluster has had the log yet, all in it is history, and there is nothing to repeat; a chopped log has nothing before its first event either.
        if (_member.Options.Effects is EffectsPolicy.AtLeastOnce && _member.Settings.History is not null && _member.Backlog.Floor > _member.Progress.Released)
        {
            // Effects that may not be out are not remembered (a snapshot was loaded, say): the ship goes back to before them and computes them again.
            isAbove = true;
            last = _member.Progress.Released < last ? _member.Progress.Released : last;
        }
        if (!_member.Ship.IsAstray && !isAbove)
        {
            Finish();
            return;
        }
        _step = Step.Restoring;
        _member.Ship.AskRestore();
        _member.Emit(new MemberOutput.RestoreShip(last));
    }

    private void Finish()
    {
        _processing.Reset(_adoptable, _state.Head.Number);
        _processing.Learn(_state.Head.Position);
        _member.Become(Role.Replica);
    }
}
