using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Seguro.Cli.Demo.Probes;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Harbor.Format;
using Seguro.Harbor.Reading;
using Seguro.Harbor.Targets;
using Seguro.Node.Admin;
using Seguro.Nouns;
using Seguro.Piers;
using Seguro.Piers.Transfer;
using Spectre.Console;

namespace Seguro.Cli.Demo;

/// <summary>
/// The demo of a ship on vere: mirrored while it runs by itself, then gated by a cluster, whose master is killed and then all of it lost; restored from the harbor, and started by itself again.
/// A client asks it by HTTP all the time.
/// </summary>
internal sealed class VereDemo(Terminal terminal, VereDemoInput input, string folder, bool quiet)
{
    private const int Questions = 50;

    private readonly IAnsiConsole _out = quiet ? terminal.Err : terminal.Out;
    private int _step;

    private string Alone => Path.Combine(folder, "alone");

    private string HarborUrl => $"file:{Path.Combine(folder, "harbor")}";

    private string HarborKey => Path.Combine(folder, "demo");

    public async Task<VereDemoResult> RunAsync(CancellationToken cancel)
    {
        _out.MarkupLine("[bold]Seguro demo vere[/] [grey]— a ship on stock vere, from a plain pier to a cluster and back[/]");
        _out.MarkupLineInterpolated(input.IsStandIn
            ? (FormattableString)$"[yellow]No vere was named: a program of Seguro's tests stands in for it (real processes, real piers, its protocols; a small kernel). Yours: --binary PATH/urbit --pill FILE[/]\n"
            : $"[grey]{input.Binary}, as it is[/]\n");
        long start = Stopwatch.GetTimestamp();
        await input.MakeAsync(folder, Alone, cancel);
        Tell("ship", $"a fake {input.Ship}, in a pier of its own", start);

        using HttpProbe probe = new(new IPEndPoint(IPAddress.Loopback, input.HttpPort));
        (ulong mirrored, bool isMirrored) = await MirrorAsync(probe, cancel);
        (double takeover, PlaceReport last, string version) = await GateAsync(probe, cancel);
        PierRestoreResult restored = await RestoreAsync(probe, last, version, cancel);
        bool isEqual = restored.Pier.Head.Number.Value >= last.Event && (restored.Pier.Head.Number.Value > last.Event || restored.Pier.Head.Chain.ToString() == last.Chain);
        VereDemoResult result = new(
            input.Ship, input.Binary, input.IsStandIn, probe.Answered, probe.Lost, mirrored, isMirrored, Math.Round(takeover), last.Event, restored.Pier.Head.Number.Value, isEqual, last.Chain);
        Summary(result);
        return result;
    }

    /// <summary>The ship runs as its owner runs it; a mirror is beside it.</summary>
    private async Task<(ulong Head, bool IsEqual)> MirrorAsync(HttpProbe probe, CancellationToken cancel)
    {
        long start = Stopwatch.GetTimestamp();
        string store = $"sqlite:{Path.Combine(folder, "mirror.db")}";
        await using (DemoProcess ship = StartAlone(Alone))
        {
            await probe.AskAsync(ship.MustRun, cancel);
            await using (DemoProcess mirror = DemoProcess.Start(folder, "mirror", "mirror", Alone, "--store", store, "--json"))
            {
                await mirror.FirstLineAsync(cancel);
                Latencies calm = await probe.AskAsync(Questions, ship.MustRun, cancel);
                Tell("mirror", $"it runs by itself, and `seguro mirror` copies its log into another store; {calm.Count} requests by HTTP: {calm}", start);
            }
            start = Stopwatch.GetTimestamp();
            await ship.EndAsync(cancel);
        }
        using JsonDocument status = JsonDocument.Parse(await DemoProcess.RunAsync(folder, "once", Words("mirror", Alone, "--store", store, "--once", "--json"), cancel));
        ulong head = status.RootElement.GetProperty("head").GetUInt64();
        bool isEqual = await DemoProcess.TryAsync(folder, "compare", Words("pier", "verify", Alone, "--store", store), cancel);
        Tell("stop", $"the ship was stopped, and its last events mirrored: pier and store are {(isEqual ? "the same" : "[red]DIFFERENT[/]")} up to event {head}", start);
        return (head, isEqual);
    }

