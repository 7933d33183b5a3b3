using Seguro.Core;
using Seguro.Stores.Etcd.Wire;

namespace Seguro.Stores.Etcd;

/// <summary>How much of the window is taken, over all logs.</summary>
/// <remarks>
/// A log's own share is part of the state that its append compares, so it is exact. The shares of the others are as they were a second ago at the most: masters of several ships that
/// write at the same time can pass the window by what they write in that second. etcd's own quota stands behind it.
/// </remarks>
sealed class EtcdRoom(EtcdClient client, EtcdKeys keys, long window, TimeProvider time)
{
    /// <summary>What an event costs beside its payload, in bytes: its record, and its share of a key.</summary>
    public const int RowCost = 64;

    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private Dictionary<string, (long Held, long Rows)> _logs = [];
    private long? _readAt;

    /// <summary>How many payload bytes the next event may have.</summary>
    public async ValueTask<long> ReadAsync(CancellationToken cancel)
    {
        await RefreshAsync(cancel);
        lock (_lock)
        {
            (long held, long rows) = Sum(null);
            return (rows + 1) * RowCost > window ? 0 : Math.Max(0, window - held);
        }
    }

    /// <summary>Reads the shares of the others again where they are old.</summary>
    public ValueTask KeepFreshAsync(CancellationToken cancel)
    {
        lock (_lock)
        {
            if (_readAt is { } at && time.GetElapsedTime(at) < Fresh)
                return ValueTask.CompletedTask;
        }
        return RefreshAsync(cancel);
    }

    /// <summary>Reads the shares of all logs.</summary>
    public async ValueTask RefreshAsync(CancellationToken cancel)
    {
        long now = time.GetTimestamp();
        RangeResponse answer = await client.RangeAsync(new RangeRequest { Key = keys.States, RangeEnd = EtcdKeys.EndOf(keys.States) }, cancel);
        Dictionary<string, (long Held, long Rows)> logs = [];
        foreach (KeyValue pair in answer.Kvs)
        {
            EtcdState state = EtcdStore.Read(pair, static bytes => EtcdState.Parse(bytes.Span));
            logs[EtcdKeys.After(keys.States, pair.Key)] = (state.Held, state.Rows);
        }
        lock (_lock)
            (_logs, _readAt) = (logs, now);
    }

    /// <summary>The error of a write that does not fit; <see langword="null"/>: it fits.</summary>
    /// <param name="ship">Whose log.</param>
    /// <param name="held">What the log would hold after it, in bytes.</param>
    /// <param name="rows">How many events it would hold.</param>
    /// <param name="added">What is to be added, in bytes, for the message.</param>
    public SeguroException? Check(Ship ship, long held, long rows, long added)
    {
        lock (_lock)
        {
            (long others, long otherRows) = Sum(ship);
            if (others + held <= window && (otherRows + rows) * RowCost <= window)
                return null;
            return new SeguroException(
                ErrorCode.TooLarge,
                $"{added:N0} bytes do not fit into the window of the etcd store: with them it would hold {others + held:N0} of {window:N0} bytes and {otherRows + rows:N0} of {window / RowCost:N0} events",
                "Nothing was written. Trim events that every member has, or use a store without a window.");
        }
    }

    private (long Held, long Rows) Sum(Ship? without)
    {
        (long held, long rows) = (0, 0);
        foreach ((string ship, (long Held, long Rows) share) in _logs)
        {
            if (without is { } left && left.Name == ship)
                continue;
            held += share.Held;
            rows += share.Rows;
        }
        return (held, rows);
    }
}
