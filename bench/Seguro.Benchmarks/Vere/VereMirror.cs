using Seguro.Cli.Demo;

namespace Seguro.Benchmarks;

/// <summary>How many requests a vere by itself answers beside a mirror, and without one.</summary>
internal static class VereMirror
{
    /// <summary>Requests that overlap, beside a mirror.</summary>
    public const string Together = "8 requests at a time, mirrored";

    private const int InFlight = 8;

    public static async Task RunAsync(BenchmarkRun run, VereSubject ship, string folder, CancellationToken cancel)
    {
        TimeSpan time = run.Options.Pick(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(1));
        (List<double> beside, List<double> bare) = ([], []);
        using HttpLoad load = new(ship.Alone.Http);
        string store = $"sqlite:{Path.Combine(folder, "mirror.db")}";
        for (int round = 0; round < run.Options.Rounds; round++)
        {
            run.Say($"vere: {ship.Name}, mirror, round {round + 1} of {run.Options.Rounds}");
            foreach (bool isMirrored in round % 2 == 0 ? [true, false] : (bool[])[false, true])
            {
                if (!isMirrored)
                {
                    bare.Add(await load.TogetherAsync(InFlight, time, cancel));
                    continue;
                }
                await using DemoProcess mirror = DemoProcess.Start(folder, "mirror", "mirror", ship.Pier, "--store", store, "--json");
                ship.Watchdog.Process(mirror.Id);
                await mirror.FirstLineAsync(cancel);
                beside.Add(await load.TogetherAsync(InFlight, time, cancel));
                ship.Watchdog.Gone(mirror.Id);
            }
        }
        run.Add(new Measurement { Part = VerePart.Part, Workload = Together, Subject = ship.Name, Contestant = Measurement.Seguro, EventsPerSecond = Median.Of(beside) });
        run.Add(new Measurement { Part = VerePart.Part, Workload = Together, Subject = ship.Name, Contestant = VereRequests.Alone, EventsPerSecond = Median.Of(bare) });
    }
}
