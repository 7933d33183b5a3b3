using System.Diagnostics;
using Seguro.Cli.Demo.Probes;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Nock.Kernels;
using Seguro.Node.Admin;
using Seguro.Stores;
using Spectre.Console;

namespace Seguro.Cli.Demo;

/// <summary>
/// The demo of the cluster: three members and a balancer, a client outside that talks to the ship, and the master killed while it talks. What the client saw is then compared
/// with the log, event by event.
/// </summary>
internal sealed class ClusterDemo(Terminal terminal, string folder, bool quiet)
{
    private const int Questions = 200;
    private const int DatagramSize = 200;
    private static readonly TimeSpan AskAgain = TimeSpan.FromMilliseconds(200);

    private readonly IAnsiConsole _out = quiet ? terminal.Err : terminal.Out;
    private readonly AnswerLedger _ledger = new();
    private int _step;

    public async Task<ClusterDemoResult> RunAsync(CancellationToken cancel)
    {
        _out.MarkupLine("[bold]Seguro demo[/] [grey]— a ship that survives its machines[/]\n");
        long start = Stopwatch.GetTimestamp();
        await using DemoMembers members = await DemoMembers.StartAsync(folder, cancel);
        StatusReport master = await members.UntilMasterAsync(above: 0, replicas: 2, cancel);
        Tell("cluster", $"three members of ~zod and a balancer, a process each, mutual TLS between the members, dqlite inside; {master.Name} is master", start);

        using ShipProbe probe = new(members.Public, DatagramSize, TimeProvider.System, _ledger.Note);
        start = Stopwatch.GetTimestamp();
        Latencies calm = await AskAsync(probe, Questions, cancel);
        Tell("talk", $"{calm.Count} datagrams to {members.Public}, each answered by the ship when its event was committed and on a second machine: {calm}", start);

        double takeover = await KillAsync(members, probe, master, cancel);
        double handOver = await HandOverAsync(members, probe, cancel);
        List<OptimismLatency> prices = await TryOptimismAsync(members, probe, cancel);
        ClusterDemoResult result = await VerifyAsync(members, probe, prices, takeover, handOver, cancel);
        Summary(result);
        return result;
    }

    /// <summary>Asks one question after the other, each again until it is answered.</summary>
    private static async Task<Latencies> AskAsync(ShipProbe probe, int count, CancellationToken cancel)
    {
        Latencies latencies = new();
        for (int i = 0; i < count; i++)
            latencies.Add((await probe.AskAsync(AskAgain, cancel)).Latency);
        return latencies;
    }

    /// <summary>Goes on asking while something is done.</summary>
    private static async Task<Latencies> AskDuringAsync(ShipProbe probe, Task done, CancellationToken cancel)
    {
        Latencies latencies = new();
        int rest = 50;
        while (!done.IsCompleted || rest-- > 0)
            latencies.Add((await probe.AskAsync(AskAgain, cancel)).Latency);
        await done;
        return latencies;
    }

    private async Task<double> KillAsync(DemoMembers members, ShipProbe probe, StatusReport master, CancellationToken cancel)
    {
        long start = Stopwatch.GetTimestamp();
        int process = 0;
        Latencies seen = await AskDuringAsync(probe, KillAndWaitAsync(), cancel);
        StatusReport next = await members.UntilMasterAsync(master.Term, 1, cancel);
        Tell("kill", $"[red]kill -9[/] of {master.Name} (process {process}) while the client talks; {next.Name} took over in term {next.Term}. The client waited {seen.At(1):0} ms once, and lost nothing", start);
        start = Stopwatch.GetTimestamp();
        members.Start(master.Name);
        await members.UntilMasterAsync(master.Term, 2, cancel);
        Tell("return", $"{master.Name} came back, compared its log with the cluster's, caught up, and is a replica", start);
        return seen.At(1);

        async Task KillAndWaitAsync()
        {
            process = await members.KillAsync(master.Name);
            await members.UntilMasterAsync(master.Term, 0, cancel);
        }
    }

    private async Task<double> HandOverAsync(DemoMembers members, ShipProbe probe, CancellationToken cancel)
    {
        long start = Stopwatch.GetTimestamp();
        StatusReport master = await members.UntilMasterAsync(0, 2, cancel);
        Latencies seen = await AskDuringAsync(probe, StepDownAsync(), cancel);
        StatusReport next = await members.UntilMasterAsync(master.Term, 2, cancel);
        Tell("hand over", $"{master.Name} was told to step down, {next.Name} is master; the client waited {seen.At(1):0} ms at the longest", start);
        return seen.At(1);

        async Task StepDownAsync()
        {
            await members.AskAsync(master.Name, client => client.StepDownAsync(cancel));
            await members.UntilMasterAsync(master.Term, 0, cancel);
        }
    }

