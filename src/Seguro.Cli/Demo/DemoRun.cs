using System.Diagnostics;
using Seguro.Cli.Commands;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Nouns;
using Seguro.Piers;
using Seguro.Piers.Transfer;
using Seguro.Stores;
using Spectre.Console;

namespace Seguro.Cli.Demo;

/// <summary>The demo's steps, in order; each prints what happened as it happens.</summary>
internal sealed class DemoRun(Terminal terminal, DemoInput input, string folder, bool quiet)
{
    private const ulong LiveEvents = 25;

    private readonly IAnsiConsole _out = quiet ? terminal.Err : terminal.Out;
    private int _step;
    private int _killed;

    public async Task<DemoResult> RunAsync(CancellationToken cancel)
    {
        PierInfo info = input.Pier.Info;
        Ship ship = ShipName.ToShip(info.Identity.Who);
        ulong count = input.Last - info.Base;
        EventNumber imported = input.Last.Previous >= info.First ? new EventNumber(input.Last.Value - Math.Min(LiveEvents, count / 4 + 1)) : input.Last;
        _out.MarkupLine("[bold]Seguro demo[/] [grey]— a ship's log that survives its machines[/]\n");
        Tell("input", $"[bold]{ship}[/]{(info.Identity.IsFake ? " (fake)" : "")}, {count:N0} events, {ByteSize.Format(input.Bytes)}: {Markup.Escape(input.Described)}");
        string copy = Path.Combine(folder, "copy");
        input.CopyTo(copy, imported);

        long start = Stopwatch.GetTimestamp();
        await using DemoCluster cluster = await DemoCluster.StartAsync(folder, cancel);
        Tell("cluster", $"three dqlite nodes, a process each, TLS between all of them; node {await cluster.LeaderAsync(cancel)} leads", start);

        StoreOptions options = new() { Create = true, Certificates = cluster.Certificates };
        await using IStore store = await StoreConnection.OpenAsync(cluster.Url, options, cancel);
        using Pier pier = Pier.Open(copy, PierAccess.Offline);
        await using EventLog log = await PierImport.OpenLogAsync(pier, store, cancel);
        await using WriterLease lease = await WriterLease.AcquireForImportAsync(log, "demo", CommonOptions.LeaseDuration, BootClock.Instance, cancel);
        using CancellationTokenSource both = CancellationTokenSource.CreateLinkedTokenSource(cancel, lease.Lost);

        ulong dead = await ImportAsync(cluster, store, log, lease.Term, pier, both.Token);
        Position head = await LiveOnAsync(log, lease.Term, imported, both.Token);
        await SwapAsync(cluster, dead, cancel);
        LogState state = await VerifyAsync(log, head, cancel);
        bool equal = await ExportAsync(log, state, cancel);

        ulong lost = input.Last > state.Head.Number ? input.Last - state.Head.Number : 0;
        Summary(ship, state, lost, equal);
        return new DemoResult(ship.Name, state.Count, state.Bytes, _killed, lost, equal, state.Head.Chain.ToString());
    }

    /// <summary>Imports all but the last events, and ends the leader with kill −9 when 40 % are in.</summary>
    private async Task<ulong> ImportAsync(DemoCluster cluster, IStore store, EventLog log, Term term, Pier pier, CancellationToken cancel)
    {
        long start = Stopwatch.GetTimestamp();
        TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<(ulong Id, int Process)> kill = KillWhenAsync(reached.Task, cluster, cancel);
        await WorkProgress.InBytesAsync(terminal, "import", pier.Info.Bytes, async report =>
        {
            SynchronousProgress progress = new(at =>
            {
                report(at.Bytes);
                if (at.Step == TransferStep.Copying && at.Bytes >= pier.Info.Bytes * 2 / 5)
                    reached.TrySetResult();
            });
            PierImportResult result = await PierImport.RunAsync(pier, store, log, term, progress, TimeProvider.System, cancel);
            reached.TrySetResult();
            (ulong id, int process) = await kill;
            _killed++;
            Tell("import", $"{result.Events:N0} events, {ByteSize.Format(result.Bytes)}, at {ByteSize.Rate(result.Bytes, result.Elapsed)}", start);
            Note($"in the middle of it, node {id}, the leader, got [red]kill -9[/] (process {process}); node {await cluster.LeaderAsync(cancel)} took over, and the import went on");
        });
        return (await kill).Id;
    }

    private static async Task<(ulong Id, int Process)> KillWhenAsync(Task reached, DemoCluster cluster, CancellationToken cancel)
    {
        await reached.WaitAsync(cancel);
        return await cluster.KillLeaderAsync(cancel);
    }

