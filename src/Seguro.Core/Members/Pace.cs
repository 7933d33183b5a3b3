namespace Seguro.Core;

/// <summary>
/// How fast a replica that is far behind goes on while the cluster is at work. As fast as the log grows it may go in any case: a replica that keeps up costs the others as much. Beyond
/// that it gets a quarter more, or what an eighth of its own time is worth, whichever is more, and a group now and then in any case: so it always catches up, in a time that can be told.
/// </summary>
/// <remarks>
/// Nothing in it is a number of events a second: how dear an event is, the log's growth and the time that events take here tell. Both fall where this replica is in the way of the others
/// (on a machine that they share), and it slows down with them.
/// </remarks>
internal sealed class Pace(TimeSpan period, int group)
{
    /// <summary>What a replica may do beyond the log's growth: this part of that, …</summary>
    private const double OfGrowth = 0.25;

    /// <summary>… or this part of its own time.</summary>
    private const double OfTime = 0.125;

    /// <summary>A log that grows more slowly stands still, events a second.</summary>
    private const double Idle = 1;

    private double? _growth;
    private double _cost;
    private TimeSpan _worked;
    private int _done;
    private double _budget = 1;
    private TimeSpan? _filled;
    private TimeSpan _granted;
    private (EventNumber Head, TimeSpan At)? _seen;

    /// <summary>How many events a second may be taken; infinity where the log stands still.</summary>
    public double Rate
    {
        get
        {
            if (_growth < Idle)
                return double.PositiveInfinity;
            double growth = _growth ?? 0;
            return growth + Math.Max(growth * OfGrowth, _cost > 0 ? OfTime / _cost : 0);
        }
    }

    /// <summary>More may be taken now.</summary>
    public bool IsDue(TimeSpan now)
    {
        double rate = Rate;
        if (double.IsPositiveInfinity(rate))
            _budget = group;
        else if (_filled is { } filled)
            _budget = Math.Min(Math.Max(group, rate * period.TotalSeconds), _budget + (rate * (now - filled).TotalSeconds));
        _filled = now;
        // However wrong a guess is, a group is taken every few periods, and measured.
        if (_budget <= 0 && now - _granted < period * 4)
            return false;
        _granted = now;
        return true;
    }

    /// <summary>So many events were taken.</summary>
    public void Take(int events) => _budget = Math.Max(_budget - events, -group);

    /// <summary>The end of the log, as far as it is known.</summary>
    public void See(EventNumber head, TimeSpan now)
    {
        if (_seen is not { } seen || head < seen.Head)
        {
            _seen = (head, now);
            return;
        }
        TimeSpan passed = now - seen.At;
        if (passed < period)
            return;
        double rate = (head.Value - seen.Head.Value) / passed.TotalSeconds;
        _growth = _growth is { } before ? (before + rate) / 2 : rate;
        _seen = (head, now);
        Weigh();
    }

    /// <summary>Something was done for events that are missing: they were read, kept or applied.</summary>
    /// <param name="took">How long it took.</param>
    /// <param name="done">How many events were done with by it.</param>
    public void Worked(TimeSpan took, int done = 0)
    {
        _worked += took;
        _done += done;
        if (_cost <= 0)
            Weigh();
    }

    private void Weigh()
    {
        if (_done == 0)
            return;
        // One long pause of this machine is forgotten with the next that is measured.
        double cost = _worked.TotalSeconds / _done;
        _cost = _cost <= 0 || cost < _cost ? cost : (_cost + cost) / 2;
        (_worked, _done) = (TimeSpan.Zero, 0);
    }
}
