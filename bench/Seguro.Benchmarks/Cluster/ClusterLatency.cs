using HdrHistogram;
using Seguro.Cli.Demo.Probes;
using Seguro.Core;
using Seguro.Piers;
using Seguro.Stores;

namespace Seguro.Benchmarks;

/// <summary>One datagram after the other, for each optimism, and in the same rounds the store's own commits of an event of the same size, and LMDB's, which is what vere does.</summary>
internal static class ClusterLatency
{
    /// <summary>An event appended by Seguro's <see cref="EventLog"/>, without a cluster.</summary>
    public const string Log = "EventLog";

    /// <summary>An event a transaction in LMDB.</summary>
    public const string Lmdb = "bare LMDB";

    /// <summary>The same hops without Seguro.</summary>
    public const string Hops = "bare hops with a bare LMDB commit";

    private static readonly TimeSpan AskAgain = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    public static async Task MeasureAsync(BenchmarkRun run, ClusterSubject subject, CancellationToken cancel)
    {
        // Short turns: what else the machine does meanwhile meets all alike.
        (int turns, int questions, int warmUp) = run.Options.Pick((5, 200, 60), (3, 50, 15));
        LongHistogram[] cluster = [LatencyFigures.NewHistogram(), LatencyFigures.NewHistogram(), LatencyFigures.NewHistogram()];
        (LongHistogram mine, LongHistogram bare, LongHistogram lmdb) = (LatencyFigures.NewHistogram(), LatencyFigures.NewHistogram(), LatencyFigures.NewHistogram());
        LongHistogram hops = LatencyFigures.NewHistogram();
        using ShipProbe probe = new(subject.Members.Public, ClusterPart.Size, TimeProvider.System);
        ReadOnlyMemory<byte>[] payload = [new byte[await EventSizeAsync(subject, cancel)]];
        await using IStore store = await subject.OpenStoreAsync(cancel);
        await using EventLog log = new(await store.CreateLogAsync(Ship.Parse("~nec"), Position.Origin, new Dictionary<string, ReadOnlyMemory<byte>>(), cancel), store.Capabilities);
        await using WriterLease lease = await WriterLease.AcquireAsync(log, "bench", TimeSpan.FromSeconds(10), TimeProvider.System, cancel);
        await using BareAppend direct = await subject.OpenBareAsync(cancel);
        LmdbLibrary.Require();
        await using RunningDatabase files = await RunningDatabase.StartAsync("lmdb", cancel);
        await using BareAppend local = await BareAppend.OpenAsync(files, cancel);
        await using BareLmdb middle = new(files.NewPath("hops"));
        using BareHops bareHops = new(ClusterPart.Size, middle, payload, cancel);
        Position head = (await log.ReadStateAsync(cancel)).Head.Position;
        for (int turn = 0; turn < run.Options.Rounds * turns; turn++)
        {
            for (int optimism = 0; optimism < cluster.Length; optimism++)
            {
                await subject.SetOptimismAsync(optimism, cancel);
                for (int i = -warmUp; i < questions; i++)
                {
                    ProbeAnswer answer = await probe.AskAsync(AskAgain, cancel).WaitAsync(Patience, cancel);
                    if (i >= 0)
                        cluster[optimism].Add(answer.Latency);
                }
            }
            for (int i = -warmUp; i < questions; i++)
            {
                TimeSpan start = probe.Now;
                AppendResult result = await log.AppendAsync(lease.Term, head, payload, cancel);
                TimeSpan appended = probe.Now;
                await direct.AppendAsync(payload, cancel);
                TimeSpan inserted = probe.Now;
                await local.AppendAsync(payload, cancel);
                TimeSpan end = probe.Now;
                head = result.IsCommitted ? result.Reached : throw new InvalidOperationException(result.Outcome.ToString());
                if (i < 0)
                    continue;
                mine.Add(appended - start);
                bare.Add(inserted - appended);
                lmdb.Add(end - inserted);
            }
            for (int i = -warmUp; i < questions; i++)
            {
                TimeSpan start = probe.Now;
                bareHops.Ask();
                if (i >= 0)
                    hops.Add(probe.Now - start);
            }
        }
        await subject.SetOptimismAsync(1, cancel);
        for (int optimism = 0; optimism < cluster.Length; optimism++)
            Add(Measurement.Seguro, cluster[optimism], optimism);
        Add(Log, mine, null);
        Add(Measurement.Bare, bare, null);
        Add(Lmdb, lmdb, null);
        Add(Hops, hops, null);

        void Add(string contestant, LongHistogram latencies, int? optimism) => run.Add(new Measurement
        {
            Part = "latency",
            Workload = $"an event of {payload[0].Length} B after the other",
            Subject = subject.Engine,
            Contestant = contestant,
            Parameters = optimism is { } replicas ? new Dictionary<string, double> { [Parameter.Optimism] = replicas } : new Dictionary<string, double>(),
            Latency = LatencyFigures.From(latencies),
        });
    }

    /// <summary>How many bytes the event of a probe's datagram has in the log.</summary>
    private static async Task<int> EventSizeAsync(ClusterSubject subject, CancellationToken cancel)
    {
        await using IStore store = await subject.OpenStoreAsync(cancel);
        await using IStoredLog? stored = await store.OpenLogAsync(Ship.Parse("~zod"), cancel);
        EventLog log = new(stored!, store.Capabilities);
        LogState state = await log.ReadStateAsync(cancel);
        await foreach (Event last in log.ReadAsync(state, state.Head.Number, state.Head.Number, cancel))
            return last.Payload.Length;
        throw new InvalidOperationException("The log is empty.");
    }
}
