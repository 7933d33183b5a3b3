using Seguro.Node.Admin;

namespace Seguro.Benchmarks;

/// <summary>Resident memory of each process before and after many events.</summary>
internal static class ClusterMemory
{
    /// <summary>The figure that a bar is about: what a process has resident of its own, mapped files apart, after the events.</summary>
    public const string After = "own after, MB";

    /// <summary>The same of a member that has just started and does nothing.</summary>
    public const string Idle = "own when idle, MB";

    /// <summary>The same after some load, and before the events.</summary>
    public const string Before = "own before, MB";

    private const int InFlight = 1024;

    public static async Task MeasureAsync(BenchmarkRun run, ClusterSubject subject, CancellationToken cancel)
    {
        (long warmUp, long events) = run.Options.Pick((200_000L, 1_000_000L), (1_000, 5_000));
        // What a busy process needs in any case is there then; the rest would grow with the log.
        await using (ClusterLoad load = new(subject.Members.Public, ClusterPart.Size, InFlight))
            await load.UntilAsync(warmUp, cancel);
        List<ProcessMemory> before = await ReadAsync(subject, cancel);
        await using (ClusterLoad load = new(subject.Members.Public, ClusterPart.Size, InFlight))
            await load.MeasureUntilAsync(load.UntilAsync(events, cancel));
        StatusReport master = await subject.MasterAsync(cancel);
        List<ProcessMemory> after = await ReadAsync(subject, cancel);
        foreach (ProcessMemory now in after)
        {
            run.Add(new Measurement
            {
                Part = "memory",
                Workload = now.Name,
                Subject = subject.Engine,
                Contestant = Measurement.Seguro,
                More = new Dictionary<string, double>
                {
                    ["events in the log"] = master.Durable.Event,
                    [Idle] = subject.Idle.FirstOrDefault(old => old.Id == now.Id)?.Own ?? double.NaN,
                    [Before] = before.Find(old => old.Id == now.Id)?.Own ?? double.NaN,
                    [After] = now.Own,
                    ["mapped files after, MB"] = now.Files,
                    ["peak of all, MB"] = now.Peak,
                },
            });
        }
    }

    /// <summary>Looks at all processes.</summary>
    public static async Task<List<ProcessMemory>> ReadAsync(ClusterSubject subject, CancellationToken cancel)
    {
        List<ProcessMemory> all = [];
        foreach (string name in subject.Members.Names)
        {
            StatusReport status = await subject.Members.AskAsync(name, client => client.ReadStatusAsync(cancel));
            all.Add(ProcessMemory.Read($"member {name}, {status.Role}", status.Process));
            all.AddRange(ProcessMemory.ReadChildren($"{name}'s dqlite node", status.Process));
        }
        all.Add(ProcessMemory.Read("balancer", subject.Members.Balancer));
        return all;
    }
}
