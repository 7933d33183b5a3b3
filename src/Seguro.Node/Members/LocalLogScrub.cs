using Seguro.Core;
using Seguro.Piers.LocalLogs;

namespace Seguro.Node.Members;

/// <summary>Reads all of a member's own log, slowly and once a day, so that a flipped bit is found while other members still have what is damaged here.</summary>
/// <param name="log">The log.</param>
/// <param name="bytesPerSecond">How fast, in payload bytes.</param>
/// <param name="time">The clock.</param>
sealed class LocalLogScrub(LocalLog log, long bytesPerSecond, TimeProvider time)
{
    private const int Group = 256;
    private const long GroupBytes = 256 << 10;

    // What one event costs beside its payload: a page is read for it in any case.
    private const long Overhead = 256;

    private static readonly TimeSpan Between = TimeSpan.FromDays(1);
    private static readonly TimeSpan AfterCut = TimeSpan.FromSeconds(1);

    /// <summary>Reads until it is told to end, or something is found.</summary>
    /// <returns>What was found; <see langword="null"/> where it was told to end.</returns>
    /// <exception cref="SeguroException">The disk can't be read.</exception>
    public async Task<DamagedLogException?> RunAsync(CancellationToken cancel)
    {
        Position at = log.Base;
        while (!cancel.IsCancellationRequested)
        {
            Position end = log.Head;
            TimeSpan pause = AfterCut;
            try
            {
                IReadOnlyList<Event>? events = await log.ReadAsync(at, end.Number, Group, GroupBytes, cancel);
                if (events is { Count: > 0 })
                {
                    at = new Position(events[^1].Number, events[^1].Chain);
                    pause = TimeSpan.FromSeconds((double)events.Sum(static read => read.Payload.Length + Overhead) / bytesPerSecond);
                }
                else
                {
                    pause = events is null ? AfterCut : Between;
                    at = log.Base;
                }
            }
            catch (DamagedLogException) when (log.Head.Number < end.Number)
            {
                at = log.Base; // quarantine took the events away under the reader
            }
            catch (DamagedLogException found)
            {
                return found;
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                return null;
            }
            await Task.Delay(pause, time, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        return null;
    }
}
