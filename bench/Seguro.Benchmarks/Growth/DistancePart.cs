using System.ComponentModel;
using Seguro.Core;
using Seguro.Testing;

namespace Seguro.Benchmarks;

/// <summary>Cost against the distance between the members: three places, a delay on every packet between them, the client beside the leader.</summary>
internal sealed class DistancePart : IBenchmarkPart
{
    private const int Bytes = 500;
    private const int Group = 100;
    private const int Callers = 64;
    private const int Places = 3;

    public string Name => "distance";

    public string Description => "Appends with members 0, 1, 20 and 100 ms (round trip) from each other, the client beside the leader.";

    public async Task RunAsync(BenchmarkRun run, CancellationToken cancel)
    {
        double[] roundTrips = run.Options.Pick<double[]>([0, 1, 20, 100], [0, 20]);
        DelayLine line;
        try
        {
            line = await DelayLine.CreateAsync(Places, TimeSpan.Zero);
        }
        catch (Exception error) when (error is InvalidOperationException or Win32Exception)
        {
            run.Note($"distance: not measured: {error.Message.Trim()}");
            return;
        }
        await using (line)
        {
            await EchoAsync(run, line, roundTrips, cancel);
            foreach (string engine in run.Options.Stores.Where(static engine => engine is "dqlite" or "etcd" or "postgresql"))
            {
                await MeasureAsync(run, line, engine, engine, roundTrips, null, cancel);
                // dqlite has to be told the distance when its defaults are too short for it.
                if (engine == "dqlite" && roundTrips[^1] >= 100)
                    await MeasureAsync(run, line, engine, "dqlite, told the latency", [roundTrips[^1]], OneWay(roundTrips[^1]), cancel);
            }
            if (line.Lost > 0)
                run.Note($"distance: {line.Lost:N0} of {line.Lost + line.Carried:N0} packets were lost because the line was full.");
        }
    }

    private static TimeSpan OneWay(double roundTrip) => TimeSpan.FromMilliseconds(roundTrip / 2);

    private static async Task EchoAsync(BenchmarkRun run, DelayLine line, double[] roundTrips, CancellationToken cancel)
    {
        using LineEcho echo = new(line.Places[0], line.Places[1]);
        foreach (double roundTrip in roundTrips)
        {
            line.OneWay = OneWay(roundTrip);
            Tally tally = new();
            await tally.RepeatAsync(50, TimeSpan.FromSeconds(run.Options.Pick(3.0, 0.3)), () => echo.AskAsync(cancel));
            FiguresAt(run, "udp", roundTrip).Add("round trip of a datagram", tally);
        }
    }

    private static StepFigures FiguresAt(BenchmarkRun run, string subject, double roundTrip, int group = 1, int inFlight = 1) => new(
        run, "distance", subject,
        new Dictionary<string, double>
        {
            [Parameter.Delay] = roundTrip / 2,
            [Parameter.Bytes] = Bytes,
            [Parameter.Group] = group,
            [Parameter.InFlight] = inFlight,
        });

    private static async Task MeasureAsync(
        BenchmarkRun run, DelayLine line, string engine, string subject, double[] roundTrips, TimeSpan? latency, CancellationToken cancel)
    {
        line.OneWay = TimeSpan.Zero;
        await using RunningDatabase database = await RunningDatabase.StartAsync(engine, cancel, Places, places: line.Places, latency: latency);
        await database.LeadWithFirstAsync(cancel);
        await using IStore store = await database.OpenAsync(cancel);
        await using GrowingLog log = await GrowingLog.OpenAsync(store, Ship.Parse("~zod"), new PayloadSource(Bytes), cancel);
        Dictionary<double, (Tally One, Tally Groups, Tally InFlight)> tallies = roundTrips.ToDictionary(static delay => delay, static _ => (new Tally(), new Tally(), new Tally()));
        TimeSpan turn = TimeSpan.FromSeconds(run.Options.Pick(2.0, 0.4));
        for (int round = 0; round < run.Options.Rounds; round++)
        {
            foreach (double roundTrip in roundTrips)
            {
                run.Say($"distance: {subject}, {roundTrip} ms, round {round + 1}");
                line.OneWay = OneWay(roundTrip);
                (Tally one, Tally groups, Tally inFlight) = tallies[roundTrip];
                try
                {
                    // What the connections learnt at another distance is not measured.
                    await AppendLoad.InTurnAsync(log, 1, turn / 10, new Tally(), cancel);
                    await AppendLoad.InTurnAsync(log, 1, turn, one, cancel);
                    await AppendLoad.InTurnAsync(log, Group, turn, groups, cancel);
                    await AppendLoad.InFlightAsync(log, Callers, turn, inFlight, cancel);
                    if (await database.LeaderAsync(cancel) is not 0 and var leader)
                        run.Note($"distance: {subject} at {roundTrip} ms: member {leader + 1} leads in the end, not the first; the figures are of two leaders.");
                }
                catch (Exception error) when (error is SeguroException or InvalidOperationException)
                {
                    run.Note($"distance: {subject} at {roundTrip} ms, round {round + 1}, ended: {error.Message}");
                }
                line.OneWay = TimeSpan.Zero;
                await database.LeadWithFirstAsync(cancel);
            }
        }
        foreach ((double roundTrip, (Tally one, Tally groups, Tally inFlight)) in tallies)
        {
            FiguresAt(run, subject, roundTrip).Add("append one", one);
            FiguresAt(run, subject, roundTrip, group: Group).Add($"append groups of {Group}", groups);
            FiguresAt(run, subject, roundTrip, inFlight: Callers).Add($"{Callers} in flight", inFlight);
        }
    }
}
