using Seguro.Node.Admin;
using Seguro.Testing;

namespace Seguro.SystemTests;

/// <summary>A new member of a running cluster, whose log a harbor gives.</summary>
public sealed class HarborMemberTests
{
    [Fact]
    public async Task It_begins_with_what_the_harbor_has_and_gets_the_rest_from_the_others()
    {
        using TemporaryFolder folder = new("harbor");
        string target = $"file:{Directory.CreateDirectory(folder["target"]).FullName}";
        (await SeguroProcess.RunAsync("harbor", "key", "new", folder["zod"])).Ok();
        await using ClusterOnLoopback cluster = await ClusterOnLoopback.MakeAsync(3);
        cluster.StartAll();
        StatusReport master = await cluster.UntilMasterAsync(replicas: 2);
        string name = cluster.Names.First(name => name != master.Name);
        await cluster.UntilAsync("the whole log in a replica", status => status.Durable.Event >= master.Durable.Event, name);
        await using (SeguroProcess ended = cluster.Take(name))
        {
            // A replica's own log, while it is down: all of it is committed.
            ended.Terminate();
            Assert.Equal(0, (await ended.EndAsync()).ExitCode);
        }
        (await SeguroProcess.RunAsync("harbor", "backup", target, "--key", folder["zod.harbor"], "--store", $"lmdb:{PierOf(cluster, name)}")).Ok();
        cluster.Start(name);

        (await SeguroProcess.RunAsync("cluster", "add", cluster.Root, "n4")).Ok();
        Directory.CreateDirectory(cluster.Data("n4"));
        SeguroProcess.Result restored = (await SeguroProcess.RunAsync(
            "harbor", "restore", target, "--identity", folder["zod.identity"], "--ship", "~zod", "--pier", PierOf(cluster, "n4"), "--json")).Ok();
        ulong head = restored.Json.GetProperty("head").GetUInt64();
        Assert.True(head > 0);
        cluster.Start("n4");
        await cluster.UntilAsync("the master hears it", static status => status.Role == "master" && status.Asking.Contains("n4"));
        (await SeguroProcess.RunAsync("cluster", "join", "n4", "-c", cluster.Configuration("m1"))).Ok();
        StatusReport all = await cluster.UntilMasterAsync(replicas: 3);
        StatusReport joined = await cluster.UntilAsync("the new member with the whole log", status => status.Role == "replica" && status.Processed.Event >= all.Durable.Event, "n4");
        Assert.True(joined.Durable.Event >= head);
        Assert.False(Directory.Exists(Path.Combine(cluster.Data("n4"), "quarantine")), "what the harbor gave was put aside");
    }

    private static string PierOf(ClusterOnLoopback cluster, string name) => Path.Combine(cluster.Data(name), "pier");
}
