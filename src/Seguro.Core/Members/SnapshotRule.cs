namespace Seguro.Core;

/// <summary>
/// When the ship's state is worth a snapshot: after many events, after some time in which there were any, and at the end of a replay. It bounds what a start computes again.
/// </summary>
/// <param name="every">How many events lie between two snapshots.</param>
/// <param name="age">For how long events may go without one.</param>
internal sealed class SnapshotRule(ulong every, TimeSpan age)
{
    private EventNumber _kept;
    private TimeSpan _since;
    private bool _hasReplayed;

    /// <summary>The ship was restored to here, or a snapshot of it here was asked for.</summary>
    public void Keep(EventNumber ship, TimeSpan now) => (_kept, _since, _hasReplayed) = (ship, now, false);

    /// <summary>The ship has computed again what it had to.</summary>
    public void EndReplay() => _hasReplayed = true;

    /// <summary>Is a snapshot of the ship, which stands here, due?</summary>
    public bool IsDue(EventNumber ship, TimeSpan now) =>
        ship > _kept && (_hasReplayed || ship.Value / every != _kept.Value / every || now - _since >= age);
}
