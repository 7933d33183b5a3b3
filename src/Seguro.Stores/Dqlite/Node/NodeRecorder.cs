using Seguro.Core;

namespace Seguro.Stores.Dqlite;

/// <summary>Notes, once a second while a node runs, what its raft has on the disk (<see cref="NodeRecord"/>). Writes only what changed.</summary>
sealed class NodeRecorder : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly string _folder;
    private readonly Action<string> _warn;
    private readonly RaftTail _tail;
    private readonly Lock _lock = new();
    private NodeRecord _noted;
    private Timer? _timer;

    /// <param name="folder">The node's folder, locked by this process.</param>
    /// <param name="noted">What is noted there.</param>
    /// <param name="warn">Told, in a sentence, what could not be written.</param>
    public NodeRecorder(string folder, NodeRecord noted, Action<string> warn)
    {
        _folder = folder;
        _noted = noted;
        _warn = warn;
        _tail = new RaftTail(folder);
        _timer = new Timer(static recorder => ((NodeRecorder)recorder!).Tick(), this, Pause, Timeout.InfiniteTimeSpan);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            _timer?.Dispose();
            _timer = null;
        }
    }

    private void Tick()
    {
        lock (_lock)
        {
            if (_timer is null)
                return;
            try
            {
                Note();
            }
            catch (Exception error) when (error is SeguroException or IOException or UnauthorizedAccessException)
            {
                _warn(error.Message);
            }
            _timer.Change(Pause, Timeout.InfiniteTimeSpan);
        }
    }

    private void Note()
    {
        RaftVote? vote = RaftVote.TryRead(_folder) is { } read && (_noted.Vote is not { } known || read.Version > known.Version) ? read : _noted.Vote;
        RaftEnd? end = _tail.Look() is { } seen && (_noted.End is not { } far || seen > far) ? seen : _noted.End;
        NodeRecord now = new(vote, end);
        if (now == _noted)
            return;
        now.Write(_folder);
        _noted = now;
    }
}
