using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text;
using RocksDbSharp;
using Seguro.Core;

namespace Seguro.Stores.RocksDb;

sealed partial class RocksDbLog
{
    private const int BatchBytes = 1 << 20;
    private const int BatchFragments = 1024;
    private static readonly ReadOptions Streaming = new ReadOptions().SetVerifyChecksums(true).SetFillCache(false);

    /// <inheritdoc/>
    public async ValueTask<LogState> ReadStateAsync(CancellationToken cancel) => (await Task.Run(() => database.Read(ReadState), cancel)).State;

    /// <inheritdoc/>
    public async ValueTask<Lease> ObserveLeaseAsync(CancellationToken cancel) => (await ReadStateAsync(cancel)).Lease;

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredFragment> ReadAsync(
        EventNumber from, EventNumber to, [EnumeratorCancellation] CancellationToken cancel)
    {
        // Batches are copied out, so that no iterator, and no file that a trim removed, is held while the reader works.
        using Batch batch = new(from, to);
        while (await Task.Run(() => database.Read(files => Fill(files, batch)), cancel))
        {
            foreach (StoredFragment fragment in batch.Fragments)
                yield return fragment;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<Chain?> ReadChainAsync(EventNumber number, CancellationToken cancel) => await Task.Run(
        () => database.Read<Chain?>(files =>
        {
            LogState state = ReadState(files).State;
            if (number == state.Base.Number)
                return state.Base.Chain;
            return number < state.First || number > state.Head.Number ? null : ReadLink(files, number)?.Chain;
        }),
        cancel);

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyDictionary<string, ReadOnlyMemory<byte>>> ReadMetadataAsync(CancellationToken cancel) => await Task.Run(
        () => database.Read(files =>
        {
            Dictionary<string, ReadOnlyMemory<byte>> metadata = [];
            byte[] start = RocksDbKey.Metadata(id, "");
            using Iterator iterator = files.Database.NewIterator(files.State);
            for (iterator.Seek(start); iterator.Valid() && iterator.GetKeySpan().StartsWith(start); iterator.Next())
                metadata.Add(Encoding.ASCII.GetString(iterator.GetKeySpan()[start.Length..]), iterator.Value());
            RocksDbFiles.Check(iterator);
            return metadata;
        }),
        cancel);

    /// <inheritdoc/>
    public ValueTask WaitPastAsync(EventNumber number, CancellationToken cancel) => database.Signal(id).WaitAsync(
        async token => (await ReadStateAsync(token)).Head.Number > number, pause => Task.Delay(AppendSignal.Interval, options.Time, pause), cancel);

    private RocksDbState ReadState(RocksDbFiles files) => files.Get(RocksDbKey.State(id)) is { } bytes
        ? RocksDbState.Decode(bytes, ship)
        : throw new SeguroException(ErrorCode.NoSuchLog, $"the log of {ship} is no longer in the database", "Find out who removed it.");

    private (Chain Chain, long Total)? ReadLink(RocksDbFiles files, EventNumber number)
    {
        Span<byte> header = stackalloc byte[HeaderSize];
        if (files.Database.Get(RocksDbKey.Fragment(id, number, 0), files.Events) is not { } value)
            return null;
        if (value.Length < HeaderSize)
            throw Damaged(number, "its header is cut short", null);
        value.AsSpan(0, HeaderSize).CopyTo(header);
        return (new Chain(header[(2 * sizeof(ulong))..]), BinaryPrimitives.ReadInt64LittleEndian(header[sizeof(ulong)..]));
    }

    private bool Fill(RocksDbFiles files, Batch batch)
    {
        batch.Clear();
        using Iterator iterator = files.Database.NewIterator(files.Events, Streaming);
        try
        {
            for (iterator.Seek(RocksDbKey.Fragment(id, batch.Number, batch.Index)); iterator.Valid() && batch.Fragments.Count < BatchFragments; iterator.Next())
            {
                if (!RocksDbKey.TryReadFragment(iterator.GetKeySpan(), id, out EventNumber number, out int index) || number > batch.To)
                    break;
                if (!TryAdd(batch, number, index, iterator.GetValueSpan()))
                    break;
            }
            RocksDbFiles.Check(iterator);
            return batch.Fragments.Count > 0;
        }
        catch (RocksDbException error) when (error.Message.StartsWith("Corruption", StringComparison.Ordinal))
        {
            throw Damaged(batch.Number, error.Message, error);
        }
    }

    private bool TryAdd(Batch batch, EventNumber number, int index, ReadOnlySpan<byte> value)
    {
        if (index == 0)
        {
            if (value.Length < HeaderSize || BinaryPrimitives.ReadInt64LittleEndian(value) < 0)
                throw Damaged(number, "its header is damaged", null);
            Chain chain = new(value.Slice(2 * sizeof(ulong), Chain.Size));
            return batch.TryAdd(new StoredFragment(number, 0, BinaryPrimitives.ReadInt64LittleEndian(value), chain, default), value[HeaderSize..]);
        }
        // What lies beyond the size of its event was left by a failed attempt; what has no fragment 0 is no event.
        return batch.Whole.Number != number || batch.TryAdd(batch.Whole with { Index = index }, value);
    }

    private SeguroException Damaged(EventNumber number, string why, Exception? cause) => new(
        ErrorCode.Corrupt, $"event {number} of {ship} can't be read: {why}",
        "Restore the log from another copy or from a backup; `seguro log verify` checks every event.", cause);

    private SeguroException Missing(EventNumber number) => new(
        ErrorCode.Corrupt, $"event {number} of {ship} is missing from the database", "Restore the log from another copy or from a backup.");

    /// <summary>Fragments copied out of the database into one buffer, which the next batch uses again; and where the next one begins.</summary>
    private sealed class Batch(EventNumber from, EventNumber to) : IDisposable
    {
        private byte[] _buffer = ArrayPool<byte>.Shared.Rent(BatchBytes);
        private int _used;

        /// <summary>The fragments.</summary>
        public List<StoredFragment> Fragments { get; } = [];

        /// <summary>The event of the fragment that is still to be read.</summary>
        public EventNumber Number { get; private set; } = from;

        /// <summary>The fragment that is still to be read.</summary>
        public int Index { get; private set; }

        /// <summary>The last event to be read.</summary>
        public EventNumber To { get; } = to;

        /// <summary>Fragment 0 of the event that is being read, without its bytes.</summary>
        public StoredFragment Whole { get; private set; }

        /// <summary>Forgets the fragments.</summary>
        public void Clear()
        {
            Fragments.Clear();
            _used = 0;
        }

        /// <summary>Copies a fragment; <see langword="false"/> where it has no place beside those that are here already.</summary>
        public bool TryAdd(StoredFragment fragment, ReadOnlySpan<byte> bytes)
        {
            if (bytes.Length > _buffer.Length - _used)
            {
                if (Fragments.Count > 0)
                    return false;
                ArrayPool<byte>.Shared.Return(_buffer);
                _buffer = ArrayPool<byte>.Shared.Rent(bytes.Length);
            }
            bytes.CopyTo(_buffer.AsSpan(_used));
            Fragments.Add(fragment with { Bytes = _buffer.AsMemory(_used, bytes.Length) });
            _used += bytes.Length;
            if (fragment.Index == 0)
                Whole = fragment;
            Number = fragment.Number;
            Index = fragment.Index + 1;
            return true;
        }

        /// <inheritdoc/>
        public void Dispose() => ArrayPool<byte>.Shared.Return(_buffer);
    }
}
