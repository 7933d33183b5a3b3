using System.Diagnostics;
using System.Globalization;
using System.Net;
using Seguro.Cli.Demo.Probes;
using Seguro.Node.Admin;
using Seguro.Testing;

namespace Seguro.SystemTests;

/// <summary>Two of three members' whole folders go back in time, dqlite nodes and all, as snapshots of virtual machines do that are rolled back.</summary>
public sealed class LostNodesTests
{
    private const int DatagramSize = 200;
    private const int Questions = 60;
    private static readonly TimeSpan AskAgain = TimeSpan.FromMilliseconds(200);
    private static readonly string[] Old = ["m1", "m2"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_third_members_proof_stops_the_two_that_served_without_it_and_keeps_what_was_acknowledged()
    {
        string inside = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{FreePort.Next()}");
        IPEndPoint door = new(IPAddress.Loopback, FreePort.Next());
        await using ClusterOnLoopback cluster = await ClusterOnLoopback.MakeAsync(3, "--balancer", inside);
        await using SeguroProcess balancer = SeguroProcess.Start("balancer", "--listen", door.ToString(), "--inside", inside, "--key-file", Path.Combine(cluster.Root, "balancer.keys"));
        cluster.StartAll();
        await cluster.UntilMasterAsync(replicas: 2);
        await KillAllAsync(cluster);
        foreach (string name in Old)
            await CopyAsync(cluster.Data(name), CopyOf(cluster, name));
        cluster.StartAll();
        await cluster.UntilMasterAsync(replicas: 2);
        using (ShipProbe probe = new(door, DatagramSize, TimeProvider.System))
        {
            for (int i = 0; i < Questions; i++)
                await probe.AskAsync(AskAgain, Cancel);
        }
        StatusReport before = await cluster.UntilMasterAsync(replicas: 2);
        await cluster.UntilAsync("m3 has what was acknowledged", status => status.Durable.Event >= before.Committed.Event, "m3");
        await KillAllAsync(cluster);
        foreach (string name in Old)
        {
            Directory.Delete(cluster.Data(name), recursive: true);
            Directory.Move(CopyOf(cluster, name), cluster.Data(name));
            cluster.Start(name);
        }
        await cluster.UntilMasterAsync(replicas: 1); // they can't know better

        cluster.Start("m3");
        foreach (string name in cluster.Names)
        {
            StatusReport standing = await cluster.UntilAsync($"{name} stands still", static status => status.Loss is not null, name);
            Assert.Equal("stopped", standing.Role);
            Assert.False(Directory.Exists(Path.Combine(cluster.Data(name), "quarantine")), $"{name} moved events away");
        }
        Assert.True((await cluster.StatusAsync("m3"))!.Durable.Event >= before.Committed.Event);
    }

    private static string CopyOf(ClusterOnLoopback cluster, string name) => cluster.Data(name) + ".old";

    private static async Task KillAllAsync(ClusterOnLoopback cluster)
    {
        foreach (string name in cluster.Names)
        {
            await using SeguroProcess killed = cluster.Take(name);
            killed.Kill();
        }
    }

    private static async Task CopyAsync(string from, string to)
    {
        using Process copying = Process.Start("cp", ["-a", from, to]);
        await copying.WaitForExitAsync(Cancel);
        Assert.Equal(0, copying.ExitCode);
    }
}
