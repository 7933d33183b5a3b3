using System.Text.Json;
using Seguro.Node.Admin;
using Seguro.Testing;

namespace Seguro.SystemTests;

/// <summary>What an operator asks of a running cluster of real members.</summary>
public sealed class OperatorVerbsTests
{
    [Fact]
    public async Task A_cluster_steps_down_to_whom_it_is_told_pauses_over_a_takeover_goes_on_and_remembers_it()
    {
        await using ClusterOnLoopback cluster = await ClusterOnLoopback.MakeAsync(3);
        cluster.StartAll();
        StatusReport master = await cluster.UntilMasterAsync(replicas: 2);
        string ask = cluster.Names.First(name => name != master.Name);
        string to = cluster.Names.Last(name => name != master.Name); // not the first in line
        JsonElement after = (await SeguroProcess.RunAsync("cluster", "stepdown", "--to", to, "--json", "-c", cluster.Configuration(ask))).Ok().Json;
        Assert.Equal(to, after.GetProperty("master").GetString());
        Assert.Equal(2, (await SeguroProcess.RunAsync("cluster", "stepdown", "--to", "m9", "-c", cluster.Configuration(ask))).ExitCode);

        await cluster.UntilMasterAsync(replicas: 2);
        JsonElement paused = (await SeguroProcess.RunAsync("cluster", "pause", "--why", "the disk is exchanged", "--json", "-c", cluster.Configuration(ask))).Ok().Json;
        Assert.Equal("the disk is exchanged", paused.GetProperty("pause").GetString());
        Assert.True(paused.GetProperty("quiet").GetBoolean());
        await using (SeguroProcess killed = cluster.Take(to))
            killed.Kill();
        StatusReport next = await cluster.UntilAsync("another master, paused", status => status is { Role: "master", Pause: not null } && status.Name != to);
        Assert.Equal("the disk is exchanged", next.Pause);
        cluster.Start(to);
        await cluster.UntilMasterAsync(replicas: 2);
        (await SeguroProcess.RunAsync("cluster", "resume", "-c", cluster.Configuration(next.Name))).Ok();
        await cluster.UntilAsync("it goes on everywhere", static status => status.Pause is null, ask);

        string[] history = [.. (await SeguroProcess.RunAsync("cluster", "history", "--json", "-c", cluster.Configuration(ask))).Ok()
            .Json.GetProperty("entries").EnumerateArray()
            .Select(static entry => entry.GetProperty("what").GetString()!)];
        string[] expected = [$"{master.Name} is master.", $"{to} is master.", "The cluster is paused: the disk is exchanged.", $"{next.Name} is master.", "The cluster goes on."];
        Assert.All(expected, what => Assert.Contains(what, history));
    }

    [Fact]
    public async Task A_member_that_lost_its_disk_is_replaced_by_one_command()
    {
        await using ClusterOnLoopback cluster = await ClusterOnLoopback.MakeAsync(3);
        cluster.StartAll();
        await cluster.UntilMasterAsync(replicas: 2);
        Assert.Equal(3, (await SeguroProcess.RunAsync("member", "replace", "-c", cluster.Configuration("m3"))).ExitCode); // it runs
        await using (SeguroProcess killed = cluster.Take("m3"))
        {
            killed.Kill();
            await killed.EndAsync();
        }
        Assert.Equal(3, (await SeguroProcess.RunAsync("member", "replace", "-c", cluster.Configuration("m3"))).ExitCode); // its data are there
        Directory.Delete(cluster.Data("m3"), recursive: true);
        JsonElement replaced = (await SeguroProcess.RunAsync("member", "replace", "--json", "-c", cluster.Configuration("m3"))).Ok().Json;
        Assert.Equal(3UL, replaced.GetProperty("replaces").GetUInt64());
        ulong id = replaced.GetProperty("id").GetUInt64();
        cluster.Start("m3");
        StatusReport master = await cluster.UntilMasterAsync(replicas: 2);
        await cluster.UntilAsync("the whole log in m3", status => status.Durable.Event >= master.Durable.Event, "m3");
        JsonElement list = (await SeguroProcess.RunAsync("cluster", "list", "--json", "-c", cluster.Configuration("m3"))).Ok().Json;
        Assert.Equal(0, list.GetProperty("otherNodes").EnumerateArray().Count(node => node.GetProperty("id").GetUInt64() == 3));
        JsonElement m3 = list.GetProperty("members").EnumerateArray().Single(static member => member.GetProperty("name").GetString() == "m3");
        Assert.Equal(id, m3.GetProperty("dqlite").GetProperty("id").GetUInt64());
        Assert.All(list.GetProperty("members").EnumerateArray(), static member => Assert.NotEmpty(member.GetProperty("version").GetString()!));
    }

