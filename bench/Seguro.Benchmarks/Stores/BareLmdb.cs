using LightningDB;
using Seguro.Piers;

namespace Seguro.Benchmarks;

/// <summary>LMDB by LightningDB: what vere does today, a transaction and an fsync a commit.</summary>
internal sealed class BareLmdb : BareAppend
{
    private readonly LightningEnvironment _environment;
    private readonly LightningDatabase _events;
    private ulong _last;

    public BareLmdb(string path)
    {
        LmdbLibrary.Require();
        _environment = new LightningEnvironment(path, new EnvironmentConfiguration { MapSize = 1L << 40, MaxDatabases = 2 });
        _environment.Open();
        using LightningTransaction first = _environment.BeginTransaction();
        _events = first.OpenDatabase("EVENTS", new DatabaseConfiguration { Flags = DatabaseOpenFlags.Create | DatabaseOpenFlags.IntegerKey });
        first.Commit().ThrowOnError();
    }

    public override ValueTask AppendAsync(ReadOnlyMemory<byte>[] payloads, CancellationToken cancel)
    {
        Append(payloads);
        return ValueTask.CompletedTask;
    }

    /// <summary>The same; its thread waits for the disk anyhow.</summary>
    public void Append(ReadOnlyMemory<byte>[] payloads)
    {
        using LightningTransaction transaction = _environment.BeginTransaction();
        foreach (ReadOnlyMemory<byte> payload in payloads)
            transaction.Put(_events, BitConverter.GetBytes(++_last), payload.Span, PutOptions.NoOverwrite).ThrowOnError();
        transaction.Commit().ThrowOnError();
    }

    public override ValueTask DisposeAsync()
    {
        _events.Dispose();
        _environment.Dispose();
        return ValueTask.CompletedTask;
    }

    protected override ValueTask<(long Events, long Bytes)> ReadBackAsync(CancellationToken cancel)
    {
        (long events, long bytes) = (0, 0);
        using LightningTransaction transaction = _environment.BeginTransaction(TransactionBeginFlags.ReadOnly);
        using LightningCursor cursor = transaction.CreateCursor(_events);
        while (cursor.Next().resultCode == MDBResultCode.Success)
        {
            events++;
            bytes += cursor.GetCurrent().value.AsSpan().Length;
        }
        return ValueTask.FromResult((events, bytes));
    }
}