    /// <summary>Appends the last events one by one, as a living ship would, while one node is dead.</summary>
    private async Task<Position> LiveOnAsync(EventLog log, Term term, EventNumber imported, CancellationToken cancel)
    {
        long start = Stopwatch.GetTimestamp();
        Position head = (await log.ReadStateAsync(cancel)).Head.Position;
        List<double> latencies = [];
        foreach (PierEvent read in input.Pier.Read(imported.Next, input.Last))
        {
            long began = Stopwatch.GetTimestamp();
            AppendResult result = await log.AppendAsync(term, head, [read.Payload], cancel);
            latencies.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            if (!result.IsCommitted)
                throw new SeguroException(ErrorCode.OutcomeUnknown, $"event {read.Number} was not committed: {result.Outcome}", "Run the demo again.");
            head = result.Reached;
        }
        latencies.Sort();
        Tell("append", $"the last {latencies.Count} events one by one, with one node dead: each durable on 2 of 3 nodes, {latencies[latencies.Count / 2]:0.0} ms in the middle", start);
        return head;
    }

    /// <summary>Brings the dead node back and kills the leader: what was appended meanwhile must now be on the one that was dead.</summary>
    private async Task SwapAsync(DemoCluster cluster, ulong dead, CancellationToken cancel)
    {
        long start = Stopwatch.GetTimestamp();
        await cluster.RestartAsync(dead, cancel);
        (ulong id, int process) = await cluster.KillLeaderAsync(cancel);
        _killed++;
        ulong leader = await cluster.LeaderAsync(cancel);
        Tell("swap", $"node {dead} came back and caught up; then node {id} got [red]kill -9[/] (process {process}), and node {leader} leads", start);
    }

    private async Task<LogState> VerifyAsync(EventLog log, Position expected, CancellationToken cancel)
    {
        long start = Stopwatch.GetTimestamp();
        LogState state = await log.ReadStateAsync(cancel);
        Chain chain = default;
        await foreach (EventFragment piece in log.StreamAsync(state, state.First, state.Head.Number, cancel))
        {
            if (piece.IsLast)
                chain = piece.Chain;
        }
        if (chain != expected.Chain || state.Head.Position != expected)
            throw new SeguroException(ErrorCode.Different, $"the log ends at {state.Head.Position}, and {expected} was acknowledged", "This must not happen: report it.");
        Tell("verify", $"all {state.Count:N0} events read back, every byte matches the chain [grey]{chain.ToString()[..16]}…[/]", start);
        return state;
    }

    private async Task<bool> ExportAsync(EventLog log, LogState state, CancellationToken cancel)
    {
        long start = Stopwatch.GetTimestamp();
        string path = Path.Combine(folder, "exported");
        PierExportResult result = await PierExport.RunAsync(log, state, path, input.VereVersion, null, TimeProvider.System, cancel);
        using Pier exported = Pier.Open(path, PierAccess.Offline);
        bool equal = exported.Info.Identity == input.Pier.Info.Identity;
        ulong compared = 0;
        using IEnumerator<PierEvent> others = exported.Read(exported.Info.First, exported.Info.Last).GetEnumerator();
        foreach (PierEvent read in input.Pier.Read(input.Pier.Info.First, input.Last))
        {
            equal &= others.MoveNext() && others.Current.Number == read.Number && others.Current.Payload.Span.SequenceEqual(read.Payload.Span);
            compared++;
        }
        equal &= !others.MoveNext() && compared == result.Events;
        Tell("export", equal
            ? $"a pier again, as vere {Markup.Escape(input.VereVersion)} boots it: all {compared:N0} events byte for byte those of the input"
            : "[red]the exported pier is not the input[/]", start);
        return equal;
    }

    private void Summary(Ship ship, LogState state, ulong lost, bool equal)
    {
        Table table = new() { Border = TableBorder.Rounded };
        table.AddColumns("what happened", "");
        table.AddRow("ship", ship.Name);
        table.AddRow("events acknowledged", $"{state.Count:N0}");
        table.AddRow("leaders killed", $"{_killed}");
        table.AddRow("events lost", lost == 0 ? "[green]0[/]" : $"[red]{lost}[/]");
        table.AddRow("chains and bytes", equal ? "[green]equal[/]" : "[red]differ[/]");
        table.AddRow("chain", state.Head.Chain.ToString());
        _out.WriteLine();
        _out.Write(table);
        _out.MarkupLine("[grey]Now with your own: seguro pier import PIER --store sqlite:ship.db      More: seguro --help[/]");
    }

    private void Tell(string what, string markup, long? start = null)
    {
        _step++;
        string took = start is { } began ? $" [grey]({Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s)[/]" : "";
        _out.MarkupLine($"[green]{_step}[/] [bold]{what,-8}[/] {markup}{took}");
    }

    private void Note(string markup) => _out.MarkupLine($"  {"",-8} [grey]↳[/] {markup}");

    /// <summary>Reports on the thread that works, so that the kill falls where it is meant to.</summary>
    private sealed class SynchronousProgress(Action<TransferProgress> report) : IProgress<TransferProgress>
    {
        public void Report(TransferProgress value) => report(value);
    }
}
