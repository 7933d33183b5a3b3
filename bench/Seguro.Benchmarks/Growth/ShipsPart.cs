using System.Diagnostics;
using Seguro.Core;

namespace Seguro.Benchmarks;

/// <summary>Cost against the number of ships whose logs are in one store, each with a writer and a lease of its own.</summary>
internal sealed class ShipsPart : IBenchmarkPart
{
    private const int Bytes = Fleet.Bytes;

    /// <summary>How many writers append at the same time, each to ships of its own.</summary>
    private static readonly int[] Writers = [1, 16];

    public string Name => "ships";

    public string Description => "1 to 1,000 small logs in one store: appends to all in turn, opening, memory, leases.";

    public async Task RunAsync(BenchmarkRun run, CancellationToken cancel)
    {
        foreach (string engine in run.Options.Stores)
        {
            if (engine == "lmdb")
            {
                run.Note("ships: lmdb was not measured: a pier holds the log of one ship.");
                continue;
            }
            await using RunningDatabase database = await RunningDatabase.StartAsync(engine, cancel);
            foreach (int ships in run.Options.Pick<int[]>([1, 10, 100, 1000], [1, 20]))
            {
                run.Say($"ships: {engine}, {ships}");
                try
                {
                    await MeasureAsync(run, database, ships, cancel);
                }
                catch (Exception error) when (error is SeguroException or InvalidOperationException)
                {
                    run.Note($"ships: {engine} with {ships} ships ended: {error.Message}");
                    break;
                }
            }
        }
    }

    private static async Task MeasureAsync(BenchmarkRun run, RunningDatabase database, int ships, CancellationToken cancel)
    {
        StepFigures figures = new(run, "ships", database.Engine, new Dictionary<string, double> { [Parameter.Ships] = ships, [Parameter.Bytes] = Bytes });
        Ship[] names = [.. Enumerable.Range(0, ships).Select(ShipOf)];
        await using (IStore store = await database.OpenAsync(cancel))
        {
            await using Fleet fleet = new();
            Tally making = new();
            long began = Stopwatch.GetTimestamp();
            await fleet.LaunchAsync(store, names, making, cancel);
            making.AddRound(ships, Stopwatch.GetElapsedTime(began));
            figures.Add("open or make a log, take its lease", making);
            foreach (int writers in Writers.Where(writers => writers <= ships))
            {
                Tally appends = new();
                FleetLeases leases = await fleet.AppendAsync(writers, TimeSpan.FromSeconds(run.Options.Pick(5.0, 0.5)), appends, cancel);
                figures.Add(
                    writers == 1 ? "append to each in turn" : $"append to each in turn, {writers} writers", appends,
                    more: new Dictionary<string, double> { ["renewals of leases a second"] = leases.RenewalsPerSecond, ["leases lost"] = leases.Lost });
            }
            figures.AddSizes(database);
        }
        Tally opening = new();
        await opening.RepeatAsync(3, TimeSpan.FromSeconds(1), async () =>
        {
            await using IStore store = await database.OpenAsync(cancel);
        });
        figures.Add("open the store", opening);
    }

    /// <summary>Real syllables, so that stores that know the number behind a name take them.</summary>
    private static Ship ShipOf(int index)
    {
        const string Prefixes = "marbinwansamlitsighidfidlissog";
        const string Suffixes = "necbudwessevpersutletfulpensyt";
        return Ship.Parse($"~{Of(Prefixes, 1)}{Of(Suffixes, index / 100)}-{Of(Prefixes, index / 10)}{Of(Suffixes, index)}");

        static string Of(string syllables, int digit) => syllables.Substring(digit % 10 * 3, 3);
    }
}
