using System.Diagnostics.Metrics;
using Seguro.Core;

namespace Seguro.Node.Members;

/// <summary>The stages of a takeover of a ship that runs on a vere, in order.</summary>
enum TakeoverStage
{
    /// <summary>The lease is won; counted from the beginning of the candidacy.</summary>
    Fence,

    /// <summary>The local log has all that the cluster's has, and all of it is released: the ship may run.</summary>
    Missing,

    /// <summary>The worker that stood by has true time again, or there is none.</summary>
    Clock,

    /// <summary>A king has the worker's word.</summary>
    King,

    /// <summary>The ship made its first event.</summary>
    Event,
}

/// <summary>Measures how long each stage of a takeover takes, from the end of the one before. From any thread.</summary>
sealed class TakeoverStages(TimeProvider time, Histogram<double> durations, KeyValuePair<string, object?>[] tags)
{
    private readonly Lock _gate = new();
    private TakeoverStage? _next;
    private long _since;

    /// <summary>The member's role changed: a candidacy begins one, and what is neither candidate nor master ends it.</summary>
    public void See(Role role)
    {
        lock (_gate)
        {
            if (role is Role.Candidate)
                (_next, _since) = (TakeoverStage.Fence, time.GetTimestamp());
            else if (role is not Role.Master)
                _next = null;
        }
        if (role is Role.Master)
            Reach(TakeoverStage.Fence);
    }

    /// <summary>A stage has ended. Nothing where it is not the one that is under way: a ship that is started again is no takeover.</summary>
    public void Reach(TakeoverStage stage)
    {
        lock (_gate)
        {
            if (_next != stage)
                return;
            durations.Record(time.GetElapsedTime(_since).TotalSeconds, [.. tags, new("stage", stage.ToString().ToLowerInvariant())]);
            _since = time.GetTimestamp();
            _next = stage is TakeoverStage.Event ? null : stage + 1;
        }
    }
}
