using HdrHistogram;
using Seguro.Core;
using Seguro.Piers;
using Seguro.Testing;
using Seguro.Vere.Mirror;

namespace Seguro.Benchmarks;

/// <summary>
/// A mirror beside a process that writes a pier's log as vere does: how long after its commit an event is in the store, and how many commits a second
/// the writer gets done beside a mirror and without one.
/// </summary>
internal sealed class MirrorPart : IBenchmarkPart
{
    /// <summary>What the delay is measured with: some fifty commits a second, as of a busy ship.</summary>
    public const string Delay = "some 50 commits a second";

    /// <summary>What the cost is measured with.</summary>
    public const string Cost = "commits as fast as they go";

    /// <summary>A store in memory, which costs this machine's disk nothing, as one on another machine does: what is left is the mirror's own cost.</summary>
    public const string Memory = "memory";

    /// <summary>The contestant without a mirror.</summary>
    public const string Alone = "alone";

    private const string Part = "mirror";

    public string Name => Part;

    public string Description => "A mirror beside a process that writes a pier as vere does: its delay, and what it costs the writer.";

    public async Task RunAsync(BenchmarkRun run, CancellationToken cancel)
    {
        TimeSpan time = run.Options.Pick(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(1));
        ModelDatabase memory = new(new ModelOptions());
        await MeasureAsync(run, Memory, _ => new(memory.Open()), time, cancel);
        foreach (string engine in run.Options.Stores.Where(static engine => engine is "sqlite" or "lmdb" or "rocksdb" or "postgresql"))
        {
            await using RunningDatabase database = await RunningDatabase.StartAsync(engine, cancel);
            await MeasureAsync(run, engine, token => database.OpenAsync(token), time, cancel);
        }
    }

    private static async Task MeasureAsync(BenchmarkRun run, string subject, Func<CancellationToken, ValueTask<IStore>> store, TimeSpan time, CancellationToken cancel)
    {
        LongHistogram delays = LatencyFigures.NewHistogram();
        List<double> beside = [];
        List<double> alone = [];
        for (int round = 0; round < run.Options.Rounds; round++)
        {
            run.Say($"mirror: {subject}, round {round + 1} of {run.Options.Rounds}");
            await FollowAsync(store, delays, time, TimeSpan.FromMilliseconds(20), cancel);
            // In turn, and each first every other time.
            foreach (bool isBeside in round % 2 == 0 ? [true, false] : (bool[])[false, true])
                (isBeside ? beside : alone).Add(await FollowAsync(isBeside ? store : null, null, time, TimeSpan.Zero, cancel));
        }
        run.Add(new Measurement { Part = Part, Workload = Delay, Subject = subject, Contestant = Measurement.Seguro, Latency = LatencyFigures.From(delays) });
        run.Add(new Measurement { Part = Part, Workload = Cost, Subject = subject, Contestant = Measurement.Seguro, EventsPerSecond = Median.Of(beside) });
        run.Add(new Measurement { Part = Part, Workload = Cost, Subject = subject, Contestant = Alone, EventsPerSecond = Median.Of(alone) });
    }

    /// <summary>Lets the writer write for some time, and gives its commits a second.</summary>
    /// <param name="store">Where the mirror copies to; <see langword="null"/>: there is none.</param>
    /// <param name="delays">Gets, for each commit, the time until the store had it.</param>
    /// <param name="time">How long.</param>
    /// <param name="pause">Between commits.</param>
    /// <param name="cancel">Ends it.</param>
    private static async Task<double> FollowAsync(Func<CancellationToken, ValueTask<IStore>>? store, LongHistogram? delays, TimeSpan time, TimeSpan pause, CancellationToken cancel)
    {
        using TemporaryFolder folder = new("bench");
        string pier = folder["pier"];
        PierIdentity identity = new((UInt128)Random.Shared.Next(1 << 20, int.MaxValue), IsFake: true, Life: 5); // a log of its own each time
        using (PierWriter writer = PierWriter.Create(pier, identity, EventNumber.None, "4.6"))
        {
            for (ulong number = 1; number <= 100; number++)
                writer.Append(new EventNumber(number), WriterPayload.Of(1, number, 0));
            writer.Complete();
        }
        await using PierMirror? mirror = store is null ? null : await PierMirror.StartAsync(new MirrorOptions { Pier = pier }, store, progress: null, cancel);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Task following = mirror is null ? Task.CompletedTask : Task.Run(() => mirror.RunAsync(stop.Token), cancel);
        List<(ulong Head, DateTimeOffset At)> heads = [];
        Thread? watching = mirror is null || delays is null ? null : new Thread(() => Watch(mirror, heads, stop.Token)) { IsBackground = true };
        await using PierWritingProcess writing = PierWritingProcess.Start(pier, 7, pause);
        await writing.ReachAsync(101, cancel);
        watching?.Start();
        int before = writing.Commits.Count;
        long start = TimeProvider.System.GetTimestamp();
        await Task.Delay(time, cancel);
        IReadOnlyList<(ulong Last, DateTimeOffset At)> commits = writing.Commits;
        double rate = (commits.Count - before) / TimeProvider.System.GetElapsedTime(start).TotalSeconds;
        await writing.KillAsync();
        while (mirror is not null && mirror.Status.Head.Value < commits[^1].Last && !following.IsCompleted)
            await Task.Delay(5, cancel);
        await Task.Delay(mirror is null ? 0 : 20, cancel); // so that the last one is seen as well
        await stop.CancelAsync();
        await following.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        watching?.Join();
        if (delays is not null)
            Measure([.. commits.Skip(before)], heads, delays);
        return rate;
    }

    private static void Watch(PierMirror mirror, List<(ulong Head, DateTimeOffset At)> heads, CancellationToken stop)
    {
        ulong last = 0;
        while (!stop.IsCancellationRequested)
        {
            ulong head = mirror.Status.Head.Value;
            if (head != last)
                heads.Add((last = head, DateTimeOffset.UtcNow));
            Thread.Sleep(1);
        }
    }

    private static void Measure(IReadOnlyList<(ulong Last, DateTimeOffset At)> commits, IReadOnlyList<(ulong Head, DateTimeOffset At)> heads, LongHistogram delays)
    {
        int seen = 0;
        foreach ((ulong last, DateTimeOffset at) in commits)
        {
            while (seen < heads.Count && heads[seen].Head < last)
                seen++;
            if (seen < heads.Count)
                delays.Add(heads[seen].At > at ? heads[seen].At - at : TimeSpan.Zero);
        }
    }
}
