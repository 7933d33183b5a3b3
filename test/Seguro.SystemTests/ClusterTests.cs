using Seguro.Node.Admin;

namespace Seguro.SystemTests;

/// <summary>Real members on loopback, over dqlite nodes of their own.</summary>
public sealed class ClusterTests
{
    [Fact]
    public async Task Three_members_change_optimism_hand_over_survive_kill_9_and_end_cleanly()
    {
        await using ClusterOnLoopback cluster = await ClusterOnLoopback.MakeAsync(3);
        cluster.StartAll();
        StatusReport master = await cluster.UntilMasterAsync(replicas: 2);
        foreach (string name in cluster.Names.Where(name => name != master.Name))
            Assert.Equal(master.Name, (await cluster.UntilAsync("a replica", status => status.Role == "replica" && status.Master == master.Name, name)).Master);

        // By a replica, which hands the request on.
        string replica = cluster.Names.First(name => name != master.Name);
        StatusReport changed = Report(await SeguroProcess.RunAsync("cluster", "optimism", "2", "--on-replica-loss", "degrade", "--json", "-c", cluster.Configuration(replica)));
        Assert.Equal(new OptimismRequest(2, "degrade"), changed.Optimism);
        foreach (string name in cluster.Names)
            await cluster.UntilAsync("the new optimism", static status => status.Optimism == new OptimismRequest(2, "degrade"), name);
        SeguroProcess.Result refused = await SeguroProcess.RunAsync("cluster", "optimism", "3", "-c", cluster.Configuration(replica));
        Assert.Equal(2, refused.ExitCode);

        StatusReport next = Report(await SeguroProcess.RunAsync("cluster", "stepdown", "--json", "-c", cluster.Configuration(replica)));
        Assert.NotEqual(changed.Name, next.Master);
        StatusReport second = await cluster.UntilMasterAsync(replicas: 2, above: changed.Term);

        SeguroProcess killed = cluster.Take(second.Name);
        killed.Kill();
        await killed.DisposeAsync();
        StatusReport third = await cluster.UntilMasterAsync(replicas: 1, above: second.Term);
        Assert.NotEqual(second.Name, third.Name);
        Assert.True(third.Released >= second.Released);

        cluster.Start(second.Name);
        StatusReport back = await cluster.UntilAsync("the killed member as a replica", static status => status.Role == "replica" && status.Master.Length > 0, second.Name);
        StatusReport whole = await cluster.UntilMasterAsync(replicas: 2, above: second.Term);
        Assert.Equal(0, (await SeguroProcess.RunAsync("status", "-c", cluster.Configuration(back.Name))).ExitCode);
        ulong end = whole.Durable.Event;
        await cluster.UntilAsync("the same log", status => status.Processed.Event >= end, second.Name);

        foreach (string name in cluster.Names)
        {
            SeguroProcess process = cluster.Take(name);
            process.Terminate();
            SeguroProcess.Result ended = await process.EndAsync();
            await process.DisposeAsync();
            Assert.True(ended.ExitCode == 0, $"{name}: exit code {ended.ExitCode}\n{ended.Output}\n{ended.Errors}");
            Assert.Contains($"{name} ended.", ended.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_member_without_its_disk_is_refused_under_its_old_number()
    {
        await using ClusterOnLoopback cluster = await ClusterOnLoopback.MakeAsync(3, "--kind", "opaque");
        cluster.StartAll();
        StatusReport master = await cluster.UntilMasterAsync(replicas: 2);
        string lost = cluster.Names.First(name => name != master.Name);
        SeguroProcess killed = cluster.Take(lost);
        killed.Kill();
        await killed.DisposeAsync();
        Directory.Delete(cluster.Data(lost), recursive: true);
        SeguroProcess.Result refused = await SeguroProcess.RunAsync("run", "-c", cluster.Configuration(lost));
        Assert.Equal(3, refused.ExitCode);
        Assert.Contains("SG3015", refused.Errors, StringComparison.Ordinal);

        // Under a number that was never used it comes back, and gets its log from the others.
        cluster.Start(lost, "--set", $"members:{lost}:id=9");
        await cluster.UntilMasterAsync(replicas: 2);
    }

    private static StatusReport Report(SeguroProcess.Result result) => System.Text.Json.JsonSerializer.Deserialize<StatusReport>(result.Ok().Output, System.Text.Json.JsonSerializerOptions.Web)!;
}
