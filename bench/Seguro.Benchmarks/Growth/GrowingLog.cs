using System.Diagnostics;
using Seguro.Core;
using Seguro.Stores;

namespace Seguro.Benchmarks;

/// <summary>A ship's log that this process writes: its lease, its head, and payloads for it. For one thread at a time.</summary>
internal sealed class GrowingLog : IAsyncDisposable
{
    private static readonly TimeSpan LeaseDuration = TimeSpan.FromSeconds(10);

    private readonly ReadOnlyMemory<byte>[] _one = new ReadOnlyMemory<byte>[1];

    private GrowingLog(EventLog log, WriterLease lease, Position head, PayloadSource payloads)
    {
        (Log, Lease, Head, Payloads) = (log, lease, head, payloads);
    }

    /// <summary>The log.</summary>
    public EventLog Log { get; }

    /// <summary>The right to write it.</summary>
    public WriterLease Lease { get; }

    /// <summary>Its end.</summary>
    public Position Head { get; private set; }

    /// <summary>What is appended.</summary>
    public PayloadSource Payloads { get; }

    /// <summary>Opens the log, makes it where there is none, and becomes its writer.</summary>
    public static async Task<GrowingLog> OpenAsync(IStore store, Ship ship, PayloadSource payloads, CancellationToken cancel)
    {
        EventLog log = new(await store.CreateLogAsync(ship, Position.Origin, new Dictionary<string, ReadOnlyMemory<byte>>(), cancel), store.Capabilities);
        WriterLease lease = await WriterLease.AcquireAsync(log, "bench", LeaseDuration, TimeProvider.System, cancel);
        return new GrowingLog(log, lease, (await log.ReadStateAsync(cancel)).Head.Position, payloads);
    }

    /// <summary>Appends one event.</summary>
    public ValueTask AppendOneAsync(CancellationToken cancel)
    {
        _one[0] = Payloads.Next();
        return AppendAsync(_one, cancel);
    }

    /// <summary>Appends a group.</summary>
    public async ValueTask AppendAsync(ReadOnlyMemory<byte>[] group, CancellationToken cancel)
    {
        AppendResult result = await Log.AppendAsync(Lease.Term, Head, group, cancel);
        Head = result.IsCommitted ? result.Reached : throw new InvalidOperationException($"an append to {Log.Ship} was not committed: {result.Outcome}");
    }

    /// <summary>Appends until the head is <paramref name="head"/>, in groups of <paramref name="group"/>; how long that took.</summary>
    public async Task<TimeSpan> GrowToAsync(long head, int group, CancellationToken cancel)
    {
        long start = Stopwatch.GetTimestamp();
        while ((long)Head.Number.Value < head)
            await AppendAsync(NextGroup((int)Math.Min(group, head - (long)Head.Number.Value)), cancel);
        return Stopwatch.GetElapsedTime(start);
    }

    /// <summary>Payloads for a group.</summary>
    public ReadOnlyMemory<byte>[] NextGroup(int count)
    {
        ReadOnlyMemory<byte>[] group = new ReadOnlyMemory<byte>[count];
        for (int i = 0; i < count; i++)
            group[i] = Payloads.Next();
        return group;
    }

    /// <summary>Frees the lease and closes the log; the store stays open.</summary>
    public async ValueTask DisposeAsync()
    {
        await Lease.DisposeAsync();
        await Log.DisposeAsync();
    }
}
