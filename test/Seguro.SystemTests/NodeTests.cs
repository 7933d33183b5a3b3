using System.Net;
using System.Text.Json;
using Seguro.Cli.Demo.Probes;
using Seguro.Core;
using Seguro.Node.Admin;
using Seguro.Node.Ships;
using Seguro.Testing;

namespace Seguro.SystemTests;

/// <summary>Nodes that hold many ships: real processes, one each, with one dqlite node each.</summary>
public sealed class NodeTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(50);
    private static readonly string[] Ships = ["~bud", "~nec", "~sev", "~wes", "~zod"];
    private static readonly string[] Nodes = ["m1", "m2", "m3"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_node_that_is_killed_loses_all_its_masters_to_the_others_and_holds_its_ships_again_when_it_is_back()
    {
        using TemporaryFolder folder = new("nodes");
        (await SeguroProcess.RunAsync("node", "init", folder["f"], "--nodes", "3")).Ok();
        Dictionary<string, SeguroProcess> running = [];
        try
        {
            foreach (string node in Nodes)
                running[node] = Start(folder, node);
            await UntilAsync(folder, running, "m1", static report => report.Warnings.Count == 0);
            using (AdminClient client = Client(folder, "m1"))
            {
                foreach (string ship in Ships)
                    await client.AddShipAsync(new RegisteredShip { Ship = ship, Kernel = "demo" }, Cancel);
            }
            foreach (string node in Nodes)
                await UntilAsync(folder, running, node, static report => report.Ships.Count == Ships.Length && report.Ships.All(static ship => ship is { Healthy: true, Master.Length: > 0 }));
            // A master that nobody prefers may have come first; whoever has most of them is killed.
            FleetReport before = await UntilAsync(folder, running, "m1", static report => report.Ships.All(static ship => ship.Master.Length > 0));
            string killed = before.Ships.GroupBy(static ship => ship.Master).OrderByDescending(static group => group.Count()).First().Key;
            running.Remove(killed, out SeguroProcess? process);
            await process!.DisposeAsync(); // kill -9
            string[] left = [.. Nodes.Where(node => node != killed)];
            foreach (string node in left)
            {
                FleetReport after = await UntilAsync(folder, running, node, report => report.Ships.All(ship => ship.Healthy && ship.Master.Length > 0 && ship.Master != killed));
                foreach (ShipReport ship in after.Ships)
                    Assert.True(ship.Term > before.Ships.Single(one => one.Ship == ship.Ship).Term || before.Ships.Single(one => one.Ship == ship.Ship).Master != killed, $"{ship.Ship} has no new term");
            }
            running[killed] = Start(folder, killed);
            await UntilAsync(folder, running, killed, static report => report.Ships.Count == Ships.Length && report.Ships.All(static ship => ship is { Healthy: true, Master.Length: > 0 }));
            foreach (string node in Nodes)
            {
                running.Remove(node, out SeguroProcess? one);
                one!.Terminate();
                Assert.Equal(0, (await one.EndAsync()).ExitCode);
                await one.DisposeAsync();
            }
        }
        finally
        {
            foreach (SeguroProcess process in running.Values)
                await process.DisposeAsync();
        }
    }

    [Fact]
    public async Task One_balancer_gives_each_ship_its_datagrams_and_its_answers_also_after_a_node_was_killed()
    {
        const int Room = 4;
        (int listen, int inside) = (FreePort.Row(Room), FreePort.Row(Room));
        using TemporaryFolder folder = new("nodes");
        (await SeguroProcess.RunAsync("node", "init", folder["f"], "--nodes", "3", "--balancer", $"127.0.0.1:{inside}")).Ok();
        Dictionary<string, SeguroProcess> running = [];
        Dictionary<string, int> udp = Nodes.ToDictionary(static node => node, static _ => FreePort.Row(Room));
        try
        {
            running["balancer"] = SeguroProcess.Start(
                "balancer", "--listen", $"127.0.0.1:{listen}", "--inside", $"127.0.0.1:{inside}", "--ships", $"{Room}", "--key-file", Path.Combine(folder["f"], "balancer.keys"), "--json");
            foreach (string node in Nodes)
                running[node] = Start(folder, node, udp[node]);
            await UntilAsync(folder, running, "m1", static report => report.Warnings.Count == 0);
            using (AdminClient client = Client(folder, "m1"))
            {
                foreach (string ship in (string[])["~bud", "~nec", "~zod"])
                    await client.AddShipAsync(new RegisteredShip { Ship = ship, Kernel = "demo" }, Cancel);
            }
            FleetReport fleet = await UntilAsync(folder, running, "m1", static report => report.Ships.Count == 3 && report.Ships.All(static ship => ship is { Healthy: true, Master.Length: > 0 }));
            using ShipProbe bud = ProbeOf("~bud");
            using ShipProbe nec = ProbeOf("~nec");
            using ShipProbe zod = ProbeOf("~zod");
            ShipProbe[] probes = [bud, nec, zod];
            using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
            limit.CancelAfter(Deadline);
            TimeSpan patience = TimeSpan.FromMilliseconds(300);
            // As many questions as its number is: each ship has counted its own alone.
            foreach ((int index, ShipProbe probe) in probes.Index())
            {
                for (int question = 0; question <= index; question++)
                    await probe.AskAsync(patience, limit.Token);
            }
            string killed = fleet.Ships.GroupBy(static ship => ship.Master).OrderByDescending(static group => group.Count()).First().Key;
            running.Remove(killed, out SeguroProcess? process);
            await process!.DisposeAsync(); // kill -9
            ProbeAnswer[] answers = await Task.WhenAll(probes.Select(probe => probe.AskAsync(patience, limit.Token)));
            Assert.Equal([2, 3, 4], probes.Select(static probe => probe.AnsweredCount));
            Assert.All(answers.Index(), static answer => Assert.InRange(answer.Item.Heard, (ulong)answer.Index + 2, 40UL)); // and what was asked again meanwhile
            running.Remove("balancer", out SeguroProcess? balancer);
            balancer!.Terminate();
            SeguroProcess.Result ended = await balancer.EndAsync();
            await balancer.DisposeAsync();
            Assert.Equal(0, ended.ExitCode);
            using JsonDocument last = JsonDocument.Parse(ended.Output.Trim().Split('\n')[^1]);
            Assert.Equal(3, last.RootElement.GetProperty("ships").EnumerateObject().Count());
            Assert.Equal(0, last.RootElement.GetProperty("wrongShip").GetInt64());

            ShipProbe ProbeOf(string ship) => new(new IPEndPoint(IPAddress.Loopback, listen + fleet.Ships.Single(one => one.Ship == ship).Number), 100, TimeProvider.System);
        }
        finally
        {
            foreach (SeguroProcess process in running.Values)
                await process.DisposeAsync();
        }
    }

    private static SeguroProcess Start(TemporaryFolder folder, string node, int? udp = null) => SeguroProcess.Start(
        "run", "-c", Path.Combine(folder["f"], node, "seguro.json"), "--set", udp is null ? "member:udp=" : $"member:udp=127.0.0.1:{udp}");

    private static AdminClient Client(TemporaryFolder folder, string node) => new(Path.Combine(folder["f"], node, "data", "admin.sock"));

    private static async Task<FleetReport> UntilAsync(TemporaryFolder folder, Dictionary<string, SeguroProcess> running, string node, Func<FleetReport, bool> wanted)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(Deadline);
        using AdminClient client = Client(folder, node);
        string said = "nothing";
        while (!limit.IsCancellationRequested)
        {
            if (running[node].HasExited)
            {
                SeguroProcess.Result ended = await running[node].EndAsync();
                Assert.Fail($"{node} ended with {ended.ExitCode}: {ended.Output}{ended.Errors}");
            }
            try
            {
                FleetReport report = await client.ReadShipsAsync(Cancel);
                if (wanted(report))
                    return report;
                said = $"{string.Join(", ", report.Ships)}; {string.Join(" ", report.Warnings)}";
            }
            catch (SeguroException error) when (error.Code is ErrorCode.StoreUnavailable)
            {
                said = error.Message;
            }
            await Task.Delay(Glance, CancellationToken.None);
        }
        Assert.Fail($"{node} does not say what is waited for, but {said}");
        return null!;
    }
}
