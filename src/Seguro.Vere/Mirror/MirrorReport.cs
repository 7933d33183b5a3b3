using Seguro.Core;
using Seguro.Piers;

namespace Seguro.Vere.Mirror;

/// <summary>What is known of a mirror, and what people were told of it. Written by the mirror, read by anybody.</summary>
internal sealed class MirrorReport
{
    private static readonly TimeSpan Reminder = TimeSpan.FromMinutes(1);

    private readonly MirrorOptions _options;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private Ship _ship;
    private string _engine = "";
    private Term _term;
    private MirrorState _state = MirrorState.CatchingUp;
    private EventNumber _seen;
    private DateTimeOffset _seenAt;
    private EventNumber _head;
    private DateTimeOffset? _copiedAt;
    private long? _behindSince;
    private long _followedAt;
    private PierHold _hold = PierHold.Free;
    private ulong _copied;
    private string? _warning;
    private long? _warnedAt;
    private long? _troubledSince;

    public MirrorReport(MirrorOptions options)
    {
        _options = options;
        _time = options.Time;
        _followedAt = _time.GetTimestamp();
    }

    /// <summary>How it stands now.</summary>
    public MirrorStatus Status
    {
        get
        {
            lock (_lock)
            {
                TimeSpan lag = _behindSince is { } since ? _time.GetElapsedTime(since) : TimeSpan.Zero;
                TimeSpan silent = _time.GetElapsedTime(_followedAt);
                return new MirrorStatus
                {
                    Ship = _ship,
                    Pier = _options.Pier,
                    Engine = _engine,
                    State = _state,
                    Term = _term,
                    Seen = _seen,
                    SeenAt = _seenAt,
                    Head = _head,
                    CopiedAt = _copiedAt,
                    Lag = lag,
                    SilentFor = silent > _options.LookEvery * 2 ? silent : TimeSpan.Zero,
                    IsRunning = _hold.IsHeld,
                    ProcessId = _hold.ProcessId,
                    Copied = _copied,
                    IsDegraded = silent >= _options.Silence || lag >= _options.Silence,
                    Warning = _warning,
                };
            }
        }
    }

    /// <summary>Whose it is, and where it goes.</summary>
    public void Begin(Ship ship, string engine)
    {
        lock (_lock)
            (_ship, _engine) = (ship, engine);
    }

    /// <summary>The mirror writes in this term, and the log ends here.</summary>
    public void Attached(Term term, EventNumber head)
    {
        lock (_lock)
        {
            (_term, _head) = (term, head);
            Measure();
        }
    }

    /// <summary>The pier was seen to end here.</summary>
    public void Saw(EventNumber last, PierHold hold)
    {
        lock (_lock)
        {
            (_seen, _seenAt, _hold) = (last, _time.GetUtcNow(), hold);
            Measure();
        }
    }

    /// <summary>The log ends here now.</summary>
    public void Copied(EventNumber head, ulong events)
    {
        lock (_lock)
        {
            (_head, _copied) = (head, _copied + events);
            if (events > 0)
                _copiedAt = _time.GetUtcNow();
            if (_seen > head)
                _behindSince = _time.GetTimestamp(); // what is missing now was seen later than what just came
            Measure();
        }
    }

    /// <summary>All is well.</summary>
    public void Followed()
    {
        bool wasTold;
        lock (_lock)
        {
            (_state, _followedAt, _warning) = (MirrorState.Following, _time.GetTimestamp(), null);
            wasTold = _warnedAt is not null;
            (_warnedAt, _troubledSince) = (null, null);
        }
        if (wasTold)
            _options.Tell(new MirrorNotice(false, $"The pier is followed again, up to event {Status.Head}."));
    }

    /// <summary>It is busy with what it had missed.</summary>
    public void CatchesUp()
    {
        lock (_lock)
            _state = MirrorState.CatchingUp;
    }

    /// <summary>Something is wrong that may pass: told at once, or after two seconds where it is the pier, which vere may be rolling or chopping; and once a minute while it lasts.</summary>
    public void Warn(MirrorState state, SeguroException trouble)
    {
        string text = $"{(state is MirrorState.PierAway ? "The pier can't be followed" : "The store is away")}: {trouble.Message} ({trouble.CodeText}). {trouble.NextStep} The mirror goes on by itself.";
        lock (_lock)
        {
            (_state, _warning) = (state, text);
            _troubledSince ??= _time.GetTimestamp();
            if (state is MirrorState.PierAway && _time.GetElapsedTime(_troubledSince.Value) < _options.Silence / 30)
                return;
            if (_warnedAt is { } told && _time.GetElapsedTime(told) < Reminder)
                return;
            _warnedAt = _time.GetTimestamp();
        }
        _options.Tell(new MirrorNotice(true, text));
    }

    /// <summary>Something that people should know, without a state of its own.</summary>
    public void Note(bool isWarning, string text) => _options.Tell(new MirrorNotice(isWarning, text));

    private void Measure()
    {
        if (_seen <= _head)
            _behindSince = null;
        else
            _behindSince ??= _time.GetTimestamp();
    }
}