    [Fact]
    public async Task A_first_member_that_lost_its_disk_forms_no_second_cluster_and_is_replaced_like_any_other()
    {
        await using ClusterOnLoopback cluster = await ClusterOnLoopback.MakeAsync(3);
        byte[] leave = await File.ReadAllBytesAsync(Path.Combine(cluster.Data("m1"), "form-cluster"), TestContext.Current.CancellationToken);
        cluster.StartAll();
        await cluster.UntilMasterAsync(replicas: 2);
        await using (SeguroProcess killed = cluster.Take("m1"))
        {
            killed.Kill();
            await killed.EndAsync();
        }
        // As the folder that `cluster init` wrote has it, which is copied anew where a disk was lost.
        Directory.Delete(cluster.Data("m1"), recursive: true);
        Directory.CreateDirectory(cluster.Data("m1"));
        await File.WriteAllBytesAsync(Path.Combine(cluster.Data("m1"), "form-cluster"), leave, TestContext.Current.CancellationToken);
        SeguroProcess.Result refused = await SeguroProcess.RunAsync("run", "-c", cluster.Configuration("m1"));
        Assert.Equal(3, refused.ExitCode);
        Assert.Contains("SG3015", refused.Output + refused.Errors, StringComparison.Ordinal);
        Assert.Contains($"seguro member replace -c {cluster.Configuration("m1")}", refused.Output + refused.Errors, StringComparison.Ordinal);

        // A single one that knows the cluster, and has no leader, is enough.
        await using (SeguroProcess killed = cluster.Take("m2"))
        {
            killed.Kill();
            await killed.EndAsync();
        }
        Assert.Equal(3, (await SeguroProcess.RunAsync("run", "-c", cluster.Configuration("m1"))).ExitCode);
        cluster.Start("m2");
        StatusReport before = await cluster.UntilMasterAsync(replicas: 1);

        (await SeguroProcess.RunAsync("member", "replace", "-c", cluster.Configuration("m1"))).Ok();
        cluster.Start("m1");
        await cluster.UntilMasterAsync(replicas: 2);
        await cluster.UntilAsync("the whole log in m1", status => status.Durable.Event >= before.Durable.Event, "m1");
    }

    [Fact]
    public async Task A_running_ship_is_handed_over_to_another_cluster_and_the_old_one_stays_paused()
    {
        await using ClusterOnLoopback old = await ClusterOnLoopback.MakeAsync(3);
        old.StartAll();
        await old.UntilMasterAsync(replicas: 2);
        using TemporaryFolder folder = new("moved");
        string store = $"sqlite:{folder["store.db"]}";
        (await SeguroProcess.RunAsync("cluster", "init", folder["c"], "--members", "1", "--ship", "~zod", "--import", "--store", store)).Ok();
        string configuration = Path.Combine(folder["c"], "m1", "seguro.json");
        await using SeguroProcess member = SeguroProcess.Start("run", "-c", configuration);
        JsonElement moved = (await SeguroProcess.RunAsync("cluster", "move", "--to", store, "--json", "-c", old.Configuration("m2"))).Ok().Json;
        StatusReport stays = await old.UntilAsync("it is paused", static status => status is { Role: "master", Pause: not null });
        Assert.Equal("moved to sqlite", stays.Pause);
        Assert.Equal(stays.Committed.Chain, moved.GetProperty("chain").GetString());
        using AdminClient client = new(Path.Combine(folder["c"], "m1", "data", "admin.sock"));
        StatusReport? goes = null;
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(2));
        while (goes is not { Role: "master" })
        {
            Assert.False(limit.IsCancellationRequested, $"the new cluster has no master: {goes?.Role} {string.Join(' ', goes?.Warnings ?? [])}");
            try
            {
                goes = await client.ReadStatusAsync(limit.Token);
            }
            catch (Seguro.Core.SeguroException)
            {
                // It is not up yet.
            }
            await Task.Delay(50, CancellationToken.None);
        }
        Assert.Equal(moved.GetProperty("head").GetUInt64(), goes.Released); // history: nothing of it leaves again
        Assert.Equal(3, (await SeguroProcess.RunAsync("cluster", "resume", "-c", old.Configuration("m1"))).ExitCode);
    }
}
