using System.Diagnostics;
using HdrHistogram;

namespace Seguro.Benchmarks;

/// <summary>Producers that each hand over an event, wait until it is committed, and hand over the next.</summary>
internal sealed class InFlightLoad(IInFlight target, int producers, int bytes)
{
    private readonly LongHistogram _latency = LatencyFigures.NewHistogram();
    private readonly Lock _lock = new();
    private long _begin;
    private long _end;

    /// <summary>From handing over to commit, of all events that were committed in the time that counts.</summary>
    public HistogramBase Latency => _latency;

    /// <summary>Runs; returns when nothing is on the way any more.</summary>
    /// <param name="warmUp">Does not count.</param>
    /// <param name="time">Counts.</param>
    /// <param name="flushes">Counts the device's flushes; may be <see langword="null"/>.</param>
    /// <param name="cancel">Ends it early.</param>
    /// <returns>The device's flushes, the commits, and the events in them, in the time that counts.</returns>
    public async Task<(long Flushes, long Commits, long Events)> RunAsync(TimeSpan warmUp, TimeSpan time, FlushMeter? flushes, CancellationToken cancel)
    {
        _begin = Stopwatch.GetTimestamp() + (long)(warmUp.TotalSeconds * Stopwatch.Frequency);
        _end = _begin + (long)(time.TotalSeconds * Stopwatch.Frequency);
        Task all = Task.WhenAll(Enumerable.Range(0, producers).Select(number => Task.Run(() => ProduceAsync(number, cancel), cancel)));
        await Task.Delay(warmUp, cancel);
        (long Flushes, long Commits, long Events) before = Look(flushes);
        await Task.WhenAny(all, Task.Delay(time, cancel)); // all: they failed
        (long Flushes, long Commits, long Events) after = Look(flushes);
        target.Drop();
        await all;
        return (after.Flushes - before.Flushes, after.Commits - before.Commits, after.Events - before.Events);
    }

    private (long Flushes, long Commits, long Events) Look(FlushMeter? flushes) => (flushes?.Read() ?? 0, target.Commits, target.Contestant.Events);

    private async Task ProduceAsync(int number, CancellationToken cancel)
    {
        byte[] payload = new byte[bytes];
        new Random(number).NextBytes(payload);
        for (long stamp = 0; ; stamp++)
        {
            BitConverter.TryWriteBytes(payload.AsSpan(4), stamp);
            long start = Stopwatch.GetTimestamp();
            if (start >= _end)
                return;
            try
            {
                await target.AppendAsync(payload, cancel);
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                return; // dropped
            }
            long now = Stopwatch.GetTimestamp();
            if (now < _begin || now >= _end)
                continue;
            long taken = (long)Stopwatch.GetElapsedTime(start, now).TotalNanoseconds;
            lock (_lock)
                _latency.RecordValue(taken);
        }
    }
}
