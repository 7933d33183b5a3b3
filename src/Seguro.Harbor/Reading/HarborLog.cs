using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Seguro.Core;
using Seguro.Harbor.Format;

namespace Seguro.Harbor.Reading;

/// <summary>A ship's log in harbors as a stored log, so that whatever reads logs reads backups: export, restore, verification. It can't be written.</summary>
public sealed class HarborLog : ReadOnlyLog
{
    private const int LargestPiece = 4 << 20;
    private readonly HarborReader _reader;

    private HarborLog(HarborReader reader)
        : base("a harbor") => _reader = reader;

    /// <inheritdoc/>
    public override Ship Ship => _reader.Ship;

    /// <summary>The log of a reader, which must not read meanwhile.</summary>
    public static EventLog Open(HarborReader reader) => new(new HarborLog(reader), new StoreCapabilities
    {
        Engine = "harbor",
        LargestFragment = LargestPiece,
        LargestTransaction = LargestPiece,
        LargestEvent = uint.MaxValue,
        DurableCopies = 1,
        CommitMeans = "as durable as the targets are",
    });

    /// <inheritdoc/>
    public override ValueTask<LogState> ReadStateAsync(CancellationToken cancel) =>
        new(new LogState(_reader.Base, new Head(Term.None, _reader.Head.Number, _reader.Head.Chain), Lease.None, _reader.Useful.First().Bytes));

    /// <inheritdoc/>
    public override ValueTask<Lease> ObserveLeaseAsync(CancellationToken cancel) => new(Lease.None);

    /// <inheritdoc/>
    public override async IAsyncEnumerable<StoredFragment> ReadAsync(EventNumber from, EventNumber to, [EnumeratorCancellation] CancellationToken cancel)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(LargestPiece);
        try
        {
            EventNumber next = from;
            await foreach (OpenedObject segment in _reader.ReadAsync(from, to, cancel))
            {
                ReadOnlyMemory<byte> all = segment.Content is MemoryStream inMemory && inMemory.TryGetBuffer(out ArraySegment<byte> bytes) ? bytes : default;
                for (; next <= to && next <= segment.Manifest.Last; next = next.Next)
                {
                    segment.Content.ReadExactly(buffer.AsSpan(0, OpenedObject.RecordHead));
                    long size = (long)BinaryPrimitives.ReadUInt64LittleEndian(buffer.AsSpan(sizeof(ulong)));
                    long offset = 0;
                    int index = 0;
                    do
                    {
                        int length = (int)Math.Min(size - offset, LargestPiece);
                        ReadOnlyMemory<byte> piece;
                        if (all.IsEmpty)
                        {
                            segment.Content.ReadExactly(buffer.AsSpan(0, length));
                            piece = buffer.AsMemory(0, length);
                        }
                        else
                        {
                            piece = all.Slice((int)segment.Content.Position, length);
                            segment.Content.Position += length;
                        }
                        yield return new StoredFragment(next, index++, size, null, piece);
                        offset += length;
                    }
                    while (offset < size);
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <inheritdoc/>
    public override async ValueTask<Chain?> ReadChainAsync(EventNumber number, CancellationToken cancel) =>
        number < _reader.Base.Number || number > _reader.Head.Number ? null : await _reader.ReadChainAsync(number, cancel);

    /// <inheritdoc/>
    public override ValueTask<IReadOnlyDictionary<string, ReadOnlyMemory<byte>>> ReadMetadataAsync(CancellationToken cancel) => new(_reader.Metadata);

    /// <inheritdoc/>
    public override ValueTask WaitPastAsync(EventNumber number, CancellationToken cancel) => throw Refused();

    /// <inheritdoc/>
    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
