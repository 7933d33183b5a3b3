using System.Collections.Concurrent;
using HdrHistogram;
using Seguro.Cli.Demo.Probes;
using Seguro.Node.Admin;

namespace Seguro.Benchmarks;

/// <summary>
/// kill −9 of the master (and with it of its dqlite node, where it has one) until the first answer to a datagram that was sent after its end, while a client asks steadily; and how long
/// each question of that client waited.
/// </summary>
internal static class ClusterTakeover
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(4);
    private static readonly TimeSpan Around = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    public static async Task MeasureAsync(BenchmarkRun run, ClusterSubject subject, CancellationToken cancel)
    {
        int kills = run.Options.Pick(50, 1);
        LongHistogram takeovers = LatencyFigures.NewHistogram();
        List<(TimeSpan Took, IReadOnlyList<TimelinePoint> Timeline)> all = [];
        for (int kill = 0; kill < kills; kill++)
        {
            // Only then: at optimism 1 no answer leaves before a replica has processed its event, and one that has much to compute first takes the time that takes.
            StatusReport master = await subject.MasterOfEqualsAsync(cancel);
            (TimeSpan took, IReadOnlyList<TimelinePoint> timeline) = await KillAsync(subject, master.Name, cancel);
            takeovers.Add(took);
            all.Add((took, timeline));
            run.Say($"cluster: {subject.Engine}, takeover {kill + 1} of {kills}: {took.TotalMilliseconds:N0} ms");
            subject.StartMember(master.Name);
        }
        await subject.MasterAsync(cancel);
        run.Add(new Measurement
        {
            Part = "takeover",
            Workload = "kill -9 of the master, until the first answer to a later question",
            Subject = subject.Engine,
            Contestant = Measurement.Seguro,
            Parameters = new Dictionary<string, double> { [Parameter.Optimism] = 1 },
            Latency = LatencyFigures.From(takeovers),
            // That in the middle is drawn.
            Timeline = all.OrderBy(static one => one.Took).ElementAt(all.Count / 2).Timeline,
        });
    }

    private static async Task<(TimeSpan Took, IReadOnlyList<TimelinePoint> Timeline)> KillAsync(ClusterSubject subject, string master, CancellationToken cancel)
    {
        ConcurrentQueue<ProbeAnswer> answers = new();
        using ShipProbe probe = new(subject.Members.Public, ClusterPart.Size, TimeProvider.System, answers.Enqueue);
        TimeSpan? killed = null, first = null, end = null;
        Task<TimeSpan>? killing = null; // its end
        List<ProbeAnswer> taken = [];
        while (end is null || probe.Now < end)
        {
            probe.Send();
            await Task.Delay(Every, cancel);
            if (killing is null && probe.Now > Around)
            {
                killed = probe.Now;
                killing = KillNowAsync();
            }
            while (answers.TryDequeue(out ProbeAnswer answer))
            {
                if (answer.IsRepeat)
                    continue;
                taken.Add(answer);
                if (first is null && killing is { IsCompletedSuccessfully: true } && await killing is var dead && answer.At - answer.Latency >= dead)
                    end = (first = answer.At) + Around;
            }
            if (killed is { } at && first is null && probe.Now - at > Patience)
                throw new InvalidOperationException($"No answer for {Patience.TotalSeconds:0} s after kill -9 of {master}.");
        }
        await killing!;
        IEnumerable<TimelinePoint> timeline = taken.OrderBy(static answer => answer.At - answer.Latency)
            .Select(answer => new TimelinePoint((answer.At - answer.Latency - killed!.Value).TotalMilliseconds, answer.Latency.TotalMilliseconds));
        return (first!.Value - killed!.Value, [.. timeline]);

        async Task<TimeSpan> KillNowAsync()
        {
            await subject.KillMemberAsync(master);
            return probe.Now;
        }
    }
}
