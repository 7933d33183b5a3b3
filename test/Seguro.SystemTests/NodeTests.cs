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

    private static SeguroProcess Start(TemporaryFolder folder, string node) => SeguroProcess.Start("run", "-c", Path.Combine(folder["f"], node, "seguro.json"), "--set", "member:udp=");

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
