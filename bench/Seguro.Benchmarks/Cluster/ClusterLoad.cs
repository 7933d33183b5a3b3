using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using HdrHistogram;
using Seguro.Cli.Demo.Probes;

namespace Seguro.Benchmarks;

/// <summary>Keeps so many datagrams on the way to a ship for as long as it lives: each answer brings the next question. What is lost is sent anew after a silence.</summary>
internal sealed class ClusterLoad : IAsyncDisposable
{
    private static readonly TimeSpan Silence = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<long, long> _underWay = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly ShipProbe _probe;
    private readonly Task _again;
    private readonly Lock _lock = new();
    private LongHistogram _latencies = LatencyFigures.NewHistogram();
    private long _answers;

    /// <summary>Begins.</summary>
    public ClusterLoad(IPEndPoint ship, int size, int inFlight)
    {
        _probe = new ShipProbe(ship, size, TimeProvider.System, Answered);
        for (int i = 0; i < inFlight; i++)
            Ask();
        _again = AskAgainAsync();
    }

    /// <summary>How many datagrams were answered.</summary>
    public long Answers => Interlocked.Read(ref _answers);

    /// <summary>Measures for a while.</summary>
    public async Task<ClusterRate> MeasureAsync(TimeSpan turn, CancellationToken cancel) => await MeasureUntilAsync(Task.Delay(turn, cancel));

    /// <summary>Measures until something has happened.</summary>
    public async Task<ClusterRate> MeasureUntilAsync(Task happened)
    {
        lock (_lock)
            _latencies = LatencyFigures.NewHistogram();
        (long before, long start) = (Answers, Stopwatch.GetTimestamp());
        await happened;
        TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
        long answers = Answers - before;
        lock (_lock)
            return new ClusterRate(answers, elapsed, (LongHistogram)_latencies.Copy());
    }

    /// <summary>Waits for so many answers in all.</summary>
    /// <exception cref="InvalidOperationException">None came for a minute.</exception>
    public async Task UntilAsync(long answers, CancellationToken cancel)
    {
        (long last, long at) = (Answers, Stopwatch.GetTimestamp());
        while (Answers < answers)
        {
            await Task.Delay(20, cancel);
            if (Answers > last)
                (last, at) = (Answers, Stopwatch.GetTimestamp());
            else if (Stopwatch.GetElapsedTime(at) > Patience)
                throw new InvalidOperationException($"The cluster gave no answer for {Patience.TotalSeconds:0} s.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _again;
        _probe.Dispose();
        _stop.Dispose();
    }

    private void Ask()
    {
        long sequence = _probe.Send();
        _underWay.TryAdd(sequence, Stopwatch.GetTimestamp());
    }

    private void Answered(ProbeAnswer answer)
    {
        _underWay.TryRemove(answer.Sequence, out _);
        if (answer.IsRepeat)
            return;
        Interlocked.Increment(ref _answers);
        lock (_lock)
            _latencies.Add(answer.Latency);
        if (!_stop.IsCancellationRequested)
            Ask();
    }

    private async Task AskAgainAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            await Task.Delay(Silence, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            foreach ((long sequence, long sent) in _underWay)
            {
                if (Stopwatch.GetElapsedTime(sent) < Silence)
                    continue;
                _underWay[sequence] = Stopwatch.GetTimestamp();
                _probe.SendAgain(sequence);
            }
        }
    }
}
