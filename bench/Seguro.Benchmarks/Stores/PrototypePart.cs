namespace Seguro.Benchmarks;

/// <summary>
/// What the Seguro prototype of 2022 measured: events written one by one, and five in a transaction, to dqlite through go-dqlite's driver of Go's database/sql;
/// here beside Seguro on the same nodes, turn about.
/// </summary>
internal sealed class PrototypePart(RunningDatabases databases) : IBenchmarkPart
{
    private const string Engine = "dqlite";
    private const int Bytes = 500;
    private const int PrototypeGroup = 5;
    private const int SeguroGroup = 100;

    public string Name => "prototype";

    public string Description => "The workload of the prototype of 2022 on dqlite by go-dqlite, beside Seguro on the same nodes.";

    public async Task RunAsync(BenchmarkRun run, CancellationToken cancel)
    {
        if (!run.Options.Stores.Contains(Engine))
            return;
        using ScoreBook book = new(Name, run);
        TurnAbout about = new(FlushMeter.For(Path.GetTempPath()));
        TurnPlan plan = run.Options.Pick(
            new TurnPlan(100, 1000, 200, TimeSpan.FromSeconds(3)),
            new TurnPlan(30, 300, 50, TimeSpan.FromSeconds(1)));
        for (int round = 1; round <= run.Options.Rounds; round++)
        {
            run.Say($"prototype: round {round} of {run.Options.Rounds}");
            RunningDatabase database = await databases.GetAsync(Engine, cancel);
            await using SeguroContestant seguro = await SeguroContestant.OpenAsync(database, cancel);
            await using GoDqlite? go = await GoDqlite.StartAsync(database.Dqlite!, GoDqlite.Transaction, run, cancel);
            if (go is null)
                return;
            await using BareDqlite fenced = await BareAppend.DqliteAsync(database, isFenced: true, cancel);
            await using BareDqlite unfenced = await BareAppend.DqliteAsync(database, isFenced: false, cancel);
            await RoundAsync(book, about, plan, [seguro, fenced, unfenced, go], cancel);
        }
    }

    private static async Task RoundAsync(ScoreBook book, TurnAbout about, TurnPlan plan, Contestant[] all, CancellationToken cancel)
    {
        (Contestant seguro, Contestant go) = (all[0], all[^1]);
        // All of them: what lies between Seguro and go-dqlite is then seen, step by step.
        await about.RunAsync([.. all.Select(one => Of("one event a transaction", one, 1))], Bytes, plan, cancel);
        await about.RunAsync([Of("five events a transaction", seguro, PrototypeGroup), Of("five events a transaction", go, PrototypeGroup)], Bytes, plan, cancel);
        // Each in its own batches: the prototype's were of five.
        await about.RunAsync([Of("batches", seguro, SeguroGroup), Of("batches", go, PrototypeGroup)], Bytes, plan, cancel);
        foreach (Contestant one in all)
            await one.CheckAsync(cancel);

        Turn Of(string workload, Contestant contestant, int group) => new(
            contestant, group, book.Of($"{workload}, {AppendWorkload.Size(Bytes)}", Engine, contestant.Name, new Dictionary<string, double> { [Parameter.Bytes] = Bytes, [Parameter.Group] = group }));
    }
}
