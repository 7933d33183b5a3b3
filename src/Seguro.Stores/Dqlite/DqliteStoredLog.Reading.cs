using System.Runtime.CompilerServices;
using Seguro.Core;

namespace Seguro.Stores.Dqlite;

sealed partial class DqliteStoredLog
{
    /// <summary>How many rows one page looks at.</summary>
    private const int PageRows = 2048;

    /// <summary>How many bytes a page has at the most beside its first event.</summary>
    private const long PageBytes = 1L << 20;

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredFragment> ReadAsync(EventNumber from, EventNumber to, [EnumeratorCancellation] CancellationToken cancel)
    {
        long next = Math.Max(keys.Clamped(from), keys.First + 1);
        long last = keys.Clamped(to);
        while (next <= last)
        {
            long end = Math.Min(last, next + PageRows - 1);
            DqliteValue[] page = [keys.Log, next, end, PageBytes];
            DqliteRows rows = await client.ReadAsync((session, token) => session.QueryAsync(DqliteSql.Page, page, token), cancel);
            try
            {
                bool found = rows.Read();
                if (!found || rows.Integer(0) != next)
                {
                    // Trimmed away, or the node that answered was deposed before it heard of these events.
                    (LogState state, DqliteRows confirmed) = await ConfirmedPageAsync(page, cancel);
                    rows.Dispose();
                    rows = confirmed;
                    found = rows.Read();
                    if (!found)
                    {
                        long first = keys.Clamped(state.First);
                        if (first <= next)
                            yield break;
                        next = first;
                        continue;
                    }
                }
                for (; found; found = rows.Read())
                {
                    long key = rows.Integer(0);
                    EventNumber number = keys.Number(key);
                    long size = rows.Integer(1);
                    Chain chain = new(rows.Blob(2).Span);
                    ReadOnlyMemory<byte> payload = rows.Blob(3);
                    yield return new StoredFragment(number, 0, size, chain, payload);
                    long missing = size - payload.Length;
                    for (int index = 1; missing > 0; index++)
                    {
                        using DqliteRows? fragment = await FragmentAsync(key, index, cancel);
                        if (fragment is null)
                            yield break;
                        ReadOnlyMemory<byte> bytes = fragment.Blob(0);
                        yield return new StoredFragment(number, index, size, chain, bytes);
                        missing -= bytes.Length;
                    }
                    next = key + 1;
                }
            }
            finally
            {
                rows.Dispose();
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask<Chain?> ReadChainAsync(EventNumber number, CancellationToken cancel)
    {
        if (keys.Of(number) is not { } key)
            return null;
        Chain? chain = await client.ReadAsync((session, token) => ChainAsync(session, key, token), cancel);
        return chain ?? await ConfirmedAsync((session, token) => ChainAsync(session, key, token), cancel);
    }

    /// <inheritdoc/>
    public ValueTask WaitPastAsync(EventNumber number, CancellationToken cancel) => signal.WaitAsync(
        async look => keys.Number(await client.ReadAsync((session, token) => NumberAsync(session, DqliteSql.HeadKey, [keys.Log], token), look)) > number,
        pause => Task.Delay(AppendSignal.Interval, time, pause),
        cancel);

    private async ValueTask<(LogState State, DqliteRows Rows)> ConfirmedPageAsync(DqliteValue[] page, CancellationToken cancel)
    {
        try
        {
            return await client.WriteAsync(
                async (session, token) =>
                {
                    LogState state = await ConfirmedStateAsync(session, token);
                    return (state, await session.QueryAsync(DqliteSql.Page, page, token));
                },
                cancel);
        }
        catch (UnknownOutcomeException unknown)
        {
            throw DqliteStore.Unconfirmed($"events of {ship} could not be read", unknown);
        }
    }

    /// <summary>Reads behind a write that a majority agreed on.</summary>
    private async ValueTask<T> ConfirmedAsync<T>(Func<DqliteSession, CancellationToken, ValueTask<T>> read, CancellationToken cancel)
    {
        try
        {
            return await client.WriteAsync(
                async (session, token) =>
                {
                    await session.ExecAsync(DqliteSql.Barrier, [], token);
                    return await read(session, token);
                },
                cancel);
        }
        catch (UnknownOutcomeException unknown)
        {
            throw DqliteStore.Unconfirmed($"events of {ship} could not be read", unknown);
        }
    }

    /// <summary>A staged fragment, as the current row of rows that the caller disposes of; <see langword="null"/> where it is not there.</summary>
    private async ValueTask<DqliteRows?> FragmentAsync(long key, int index, CancellationToken cancel)
    {
        async ValueTask<DqliteRows?> Read(DqliteSession session, CancellationToken token)
        {
            DqliteRows rows = await session.QueryAsync(DqliteSql.Fragment, [key, (long)index], token);
            if (rows.Read())
                return rows;
            rows.Dispose();
            return null;
        }

        return await client.ReadAsync(Read, cancel) ?? await ConfirmedAsync(Read, cancel);
    }

    private async ValueTask<Chain?> ChainAsync(DqliteSession session, long key, CancellationToken cancel)
    {
        using DqliteRows rows = await session.QueryAsync(DqliteSql.ChainAt, [keys.Log, key], cancel);
        return rows.Read() ? new Chain(rows.Blob(0).Span) : null;
    }
}
