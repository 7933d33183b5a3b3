using Seguro.Cli.Demo.Probes;

namespace Seguro.Testing;

/// <summary>The client outside: numbered datagrams at a steady rate, and every answer kept.</summary>
internal sealed class NemesisClient : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly List<ProbeAnswer> _answers = [];
    private readonly Dictionary<long, int> _sent = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly ShipProbe _probe;
    private Task _sending = Task.CompletedTask;

    /// <summary>Opens the client's socket in a network; each datagram goes to all of the ship's doors.</summary>
    public NemesisClient(NetworkNamespace network, IReadOnlyList<System.Net.IPEndPoint> doors, int size) =>
        _probe = network.Enter(() => new ShipProbe(doors, size, TimeProvider.System, Note));

    /// <summary>How many different datagrams were answered.</summary>
    public int Answered => _probe.AnsweredCount;

    /// <summary>How many were sent.</summary>
    public long Sent => _probe.Sent;

    /// <summary>Its number among clients, and how to find its datagrams.</summary>
    public ShipProbe Probe => _probe;

    /// <summary>A copy of all answers, in the order in which they came.</summary>
    public IReadOnlyList<ProbeAnswer> Answers
    {
        get
        {
            lock (_lock)
                return [.. _answers];
        }
    }

    /// <summary>How often each datagram was sent.</summary>
    public IReadOnlyDictionary<long, int> Sends
    {
        get
        {
            lock (_lock)
                return new Dictionary<long, int>(_sent);
        }
    }

    /// <summary>The highest event, by the ship's count, that an answer was of.</summary>
    public ulong HighestAnswered
    {
        get
        {
            lock (_lock)
                return _answers.Count == 0 ? 0 : _answers.Max(static answer => answer.Events);
        }
    }

    /// <summary>Begins to send.</summary>
    public void Start(int rate) => _sending = SendAsync(TimeSpan.FromSeconds(1.0 / rate));

    /// <summary>Sends no more.</summary>
    public async Task EndAsync()
    {
        await _stop.CancelAsync();
        await _sending;
    }

    /// <summary>Sends new datagrams until one is answered.</summary>
    public async Task AskAsync(CancellationToken cancel)
    {
        HashSet<long> asked = [];
        while (true)
        {
            asked.Add(SendOne());
            await Task.Delay(TimeSpan.FromMilliseconds(200), cancel);
            lock (_lock)
            {
                if (_answers.Any(answer => asked.Contains(answer.Sequence)))
                    return;
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        _probe.Dispose();
        _stop.Dispose();
    }

    private async Task SendAsync(TimeSpan every)
    {
        using PeriodicTimer timer = new(every);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
                SendOne();
        }
        catch (OperationCanceledException)
        {
            // Told to end.
        }
    }

    private long SendOne()
    {
        long sequence = _probe.Send();
        lock (_lock)
            _sent[sequence] = 1;
        return sequence;
    }

    private void Note(ProbeAnswer answer)
    {
        lock (_lock)
            _answers.Add(answer);
    }
}