    private async Task<List<OptimismLatency>> TryOptimismAsync(DemoMembers members, ShipProbe probe, CancellationToken cancel)
    {
        long start = Stopwatch.GetTimestamp();
        List<OptimismLatency> prices = [];
        foreach (int optimism in (int[])[0, 1, 2])
        {
            StatusReport master = await members.UntilMasterAsync(0, 2, cancel);
            await members.AskAsync(master.Name, client => client.SetOptimismAsync(new OptimismRequest(optimism, null), cancel));
            await members.UntilAsync($"optimism {optimism}", status => status.Role == "master" && status.Optimism.Replicas == optimism, cancel);
            Latencies latencies = await AskAsync(probe, Questions, cancel);
            prices.Add(new OptimismLatency(optimism, Math.Round(latencies.At(0.5), 2), Math.Round(latencies.At(0.99), 2)));
        }
        Tell("optimism", "changed while it runs: " + string.Join(", ", prices.Select(static price => $"{price.Optimism}: {price.P50:0.0} ms")), start);
        return prices;
    }

    /// <summary>Compares what the client saw with the log, and the members with each other.</summary>
    private async Task<ClusterDemoResult> VerifyAsync(
        DemoMembers members, ShipProbe probe, List<OptimismLatency> prices, double takeover, double handOver, CancellationToken cancel)
    {
        long start = Stopwatch.GetTimestamp();
        AnswerAudit audit;
        await using (IStore store = await StoreConnection.OpenAsync(StoreUrl.Parse(members.Store), new StoreOptions { Certificates = members.Certificates }, cancel))
        await using (IStoredLog stored = await store.OpenLogAsync(Ship.Parse("~zod"), cancel) ?? throw new SeguroException(ErrorCode.NoSuchLog, "the store has no log of ~zod", "This must not happen: report it."))
            audit = await _ledger.CompareAsync(probe, new EventLog(stored, store.Capabilities), (ulong)DemoKernel.Life, cancel);
        ulong head = audit.Head.Number.Value;
        string chain = audit.Head.Chain.ToString();
        bool equal = true;
        foreach (string name in members.Names)
        {
            StatusReport status = await members.UntilAsync(
                $"{name} at the head", status => status.Name == name && status.Durable.Event >= head && status.Processed.Event >= head, cancel);
            equal &= status.Durable.Chain == chain && status.Processed.Chain == chain;
        }
        Tell("verify", $"every answer compared with the log's {head} events; the three members have the same chain [grey]{chain[..16]}…[/]", start);
        return new ClusterDemoResult("~zod", audit.Answered, audit.Lost, audit.Phantoms, audit.Repeats, audit.OutOfOrder, Math.Round(takeover), Math.Round(handOver), prices, head, equal, chain);
    }

    private void Summary(ClusterDemoResult result)
    {
        Table table = new() { Border = TableBorder.Rounded };
        table.AddColumns("what the client saw", "");
        table.AddRow("datagrams answered", $"{result.Asked:N0}");
        table.AddRow("answered, and lost", Good(result.Lost));
        table.AddRow("answers of events that never were", Good(result.Phantoms));
        table.AddRow("answers out of order", Good(result.OutOfOrder));
        table.AddRow("answers that came twice", $"{result.Repeats:N0}");
        table.AddRow("longest wait, kill -9", $"{result.TakeoverMilliseconds:N0} ms");
        table.AddRow("longest wait, handed over", $"{result.HandOverMilliseconds:N0} ms");
        foreach (OptimismLatency price in result.Optimism)
            table.AddRow($"latency at optimism {price.Optimism}", $"{price.P50:0.0} ms (99 %: {price.P99:0.0} ms)");
        table.AddRow("members' logs", result.Equal ? "[green]equal[/]" : "[red]differ[/]");
        _out.WriteLine();
        _out.Write(table);
        _out.MarkupLine("[grey]Your own cluster: seguro cluster init --help      A ship's log in and out of a store: seguro demo log[/]");
    }

    private static string Good(long count) => count == 0 ? "[green]0[/]" : $"[red]{count:N0}[/]";

    private void Tell(string what, string markup, long start)
    {
        _step++;
        _out.MarkupLine($"[green]{_step}[/] [bold]{what,-9}[/] {markup} [grey]({Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s)[/]");
    }
}
