namespace Seguro.Benchmarks;

/// <summary>Appends of all sizes, one at a time and in groups, by Seguro and by each database's own clients, turn about commit by commit.</summary>
internal sealed class AppendPart(RunningDatabases databases) : IBenchmarkPart
{
    public string Name => "append";

    public string Description => "Appends of 500 B to 16 MB, one at a time and in groups, on every store, beside the bare databases.";

    public async Task RunAsync(BenchmarkRun run, CancellationToken cancel)
    {
        using ScoreBook book = new(Name, run);
        TurnAbout about = new(FlushMeter.For(Path.GetTempPath()));
        IReadOnlyList<AppendWorkload> workloads = run.Options.IsQuick ? Quick() : Whole();
        for (int round = 1; round <= run.Options.Rounds; round++)
        {
            run.Say($"append: round {round} of {run.Options.Rounds}");
            await RoundAsync(run, book, about, workloads, round == 1, cancel);
            if (!run.Options.IsQuick)
                await databases.ForgetAsync();
        }
    }

    /// <summary>Small ones first: the large ones make the databases large.</summary>
    private static IReadOnlyList<AppendWorkload> Whole()
    {
        TimeSpan longest = TimeSpan.FromSeconds(2);
        return
        [
            new(500, 1, new TurnPlan(100, 1000, 200, longest)),
            new(500, 5, new TurnPlan(50, 500, 100, longest)),
            new(500, 100, new TurnPlan(20, 150, 50, longest)),
            new(10_000, 1, new TurnPlan(50, 500, 100, longest)),
            new(100_000, 1, new TurnPlan(10, 150, 30, longest)),
            new(1_000_000, 1, new TurnPlan(2, 20, 4, longest)),
            new(16_000_000, 1, new TurnPlan(0, 3, 0, longest * 2)),
        ];
    }

    private static IReadOnlyList<AppendWorkload> Quick()
    {
        TimeSpan longest = TimeSpan.FromSeconds(0.8);
        return
        [
            new(500, 1, new TurnPlan(50, 300, 50, longest)),
            new(500, 100, new TurnPlan(10, 50, 20, longest)),
            new(100_000, 1, new TurnPlan(3, 20, 5, longest / 2)),
        ];
    }

    private async Task RoundAsync(
        BenchmarkRun run, ScoreBook book, TurnAbout about, IReadOnlyList<AppendWorkload> workloads, bool isFirst, CancellationToken cancel)
    {
        await using ContestantSet set = new(databases, run);
        foreach (string engine in run.Options.Stores)
            await set.OpenAsync(engine, cancel);
        foreach (AppendWorkload workload in workloads)
        {
            foreach (string engine in run.Options.Stores)
            {
                List<Turn> turns = [];
                foreach (Contestant contestant in set.Of(engine))
                {
                    if (workload.Bytes <= contestant.LargestEvent)
                        turns.Add(new Turn(contestant, workload.Group, book.Of(workload.Name, engine, contestant.Name, workload.Parameters)));
                    else if (isFirst)
                        run.Note($"append: {contestant.Name} on {engine} takes no event of {AppendWorkload.Size(workload.Bytes)}; Seguro cuts it into fragments.");
                }
                await about.RunAsync(turns, workload.Bytes, workload.Plan, cancel);
            }
        }
        await set.CheckAsync(cancel);
    }
}
