using Seguro.Core;
using Seguro.Vere.Protocol;

namespace Seguro.Testing.Vere;

/// <summary>The frames that the king sent and the worker has not taken: a thread reads them, a few ahead.</summary>
sealed class TaskInbox
{
    private const int Ahead = 32;
    private readonly object _gate;
    private readonly Queue<byte[]> _frames = [];
    private readonly Stream _input;

    /// <summary>Begins to read.</summary>
    /// <param name="input">Where tasks come from.</param>
    /// <param name="gate">What the worker waits on; it is pulsed at each frame, and at the end.</param>
    public TaskInbox(Stream input, object gate)
    {
        _gate = gate;
        _input = input;
        new Thread(Read) { IsBackground = true, Name = "tasks" }.Start();
    }

    /// <summary>The king closed its end, and all that it sent was taken. Under the gate.</summary>
    public bool IsOver => Failure is not null && _frames.Count == 0;

    /// <summary>Why nothing more comes: what vere says.</summary>
    public string? Failure { get; private set; }

    /// <summary>Takes the next. Under the gate.</summary>
    public bool TryTake(out byte[] frame)
    {
        bool isThere = _frames.TryDequeue(out byte[]? next);
        frame = next ?? [];
        if (isThere)
            Monitor.PulseAll(_gate);
        return isThere;
    }

    private void Read()
    {
        string failure;
        try
        {
            while (Newt.ReadAsync(_input, int.MaxValue, CancellationToken.None).AsTask().GetAwaiter().GetResult() is { } frame)
            {
                lock (_gate)
                {
                    while (_frames.Count >= Ahead)
                        Monitor.Wait(_gate);
                    _frames.Enqueue(frame);
                    Monitor.PulseAll(_gate);
                }
            }
            failure = "mars: urth unexpectedly shut down";
        }
        catch (Exception error) when (error is SeguroException or IOException)
        {
            failure = $"newt: {error.Message}";
        }
        lock (_gate)
        {
            Failure = failure;
            Monitor.PulseAll(_gate);
        }
    }
}
