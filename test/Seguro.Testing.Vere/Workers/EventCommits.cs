namespace Seguro.Testing.Vere;

/// <summary>Commits events on a thread of its own, a transaction at a time, at most a hundred events in each (vere-facts.md §2.6).</summary>
sealed class EventCommits
{
    private const int Most = 100;
    private readonly object _gate;
    private readonly VerePier _pier;
    private readonly Action? _changed;
    private readonly Queue<byte[]> _planned = [];

    /// <summary>Begins.</summary>
    /// <param name="pier">Whose log.</param>
    /// <param name="gate">It is pulsed at each commit.</param>
    /// <param name="changed">Is called after each commit, and after a failure, in no lock.</param>
    public EventCommits(VerePier pier, object gate, Action? changed = null)
    {
        _changed = changed;
        _gate = gate;
        _pier = pier;
        Done = pier.Head;
        new Thread(Write) { IsBackground = true, Name = "log" }.Start();
    }

    /// <summary>The last event that is durable. Under the gate.</summary>
    public ulong Done { get; private set; }

    /// <summary>What vere says when LMDB refuses; nothing is written after it. Under the gate.</summary>
    public string? Failure { get; private set; }

    /// <summary>Adds the next event. Under the gate.</summary>
    public void Plan(byte[] payload)
    {
        _planned.Enqueue(payload);
        Monitor.PulseAll(_gate);
    }

    private void Write()
    {
        List<byte[]> batch = [];
        while (true)
        {
            ulong first;
            lock (_gate)
            {
                while (_planned.Count == 0)
                    Monitor.Wait(_gate);
                batch.Clear();
                while (batch.Count < Most && _planned.TryDequeue(out byte[]? payload))
                    batch.Add(payload);
                first = Done + 1;
            }
            string? failure = null;
            try
            {
                _pier.Commit(first, batch);
            }
            catch (VereExit error)
            {
                failure = error.Message;
            }
            lock (_gate)
            {
                Failure = failure;
                if (failure is null)
                    Done = first + (ulong)batch.Count - 1;
                Monitor.PulseAll(_gate);
            }
            _changed?.Invoke();
            if (failure is not null)
                return;
        }
    }
}
