using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Seguro.Cli.Demo;
using Seguro.Core;
using Seguro.Node.Admin;
using Seguro.Stores;

namespace Seguro.Benchmarks;

/// <summary>What a request costs that goes through the relay and waits for optimism.</summary>
internal static class VereRequests
{
    /// <summary>The same king and worker, without a relay.</summary>
    public const string Alone = "alone";

    /// <summary>The same, with the medians added of a commit of the members' store and of a round trip over loopback.</summary>
    public const string AloneAndCommit = "alone + a commit + a round trip";

    /// <summary>Requests that overlap.</summary>
    public const string Together = "8 requests at a time, optimism 0";

    private const int InFlight = 8;
    private const int Most = 100_000;

    /// <summary>The workload of one request after the other.</summary>
    public static string OneByOne(int optimism) => string.Create(CultureInfo.InvariantCulture, $"a request, optimism {optimism}");

    public static async Task RunAsync(BenchmarkRun run, VereSubject ship, CancellationToken cancel)
    {
        TimeSpan time = run.Options.Pick(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(1));
        Tally[] mine = [new(), new(), new()];
        (Tally theirs, Tally commits, Tally trips) = (new(), new(), new());
        (List<double> rate, List<double> bareRate) = ([], []);
        using HttpLoad through = new(ship.Http);
        using HttpLoad bare = new(ship.Alone.Http);
        await through.UntilAnsweredAsync(cancel);
        for (int round = 0; round < run.Options.Rounds; round++)
        {
            run.Say($"vere: {ship.Name}, requests, round {round + 1} of {run.Options.Rounds}");
            for (int optimism = 0; optimism < mine.Length; optimism++)
            {
                await SetOptimismAsync(ship.Members, optimism, cancel);
                // In turn, and each first every other time.
                bool isFirst = (round + optimism) % 2 == 0;
                foreach (bool isMine in (bool[])[isFirst, !isFirst])
                {
                    await (isMine ? mine[optimism] : theirs).RepeatAsync(Most, time, () => (isMine ? through : bare).AskAsync(cancel));
                    if (optimism == 0)
                        (isMine ? rate : bareRate).Add(await (isMine ? through : bare).TogetherAsync(InFlight, time, cancel));
                }
            }
            await CommitsAsync(ship.Members, commits, time, cancel);
            await TripsAsync(trips, cancel);
        }
        Report(run, ship.Name, mine, theirs, commits, trips);
        run.Add(new Measurement { Part = VerePart.Part, Workload = Together, Subject = ship.Name, Contestant = Measurement.Seguro, EventsPerSecond = Median.Of(rate) });
        run.Add(new Measurement { Part = VerePart.Part, Workload = Together, Subject = ship.Name, Contestant = Alone, EventsPerSecond = Median.Of(bareRate) });
    }

    private static void Report(BenchmarkRun run, string subject, Tally[] mine, Tally theirs, Tally commits, Tally trips)
    {
        for (int optimism = 0; optimism < mine.Length; optimism++)
        {
            run.Add(new Measurement { Part = VerePart.Part, Workload = OneByOne(optimism), Subject = subject, Contestant = Measurement.Seguro, Latency = mine[optimism].Latency });
            run.Add(new Measurement { Part = VerePart.Part, Workload = OneByOne(optimism), Subject = subject, Contestant = Alone, Latency = theirs.Latency });
        }
        (double alone, double commit, double trip) = (theirs.Latency!.P50, commits.Latency!.P50, trips.Latency!.P50);
        double sum = alone + commit + trip;
        run.Add(new Measurement
        {
            Part = VerePart.Part,
            Workload = OneByOne(1),
            Subject = subject,
            Contestant = AloneAndCommit,
            Latency = new LatencyFigures(theirs.Latency.Count, sum, sum, sum, sum, sum, sum, []), // a sum of medians is no distribution
            More = new Dictionary<string, double> { ["a commit, ms"] = commit, ["a round trip, ms"] = trip },
        });
    }

    /// <summary>Has the cluster wait for so many replicas from now on.</summary>
    public static async Task SetOptimismAsync(DemoMembers members, int optimism, CancellationToken cancel)
    {
        StatusReport master = await members.UntilMasterAsync(0, 2, cancel);
        await members.AskAsync(master.Name, client => client.SetOptimismAsync(new OptimismRequest(optimism, null), cancel));
        await members.UntilAsync($"optimism {optimism}", status => status.Role == "master" && status.Optimism.Replicas == optimism, cancel);
    }

    /// <summary>A commit of the members' own database, by its client, while the ship rests.</summary>
    private static async Task CommitsAsync(DemoMembers members, Tally commits, TimeSpan time, CancellationToken cancel)
    {
        await using IStore store = await StoreConnection.OpenAsync(StoreUrl.Parse(members.Store), new StoreOptions { Certificates = members.Certificates }, cancel);
        await using GrowingLog log = await GrowingLog.OpenAsync(store, Ship.Parse("~nec"), new PayloadSource(500), cancel);
        await commits.RepeatAsync(Most, time, () => log.AppendOneAsync(cancel));
    }

    /// <summary>A round trip over loopback: what there is of a link here.</summary>
    private static async Task TripsAsync(Tally trips, CancellationToken cancel)
    {
        using Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        using Socket asker = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await asker.ConnectAsync(listener.LocalEndPoint!, cancel);
        using Socket answerer = await listener.AcceptAsync(cancel);
        answerer.NoDelay = true;
        byte[] question = new byte[500];
        byte[] heard = new byte[500];
        await trips.RepeatAsync(1000, TimeSpan.FromSeconds(1), async () =>
        {
            await asker.SendAsync(question, cancel);
            await answerer.ReceiveAsync(heard, cancel);
            await answerer.SendAsync(heard.AsMemory(0, 1), cancel);
            await asker.ReceiveAsync(question, cancel);
        });
    }
}