    /// <summary>The same ship under a cluster; its master killed.</summary>
    private async Task<(double Takeover, PlaceReport Last, string Version)> GateAsync(HttpProbe probe, CancellationToken cancel)
    {
        long start = Stopwatch.GetTimestamp();
        HarborKeys.Create(HarborKey, []);
        Directory.CreateDirectory(HarborUrl["file:".Length..]);
        DemoVere vere = new(input.Binary, input.Arguments, Alone, [$"harbor:targets={HarborUrl}", $"harbor:key={HarborKeys.HostFile(HarborKey)}", "harbor:within=500ms"]);
        await using DemoMembers members = await DemoMembers.StartAsync(folder, input.Ship, vere, cancel);
        StatusReport master = await members.UntilMasterAsync(above: 0, replicas: 2, cancel);
        await probe.AskAsync(members.MustRun, cancel);
        Latencies calm = await probe.AskAsync(Questions, members.MustRun, cancel);
        Tell("gate", $"three members, a process each; {master.Name} is master and runs vere. {calm.Count} requests, each answered when its event was on another member's disk, too: {calm}", start);

        master = await members.UntilMasterAsync(above: 0, replicas: 2, cancel); // on a busy machine another one by now, perhaps
        start = Stopwatch.GetTimestamp();
        int process = await members.KillAsync(master.Name);
        double wait = (await probe.AskAsync(members.MustRun, cancel)).TotalMilliseconds;
        StatusReport next = await members.UntilMasterAsync(master.Term, 1, cancel);
        Tell("kill", $"[red]kill -9[/] of {master.Name} (process {process}), whose vere died with it; {next.Name} started the ship from its own pier, and the client was answered after {wait:0} ms", start);
        start = Stopwatch.GetTimestamp();
        members.Start(master.Name);
        next = await members.UntilMasterAsync(master.Term, 2, cancel);
        await probe.AskAsync(Questions, members.MustRun, cancel);
        Tell("return", $"{master.Name} came back, and stands by", start);

        start = Stopwatch.GetTimestamp();
        StatusReport last = await members.UntilAsync("all events on all members", static status => status.Role == "master" && status.Quiet && status.Replicas.All(static replica => replica.Healthy), cancel);
        while (await HarborHeadAsync(cancel) < last.Committed.Event)
            await Task.Delay(TimeSpan.FromMilliseconds(100), cancel);
        foreach (string name in members.Names)
            await members.KillAsync(name);
        string version = ReadVersion(members.Folder(next.Name));
        members.Forget();
        Tell("lose", $"[red]all three machines are lost[/], at event {last.Committed.Event}; the backup that the master kept in a harbor is left", start);
        return (wait, last.Committed, version);
    }

    private async Task<PierRestoreResult> RestoreAsync(HttpProbe probe, PlaceReport last, string version, CancellationToken cancel)
    {
        long start = Stopwatch.GetTimestamp();
        using OwnerKey owner = OwnerKey.Read(HarborKeys.OwnerFile(HarborKey));
        await using IHarborTarget target = HarborTarget.Open(HarborUrl);
        HarborReader reader = await HarborReader.OpenAsync([target], owner, Ship.Parse(input.Ship), static _ => { }, TimeProvider.System, cancel);
        string pier = Path.Combine(folder, "restored");
        // With the snapshot of the pier that it came from, so that vere computes only what came later.
        PierRestoreResult restored = await PierRestore.RunAsync(HarborLog.Open(reader), pier, version, null, Alone, null, TimeProvider.System, cancel);
        Tell("restore", $"a pier of the harbor's {restored.Pier.Events} events, up to {restored.Pier.Head.Number}: the cluster's last was {last.Event}{(restored.Snapshot is { } snapshot ? $"; with an older snapshot, of event {snapshot.Event}" : "")}", start);
        start = Stopwatch.GetTimestamp();
        await using DemoProcess ship = StartAlone(pier);
        await probe.AskAsync(ship.MustRun, cancel);
        await ship.EndAsync(cancel);
        Tell("back", "started by itself, as any pier: it answers, and goes on where it was", start);
        return restored;
    }

    private DemoProcess StartAlone(string pier) => DemoProcess.StartProgram(folder, "urbit", [input.Binary, "-t", .. input.Arguments.Split(' '), pier]);

    private async Task<ulong> HarborHeadAsync(CancellationToken cancel)
    {
        using OwnerKey owner = OwnerKey.Read(HarborKeys.OwnerFile(HarborKey));
        await using IHarborTarget target = HarborTarget.Open(HarborUrl);
        try
        {
            return (await HarborReader.OpenAsync([target], owner, Ship.Parse(input.Ship), static _ => { }, TimeProvider.System, cancel)).Head.Number.Value;
        }
        catch (SeguroException none) when (none.Code == ErrorCode.NoSuchLog)
        {
            return 0;
        }
    }

    private static string ReadVersion(string member)
    {
        using Pier pier = Pier.Follow(Path.Combine(member, "pier"));
        return pier.Info.VereVersion is { Length: > 0 } version ? version : VereVersion.Newest.ToString();
    }

    private static string[] Words(params string[] words) => DemoProcess.Seguro(words);

    private void Summary(VereDemoResult result)
    {
        Table table = new() { Border = TableBorder.Rounded };
        table.AddColumns("what the client saw", "");
        table.AddRow("requests answered", $"{result.Answered:N0}");
        if (result.IsStandIn)
            table.AddRow("answered, and lost", result.Lost == 0 ? "[green]0[/]" : $"[red]{result.Lost:N0}[/]");
        table.AddRow("waited at kill -9", $"{result.TakeoverMilliseconds:N0} ms");
        table.AddRow("mirror and pier", result.MirrorEqual ? "[green]equal[/]" : "[red]differ[/]");
        table.AddRow("restored, of the cluster's events", result.Equal ? "[green]all[/]" : $"[red]{result.Restored:N0} of {result.Head:N0}[/]");
        _out.WriteLine();
        _out.Write(table);
        _out.MarkupLine("[grey]Your own ship: docs/vere.md, or seguro mirror --help[/]");
    }

    private void Tell(string what, string markup, long start)
    {
        _step++;
        _out.MarkupLine($"[green]{_step}[/] [bold]{what,-9}[/] {markup} [grey]({Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s)[/]");
    }
}
