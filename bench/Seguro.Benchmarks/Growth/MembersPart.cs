using Seguro.Core;
using Seguro.Stores;

namespace Seguro.Benchmarks;

/// <summary>Cost against the number of the database's members, and of those that a commit waits for.</summary>
internal sealed class MembersPart : IBenchmarkPart
{
    private const int Group = 100;
    private const int Bytes = 500;

    public string Name => "members";

    public string Description => "Appends with 1, 3 and 5 members of dqlite and etcd, and with 0, 1 and 2 synchronous standbys of PostgreSQL.";

    public async Task RunAsync(BenchmarkRun run, CancellationToken cancel)
    {
        foreach (string engine in run.Options.Stores.Where(static engine => engine is "dqlite" or "etcd" or "postgresql"))
            await CompareAsync(run, engine, cancel);
    }

    private static async Task CompareAsync(BenchmarkRun run, string engine, CancellationToken cancel)
    {
        (int Members, string Synchronous)[] all = engine == "postgresql"
            ? run.Options.Pick<(int, string)[]>([(1, ""), (2, "ANY 1"), (3, "ANY 1"), (3, "ANY 2"), (3, "FIRST 1")], [(1, ""), (3, "ANY 1")])
            : [.. run.Options.Pick<int[]>([1, 3, 5], [1, 3]).Select(static members => (members, ""))];
        Task<Contender>[] starting = [.. all.Select(contender => Contender.StartAsync(engine, contender.Members, contender.Synchronous, cancel))];
        try
        {
            Contender[] contenders = await Task.WhenAll(starting);
            TimeSpan turn = TimeSpan.FromSeconds(run.Options.Pick(2.0, 0.4));
            for (int round = 0; round < run.Options.Rounds; round++)
            {
                run.Say($"members: {engine}, round {round + 1}");
                foreach (Contender contender in contenders)
                    await contender.RunAsync(turn, cancel);
            }
            foreach (Contender contender in contenders)
                contender.Report(run);
        }
        finally
        {
            foreach (Task<Contender> started in starting.Where(static started => started.IsCompletedSuccessfully))
                await (await started).DisposeAsync();
        }
    }

    /// <summary>One database with its log; all run at once and take turns.</summary>
    private sealed class Contender(RunningDatabase database, IStore store, GrowingLog log, int members, string synchronous) : IAsyncDisposable
    {
        private readonly Dictionary<int, Tally> _tallies = new() { [1] = new(), [Group] = new() };

        public static async Task<Contender> StartAsync(string engine, int members, string synchronous, CancellationToken cancel)
        {
            RunningDatabase database = await RunningDatabase.StartAsync(engine, cancel, members, synchronous is "" ? "ANY 1" : synchronous);
            try
            {
                IStore store = await database.OpenAsync(cancel);
                GrowingLog log = await GrowingLog.OpenAsync(store, Ship.Parse("~zod"), new PayloadSource(Bytes), cancel);
                await AppendLoad.InTurnAsync(log, 1, TimeSpan.FromSeconds(0.3), new Tally(), cancel);
                return new Contender(database, store, log, members, synchronous);
            }
            catch
            {
                await database.DisposeAsync();
                throw;
            }
        }

        public async Task RunAsync(TimeSpan turn, CancellationToken cancel)
        {
            // The window of a database in memory is not what is measured here.
            if (log.Log.Capabilities.Window is { } window && (await log.Log.ReadStateAsync(cancel)).Bytes > window / 4)
                await log.Log.Stored.TrimAsync(log.Lease.Term, log.Head.Number.Next, cancel);
            foreach ((int group, Tally tally) in _tallies)
                await AppendLoad.InTurnAsync(log, group, turn, tally, cancel);
        }

        public void Report(BenchmarkRun run)
        {
            string subject = synchronous is "" or "ANY 1" ? database.Engine : $"{database.Engine}, {synchronous}";
            foreach ((int group, Tally tally) in _tallies)
            {
                Dictionary<string, double> parameters = new() { [Parameter.Members] = members, [Parameter.Group] = group, [Parameter.Bytes] = Bytes };
                new StepFigures(run, "members", subject, parameters).Add(group == 1 ? "append one" : $"append groups of {group}", tally);
            }
        }

        public async ValueTask DisposeAsync()
        {
            await log.DisposeAsync();
            await store.DisposeAsync();
            await database.DisposeAsync();
        }
    }
}
