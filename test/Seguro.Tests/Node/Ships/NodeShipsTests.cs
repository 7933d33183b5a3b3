using System.Net;
using Seguro.Core;
using Seguro.Node.Admin;
using Seguro.Node.Ships;
using Seguro.Testing;
using Seguro.Tests.Cli;

namespace Seguro.Tests.Node.Ships;

public sealed class NodeShipsTests
{
    private static readonly string[] Three = ["~bud", "~nec", "~zod"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ships_come_and_go_while_two_nodes_run_and_are_there_again_after_a_restart()
    {
        await using NodeBed bed = await NodeBed.StartAsync(2);
        await bed.UntilAsync("m1", static report => report.Warnings.Count == 0, "m1 did not start");
        await bed.UntilAsync("m2", static report => report.Warnings.Count == 0, "m2 did not start");
        using AdminClient m1 = bed.Client("m1");
        using AdminClient m2 = bed.Client("m2");
        RegisteredShip zod = new() { Ship = "~zod", Kernel = "demo", Master = "m1" };
        await m1.AddShipAsync(zod, Cancel);
        await m2.AddShipAsync(new RegisteredShip { Ship = "~nec", Kernel = "demo", Master = "m2" }, Cancel);
        await m2.AddShipAsync(new RegisteredShip { Ship = "~bud", Kind = "opaque" }, Cancel);
        foreach (string node in (string[])["m1", "m2"])
        {
            FleetReport all = await bed.UntilAsync(node, static report => report.Ships.Count == 3 && report.Ships.All(static ship => ship is { Healthy: true, Master.Length: > 0 }), "three ships did not come up");
            Assert.Equal(Three, all.Ships.Select(static ship => ship.Ship));
        }
        // The master has its replica: messages of three ships go over one connection.
        foreach (string ship in Three)
        {
            string master = (await m1.ReadShipsAsync(Cancel)).Ships.Single(one => one.Ship == ship).Master;
            await bed.UntilAsync(master, report => report.Ships.Single(one => one.Ship == ship).Replicas == 1, $"{ship} has no replica");
        }

        // Again is no error, otherwise is.
        await m2.AddShipAsync(zod, Cancel);
        SeguroException refused = await Assert.ThrowsAsync<SeguroException>(() => m2.AddShipAsync(zod with { Kernel = "import" }, Cancel));
        Assert.Equal(ErrorCode.AlreadyExists, refused.Code);
        refused = await Assert.ThrowsAsync<SeguroException>(() => m2.AddShipAsync(new RegisteredShip { Ship = "~wes", Kind = "vere" }, Cancel));
        Assert.Equal(ErrorCode.BadValue, refused.Code);

        // What is asked of one is asked by its name, and only of it; the replica hands it on.
        using AdminClient nec = bed.Client("m1", "~nec");
        Assert.Equal(0, (await nec.SetOptimismAsync(new OptimismRequest(0, null), Cancel)).Optimism.Replicas);
        using AdminClient other = bed.Client("m1", "~zod");
        Assert.Equal(1, (await other.ReadStatusAsync(Cancel)).Optimism.Replicas);
        refused = await Assert.ThrowsAsync<SeguroException>(() => m1.ReadStatusAsync(Cancel));
        Assert.Equal(ErrorCode.ManyShips, refused.Code);
        CommandRun status = await CommandRun.OfAsync("status", "-c", bed.Configuration("m2"));
        Assert.True(status.ExitCode == 0, status.Output + status.Errors);
        Assert.Contains("~bud", status.Output, StringComparison.Ordinal);
        Assert.Contains("~nec", (await CommandRun.OfAsync("status", "-c", bed.Configuration("m2"), "--ship", "~nec")).Output, StringComparison.Ordinal);
        (await CommandRun.OfAsync("ship", "remove", "~wes", "-c", bed.Configuration("m2"))).Fails("SG1012", 1, "ship list");

        (await CommandRun.OfAsync("ship", "remove", "~zod", "-c", bed.Configuration("m2"))).Ok();
        await bed.UntilAsync("m1", static report => report.Ships.All(static ship => ship.Ship != "~zod"), "m1 goes on with a ship that was removed at m2");
        await bed.StopAsync("m1");
        // Its masters are with the other node, which goes on.
        await bed.UntilAsync("m2", static report => report.Ships.Count == 2 && report.Ships.All(static ship => ship.Role == "master"), "m2 is not master of all");
        await m2.AddShipAsync(zod, Cancel);
        bed.Start("m1");
        FleetReport again = await bed.UntilAsync("m1", static report => report.Ships.Count == 3 && report.Ships.All(static ship => ship is { Healthy: true, Master.Length: > 0 }), "the ships did not come back");
        Assert.Equal(0, again.Ships.Single(static ship => ship.Ship == "~zod").Number); // its own
    }

    [Fact]
    public async Task What_a_change_that_was_refused_has_read_is_in_force_all_the_same()
    {
        await using NodeBed bed = await NodeBed.StartAsync(2);
        await bed.UntilAsync("m1", static report => report.IsReady, "m1 did not start");
        await bed.UntilAsync("m2", static report => report.IsReady, "m2 did not start");
        using AdminClient m1 = bed.Client("m1");
        using AdminClient m2 = bed.Client("m2");
        RegisteredShip nec = new() { Ship = "~nec", Kind = "opaque" };
        // Each time before m2 looks, which it does once a second.
        await m1.AddShipAsync(nec, Cancel);
        SeguroException refused = await Assert.ThrowsAsync<SeguroException>(() => m2.AddShipAsync(nec with { Optimism = 0 }, Cancel));
        Assert.Equal(ErrorCode.AlreadyExists, refused.Code);
        await bed.UntilAsync("m2", static report => report.Ships.Count == 1, "m2 does not hold a ship that was added at m1");
        await m1.RemoveShipAsync(Ship.Parse("~nec"), Cancel);
        refused = await Assert.ThrowsAsync<SeguroException>(() => m2.RemoveShipAsync(Ship.Parse("~nec"), Cancel));
        Assert.Equal(ErrorCode.NotFound, refused.Code);
        await bed.UntilAsync("m2", static report => report.Ships.Count == 0, "m2 goes on with a ship that was removed at m1");
    }

    [Fact]
    public async Task A_node_that_has_not_read_which_ships_it_is_to_hold_is_not_healthy()
    {
        await using NodeBed bed = await NodeBed.StartAsync(1, $"store=postgresql://seguro@127.0.0.1:{FreePort.Next()}/nobody"); // nobody listens there
        FleetReport report = await bed.UntilAsync("m1", static _ => true, "m1 does not answer");
        Assert.Empty(report.Ships);
        Assert.False(report.IsReady);
        Assert.False(report.IsHealthy);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await bed.HealthAsync("m1"));
        Assert.Equal(4, (await CommandRun.OfAsync("ship", "list", "-c", bed.Configuration("m1"))).ExitCode);
        using AdminClient zod = bed.Client("m1", "~zod");
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(() => zod.ReadStatusAsync(Cancel));
        Assert.Equal(ErrorCode.StoreUnavailable, error.Code);
        Assert.Contains("m1 is starting", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_ship_that_a_node_can_t_hold_is_failed_there_and_none_is_added_that_it_could_not_hold()
    {
        await using NodeBed bed = await NodeBed.StartAsync(1);
        await bed.UntilAsync("m1", static report => report.IsReady, "m1 did not start");
        using AdminClient client = bed.Client("m1");
        foreach (string ship in (string[])["~bud", "~nec"])
            await client.AddShipAsync(new RegisteredShip { Ship = ship, Kind = "opaque" }, Cancel);
        await bed.UntilAsync("m1", static report => report.Ships.Count == 2 && report.IsHealthy, "the ships did not start");
        Assert.Equal(HttpStatusCode.OK, await bed.HealthAsync("m1"));
        await bed.StopAsync("m1");
        // There is no port above the first one's. Opaque ships have no datagrams: nobody listens there.
        bed.Start("m1", "member:udp=127.0.0.1:65535");
        FleetReport report = await bed.UntilAsync("m1", static report => report.Ships.Any(static ship => ship is { Ship: "~bud", Healthy: true }), "~bud did not start");
        Assert.Equal(2, report.Ships.Count);
        ShipReport failed = report.Ships[1];
        Assert.Equal(("~nec", 1, "failed"), (failed.Ship, failed.Number, failed.Role));
        Assert.Contains("member:udp", failed.Stopped, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await bed.HealthAsync("m1"));
        using AdminClient nec = bed.Client("m1", "~nec");
        Assert.Equal(ErrorCode.BadValue, (await Assert.ThrowsAsync<SeguroException>(() => nec.ReadStatusAsync(Cancel))).Code);
        SeguroException refused = await Assert.ThrowsAsync<SeguroException>(() => client.AddShipAsync(new RegisteredShip { Ship = "~zod", Kind = "opaque" }, Cancel));
        Assert.Equal(ErrorCode.BadValue, refused.Code);
        report = await client.RemoveShipAsync(Ship.Parse("~nec"), Cancel);
        Assert.Equal("~bud", Assert.Single(report.Ships).Ship);
        Assert.Equal(HttpStatusCode.OK, await bed.HealthAsync("m1"));

        // A list that this version can't read: what is held goes on, and what is missing is not known.
        await bed.AppendToListAsync("{\"move\":\"~zod\"}");
        report = await bed.UntilAsync("m1", static report => !report.IsReady, "a list that can't be read is none to m1");
        Assert.True(Assert.Single(report.Ships).Healthy);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await bed.HealthAsync("m1"));
    }

    [Fact]
    public async Task A_ship_that_fails_is_shown_as_failed_and_comes_back_when_it_can_and_no_other_is_touched()
    {
        await using NodeBed bed = await NodeBed.StartAsync(1);
        await bed.UntilAsync("m1", static report => report.Warnings.Count == 0, "m1 did not start");
        string access = Path.Combine(bed.Data("m1"), "ships", "~nec", "access.json");
        Directory.CreateDirectory(Path.GetDirectoryName(access)!);
        await File.WriteAllTextAsync(access, "no JSON\n", Cancel);
        using AdminClient client = bed.Client("m1");
        foreach (string ship in Three)
            await client.AddShipAsync(new RegisteredShip { Ship = ship, Kernel = "demo" }, Cancel);
        FleetReport report = await bed.UntilAsync(
            "m1", static report => report.Ships.Count == 3 && report.Ships.All(static ship => ship.Role == (ship.Ship == "~nec" ? "failed" : "master")), "the ships do not stand as they should");
        ShipReport failed = report.Ships.Single(static ship => ship.Ship == "~nec");
        Assert.Contains("SG1004", failed.Stopped, StringComparison.Ordinal);
        Assert.True(failed.Failures > 0);
        Assert.Equal(4, (await CommandRun.OfAsync("ship", "list", "-c", bed.Configuration("m1"))).ExitCode);
        using AdminClient nec = bed.Client("m1", "~nec");
        Assert.Equal("failed", (await nec.ReadStatusAsync(Cancel)).Role);
        (ulong Term, string Ship)[] before = [.. report.Ships.Where(static ship => ship.Ship != "~nec").Select(static ship => (ship.Term, ship.Ship))];
        File.Delete(access);
        report = await bed.UntilAsync("m1", static report => report.Ships.All(static ship => ship.Role == "master"), "what failed was not started again");
        Assert.Equal(before, report.Ships.Where(static ship => ship.Ship != "~nec").Select(static ship => (ship.Term, ship.Ship)));
    }
}
