using System.Buffers.Binary;
using RocksDbSharp;

namespace Seguro.Benchmarks;

/// <summary>RocksDB by RocksDbSharp: a synchronous write batch a commit.</summary>
internal sealed class BareRocksDb(string path) : BareAppend
{
    private readonly RocksDb _database = RocksDb.Open(new DbOptions().SetCreateIfMissing(true).SetCompression(Compression.No), path);
    private readonly WriteOptions _synchronous = new WriteOptions().SetSync(true);
    private ulong _last;

    public override ValueTask AppendAsync(ReadOnlyMemory<byte>[] payloads, CancellationToken cancel)
    {
        using WriteBatch batch = new();
        byte[] key = new byte[8];
        foreach (ReadOnlyMemory<byte> payload in payloads)
        {
            BinaryPrimitives.WriteUInt64BigEndian(key, ++_last);
            batch.Put(key, payload.Span);
        }
        _database.Write(batch, _synchronous);
        return ValueTask.CompletedTask;
    }

    public override ValueTask DisposeAsync()
    {
        _database.Dispose();
        return ValueTask.CompletedTask;
    }

    protected override ValueTask<(long Events, long Bytes)> ReadBackAsync(CancellationToken cancel)
    {
        (long events, long bytes) = (0, 0);
        using Iterator rows = _database.NewIterator();
        for (rows.SeekToFirst(); rows.Valid(); rows.Next())
        {
            events++;
            bytes += rows.Value().Length;
        }
        return ValueTask.FromResult((events, bytes));
    }
}
