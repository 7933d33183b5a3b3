using System.Diagnostics;
using HdrHistogram;
using Seguro.Node.Admin;

namespace Seguro.Benchmarks;

/// <summary>How long nobody is answered when the master dies.</summary>
internal static class VereTakeovers
{
    /// <summary>The workload.</summary>
    public const string Workload = "kill -9 of the master until the next answer";

    /// <summary>The lease, and a start of the same king on its own pier after a kill −9.</summary>
    public const string LeaseAndStart = "the lease + a bare start";

    public static async Task RunAsync(BenchmarkRun run, VereSubject ship, CancellationToken cancel)
    {
        LongHistogram mine = LatencyFigures.NewHistogram();
        LongHistogram theirs = LatencyFigures.NewHistogram();
        await VereRequests.SetOptimismAsync(ship.Members, 1, cancel); // two members of three are left each time
        int times = run.Options.Pick(5, 2);
        for (int time = 0; time < times * run.Options.Rounds; time++)
        {
            run.Say($"vere: {ship.Name}, takeover {time + 1} of {times * run.Options.Rounds}");
            mine.Add(await KillAsync(ship, cancel));
            theirs.Add(TimeSpan.FromMilliseconds(VerePart.Lease) + await ship.Alone.StartAgainAsync(cancel));
        }
        run.Add(new Measurement { Part = VerePart.Part, Workload = Workload, Subject = ship.Name, Contestant = Measurement.Seguro, Latency = LatencyFigures.From(mine) });
        run.Add(new Measurement { Part = VerePart.Part, Workload = Workload, Subject = ship.Name, Contestant = LeaseAndStart, Latency = LatencyFigures.From(theirs) });
    }

    private static async Task<TimeSpan> KillAsync(VereSubject ship, CancellationToken cancel)
    {
        StatusReport master = await ship.Members.UntilMasterAsync(0, 2, cancel);
        using (HttpLoad before = new(ship.Http))
            await before.UntilAnsweredAsync(cancel);
        int process = ship.Members.Processes.Single(one => one.Name == master.Name).Id;
        long start = Stopwatch.GetTimestamp();
        await ship.Members.KillAsync(master.Name);
        using HttpLoad after = new(ship.Http);
        await after.UntilAnsweredAsync(cancel);
        TimeSpan took = Stopwatch.GetElapsedTime(start);
        ship.Watchdog.Gone(process);
        ship.Members.Start(master.Name);
        ship.Watchdog.Process(ship.Members.Processes.Single(one => one.Name == master.Name).Id);
        await ship.Members.UntilMasterAsync(master.Term, 2, cancel);
        return took;
    }
}
