namespace Seguro.Benchmarks;

/// <summary>Many events on the way at any time: Seguro's one writer commits in groups what gathers, as a master does; the bare clients do as each can without grouping.</summary>
internal sealed class InFlightPart(RunningDatabases databases) : IBenchmarkPart
{
    private const int Bytes = 500;
    private static readonly string[] Replicated = ["postgresql", "dqlite", "etcd"];

    public string Name => "inflight";

    public string Description => "64 and 1024 events of 500 B in flight, beside the bare clients.";

    public async Task RunAsync(BenchmarkRun run, CancellationToken cancel)
    {
        using ScoreBook book = new(Name, run);
        FlushMeter? flushes = FlushMeter.For(Path.GetTempPath());
        IReadOnlyList<string> engines = run.Options.IsQuick ? [.. run.Options.Stores.Intersect(Replicated)] : run.Options.Stores;
        if (engines.Contains("postgresql"))
            run.Note($"inflight: bare on postgresql is {BarePostgresPool.Connections} connections, one row a transaction, no fence; with 1024 in flight the others wait for a free one.");
        if (engines.Contains("etcd"))
            run.Note("inflight: bare on etcd is that many transactions of one put each at a time, on one HTTP/2 connection.");
        if (engines.Except((string[])["postgresql", "etcd"]).Any())
            run.Note("inflight: bare on all others is one connection and one event a transaction, one after the other, since they have one writer.");
        for (int round = 1; round <= run.Options.Rounds; round++)
        {
            run.Say($"inflight: round {round} of {run.Options.Rounds}");
            foreach (int inFlight in (int[])[64, 1024])
            {
                foreach (string engine in engines)
                    await RoundAsync(run, book, engine, inFlight, isSeguroFirst: round % 2 == 1, flushes, cancel);
            }
            if (!run.Options.IsQuick)
                await databases.ForgetAsync();
        }
    }

    private static async Task<BareAppend> OpenBareAsync(RunningDatabase database, CancellationToken cancel) => database.Engine == "postgresql"
        ? await BarePostgresPool.OpenAsync(database.BarePostgres(), cancel)
        : await BareAppend.OpenAsync(database, cancel);

    private async Task RoundAsync(
        BenchmarkRun run, ScoreBook book, string engine, int inFlight, bool isSeguroFirst, FlushMeter? flushes, CancellationToken cancel)
    {
        RunningDatabase database = await databases.GetAsync(engine, cancel);
        await using SeguroContestant seguro = await SeguroContestant.OpenAsync(database, cancel);
        await using BareAppend bare = await OpenBareAsync(database, cancel);
        await using CommitQueue grouping = new(seguro, isGrouping: true, cancel);
        await using IInFlight plain = engine is "postgresql" or "etcd" ? new OverlappingCommits(bare) : new CommitQueue(bare, isGrouping: false, cancel);
        Dictionary<string, double> parameters = new() { [Parameter.Bytes] = Bytes, [Parameter.InFlight] = inFlight };
        TimeSpan time = TimeSpan.FromSeconds(database.IsServer && !run.Options.IsQuick ? 2 : 1);
        foreach (IInFlight target in isSeguroFirst ? (IInFlight[])[grouping, plain] : [plain, grouping])
        {
            InFlightLoad load = new(target, inFlight, Bytes);
            (long flushed, long commits, long events) = await load.RunAsync(time / 4, time, flushes, cancel);
            Score score = book.Of($"{inFlight} in flight, {AppendWorkload.Size(Bytes)}", engine, target.Contestant.Name, parameters);
            score.AddLatencies(load.Latency);
            score.AddRound(load.Latency.TotalCount, load.Latency.TotalCount * Bytes, time.TotalSeconds);
            score.AddGroups(events, commits);
            if (flushes is not null)
                score.AddFlushes(flushed, commits);
            await target.Contestant.CheckAsync(cancel);
        }
    }
}
