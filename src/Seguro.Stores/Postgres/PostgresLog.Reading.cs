using System.Buffers;
using System.Data;
using System.Runtime.CompilerServices;
using Npgsql;
using Seguro.Core;

namespace Seguro.Stores.Postgres;

sealed partial class PostgresLog
{
    private const int PageRows = 1024;
    private const int PageBytes = 4 << 20;

    /// <inheritdoc/>
    /// <remarks>
    /// Page by page (1024 rows or 4 MiB, at least one row), each by a query of its own that is read to its end at once: a slow reader
    /// holds no snapshot, which would keep PostgreSQL from cleaning up behind the hot row's updates.
    /// </remarks>
    public async IAsyncEnumerable<StoredFragment> ReadAsync(EventNumber from, EventNumber to, [EnumeratorCancellation] CancellationToken cancel)
    {
        if (from.Value > long.MaxValue)
            yield break;
        long next = Math.Max(1, (long)from.Value);
        long last = (long)Math.Min(to.Value, long.MaxValue);
        using Page page = new();
        while (next <= last)
        {
            await _source.ReadAsync((connection, token) => page.FillAsync(connection, this, next, last, token), cancel);
            if (page.Rows.Count == 0)
                yield break;
            foreach (Row row in page.Rows)
            {
                EventNumber number = new((ulong)row.Number);
                yield return new StoredFragment(number, 0, row.Size, row.Chain, page.Bytes(row));
                long have = row.Length;
                for (int index = 1; have < row.Size; index++)
                {
                    using Page fragment = new();
                    if (!await _source.ReadAsync((connection, token) => fragment.FillAsync(connection, _id, row.Number, index, token), cancel))
                        break; // Trimmed under us, or lost: the reader above finds out which.
                    yield return new StoredFragment(number, index, row.Size, row.Chain, fragment.Bytes(fragment.Rows[0]));
                    have += Math.Max(1, fragment.Rows[0].Length);
                }
                if (row.Number == last)
                    yield break;
                next = row.Number + 1;
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask<Chain?> ReadChainAsync(EventNumber number, CancellationToken cancel)
    {
        if (number.Value > long.MaxValue)
            return null;
        return await _source.ReadAsync<Chain?>(
            async (connection, token) =>
            {
                await using NpgsqlCommand command = new(Statements.ReadChain, connection);
                command.Add(_id);
                command.Add((long)number.Value);
                await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(token);
                if (!await reader.ReadAsync(token))
                    throw Gone();
                return reader.IsDBNull(0) ? null : ReadChain(reader, 0);
            },
            cancel);
    }

    /// <inheritdoc/>
    /// <remarks>NOTIFY would tell of another process's appends sooner than looking does, but the writer would pay for it.</remarks>
    public ValueTask WaitPastAsync(EventNumber number, CancellationToken cancel) => _signal.WaitAsync(
        look => _source.ReadAsync(
            async (connection, token) =>
            {
                await using NpgsqlCommand command = new(Statements.ObserveHead, connection);
                command.Add(_id);
                return await command.ExecuteScalarAsync(token) is long head ? (ulong)head > number.Value : throw Gone();
            },
            look),
        pause => Task.Delay(AppendSignal.Interval, _source.Time, pause),
        cancel);

    private Chain ReadChain(NpgsqlDataReader reader, int column)
    {
        byte[] bytes = reader.GetFieldValue<byte[]>(column);
        return bytes.Length == Chain.Size ? new Chain(bytes) : throw Corrupt($"a chain has {bytes.Length} bytes instead of {Chain.Size}");
    }

    private readonly record struct Row(long Number, long Size, Chain? Chain, int Offset, int Length);

    /// <summary>Rows in memory, their bytes in one pooled buffer that the next page uses again.</summary>
    private sealed class Page : IDisposable
    {
        private byte[] _buffer = [];
        private int _used;

        public List<Row> Rows { get; } = [];

        public ReadOnlyMemory<byte> Bytes(Row row) => _buffer.AsMemory(row.Offset, row.Length);

        public async ValueTask<bool> FillAsync(NpgsqlConnection connection, PostgresLog log, long from, long to, CancellationToken cancel)
        {
            Clear();
            await using NpgsqlCommand command = new(Statements.ReadPage, connection);
            command.Add(log._id);
            command.Add(from);
            command.Add(to);
            command.Add((long)PageRows);
            command.Add((long)PageBytes);
            await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(CommandBehavior.SequentialAccess, cancel);
            while (await reader.ReadAsync(cancel))
            {
                long number = reader.GetInt64(0);
                long size = reader.GetInt64(1);
                Chain chain = log.ReadChain(reader, 2);
                int length = reader.GetInt32(3);
                if (size < length)
                    throw log.Corrupt($"event {number} has more bytes than its size of {size} says");
                await TakeAsync(reader, 4, length, cancel);
                Rows.Add(new Row(number, size, chain, _used - length, length));
            }
            return true;
        }

        public async ValueTask<bool> FillAsync(NpgsqlConnection connection, int log, long number, int index, CancellationToken cancel)
        {
            Clear();
            await using NpgsqlCommand command = new(Statements.ReadFragment, connection);
            command.Add(log);
            command.Add(number);
            command.Add(index);
            await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(CommandBehavior.SequentialAccess, cancel);
            if (!await reader.ReadAsync(cancel))
                return false;
            int length = reader.GetInt32(0);
            await TakeAsync(reader, 1, length, cancel);
            Rows.Add(new Row(number, 0, null, 0, length));
            return true;
        }

        public void Dispose()
        {
            if (_buffer.Length > 0)
                ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = [];
        }

        private void Clear()
        {
            Rows.Clear();
            _used = 0;
        }

        private async ValueTask TakeAsync(NpgsqlDataReader reader, int column, int length, CancellationToken cancel)
        {
            if (_buffer.Length - _used < length)
                Grow(length);
            if (length > 0)
            {
                await using Stream stream = await reader.GetStreamAsync(column, cancel);
                await stream.ReadExactlyAsync(_buffer.AsMemory(_used, length), cancel);
            }
            _used += length;
        }

        private void Grow(int length)
        {
            // A page of several rows never passes PageBytes, so it grows a few times at the most; a single large row comes first in its page.
            byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(_used + length, Math.Min(2 * _buffer.Length, PageBytes)));
            _buffer.AsSpan(0, _used).CopyTo(larger);
            if (_buffer.Length > 0)
                ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }
    }
}
