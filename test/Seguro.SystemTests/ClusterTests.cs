using System.Text.Json;
using Seguro.Core;
using Seguro.Node.Admin;
using Seguro.Node.Configuration;
using Seguro.Node.Members;
using Seguro.Node.Startup;
using Seguro.Piers.LocalLogs;
using Seguro.Testing;

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
            process.Signal("USR1"); // says nothing to it
            process.Signal(name == cluster.Names[0] ? "HUP" : "TERM");
            SeguroProcess.Result ended = await process.EndAsync();
            await process.DisposeAsync();
            Assert.True(ended.ExitCode == 0, $"{name}: exit code {ended.ExitCode}\n{ended.Output}\n{ended.Errors}");
            Assert.Contains($"{name} ended.", ended.Output, StringComparison.Ordinal);
            Assert.Contains("A snapshot of the ship at event", ended.Output, StringComparison.Ordinal);
            Assert.NotEmpty(Directory.GetFiles(Path.Combine(cluster.Data(name), "snapshots"), "event-*.snapshot"));
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

    [Fact]
    public async Task A_member_that_a_configuration_does_not_name_is_listed_and_leaves_and_that_may_be_repeated()
    {
        await using ClusterOnLoopback cluster = await ClusterOnLoopback.MakeAsync(2, "--kind", "opaque");
        cluster.StartAll();
        await cluster.UntilMasterAsync(replicas: 1);
        await cluster.AddAsync("n3");
        await cluster.UntilAsync("the master hears it", static status => status.Role == "master" && status.Asking.Contains("n3"));
        (await SeguroProcess.RunAsync("cluster", "join", "n3", "-c", cluster.Configuration("m1"))).Ok();
        await cluster.UntilMasterAsync(replicas: 2);
        await UntilNodesAsync(cluster, others: 1);
        for (int times = 0; times < 2; times++)
        {
            StatusReport left = Report(await SeguroProcess.RunAsync(["cluster", "leave", "n3", "--json", "-c", cluster.Configuration("m1"), .. (times == 0 ? Array.Empty<string>() : ["--node", "3"])]));
            Assert.Equal(["m1", "m2"], left.Members);
        }
        await UntilNodesAsync(cluster, others: 0);
    }

    /// <summary>Waits until the cluster's list has two members with voters of their own, and so many nodes of others.</summary>
    private static async Task UntilNodesAsync(ClusterOnLoopback cluster, int others)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(1));
        while (true)
        {
            JsonElement list = JsonDocument.Parse((await SeguroProcess.RunAsync("cluster", "list", "--json", "-c", cluster.Configuration("m1"))).Ok().Output).RootElement;
            string[] roles = [.. list.GetProperty("members").EnumerateArray()
                .Where(static member => member.GetProperty("name").GetString() != "n3")
                .Select(static member => member.GetProperty("dqlite").GetProperty("role").GetString()!)];
            if (roles is ["voter", "voter"] && list.GetProperty("otherNodes").GetArrayLength() == others)
                return;
            limit.Token.ThrowIfCancellationRequested();
        }
    }

    [Fact]
    public async Task One_member_more_joins_and_one_leaves_while_the_cluster_runs()
    {
        await using ClusterOnLoopback cluster = await ClusterOnLoopback.MakeAsync(3);
        cluster.StartAll();
        StatusReport master = await cluster.UntilMasterAsync(replicas: 2);
        await cluster.AddAsync("n4");
        // It gets nothing before it belongs to the cluster, and everybody says that it asks.
        SeguroProcess.Result absent = await SeguroProcess.RunAsync("cluster", "join", "n5", "-c", cluster.Configuration("m1"));
        Assert.Equal(3, absent.ExitCode);
        await cluster.UntilAsync("the new member is told that it is none", static status => status.Warnings.Any(static warning => warning.Contains("cluster join n4", StringComparison.Ordinal)), "n4");
        await cluster.UntilAsync("the master hears it", static status => status.Role == "master" && status.Asking.Contains("n4"));
        StatusReport joined = Report(await SeguroProcess.RunAsync("cluster", "join", "n4", "--json", "-c", cluster.Configuration("m1")));
        Assert.Equal(["m1", "m2", "m3", "n4"], joined.Members);
        await cluster.UntilMasterAsync(replicas: 3);
        await cluster.UntilAsync("a member that knows the master", static status => status.Master.Length > 0, "n4");
        string leaving = cluster.Names.First(name => name != master.Name);
        StatusReport left = Report(await SeguroProcess.RunAsync("cluster", "leave", leaving, "--json", "-c", cluster.Configuration("n4")));
        Assert.DoesNotContain(leaving, left.Members);
        await cluster.UntilAsync("the member that left says so", static status => status.Stopped?.Contains("has left the cluster", StringComparison.Ordinal) is true, leaving);
        await using (SeguroProcess stopped = cluster.Take(leaving))
        {
            stopped.Terminate();
            Assert.Equal(0, (await stopped.EndAsync()).ExitCode);
        }
        StatusReport without = await cluster.UntilMasterAsync(replicas: 2);

        // Its folder opens nothing any more: not as a member, not under its old name, not with its certificates in other hands.
        SeguroProcess.Result back = await SeguroProcess.RunAsync("run", "-c", cluster.Configuration(leaving));
        Assert.Equal(3, back.ExitCode);
        Assert.Contains("SG3021", back.Errors, StringComparison.Ordinal);
        SeguroProcess.Result renamed = await SeguroProcess.RunAsync("cluster", "join", leaving, "-c", cluster.Configuration("n4"));
        Assert.Equal(3, renamed.ExitCode);
        string[] store = ["--store", without.Store, "--certificates", Path.Combine(Path.GetDirectoryName(cluster.Configuration(leaving))!, "certificates")];
        SeguroProcess.Result read = await SeguroProcess.RunAsync(["log", "head", .. store]);
        Assert.NotEqual(0, read.ExitCode);

        // Nor after a restart of the others, whose configurations still name it.
        foreach (string name in (string[])["m1", "m2", "m3", "n4"])
        {
            if (name == leaving)
                continue;
            await using SeguroProcess killed = cluster.Take(name);
            killed.Kill();
            await killed.EndAsync();
            cluster.Start(name);
        }
        back = await SeguroProcess.RunAsync("run", "-c", cluster.Configuration(leaving));
        Assert.Equal(3, back.ExitCode);
        Assert.Contains("SG3021", back.Errors, StringComparison.Ordinal);
        StatusReport last = await cluster.UntilMasterAsync(replicas: 2, above: without.Term);
        Assert.DoesNotContain(leaving, last.Members);
    }

    [Fact]
    public async Task A_member_that_has_not_joined_is_not_healthy_where_the_store_lets_it_in()
    {
        await using PostgresCluster postgres = await PostgresCluster.StartAsync();
        await using ClusterOnLoopback cluster = await ClusterOnLoopback.MakeAsync(2, "--kind", "opaque", "--store", postgres.Url);
        cluster.StartAll();
        await cluster.UntilMasterAsync(replicas: 1);
        await cluster.AddAsync("n3");
        StatusReport outside = await cluster.UntilAsync("it knows the record", static status => status.Role is "replica" or "master" && !status.IsMember, "n3");
        Assert.False(outside.IsHealthy);
        Assert.Contains(outside.Warnings, static warning => warning.Contains("seguro cluster join n3", StringComparison.Ordinal));
        Assert.Equal(4, (await SeguroProcess.RunAsync("status", "-c", cluster.Configuration("n3"))).ExitCode);
        (await SeguroProcess.RunAsync("cluster", "join", "n3", "-c", cluster.Configuration("m1"))).Ok();
        await cluster.UntilMasterAsync(replicas: 2);
        await cluster.UntilAsync("a healthy member", static status => status is { IsMember: true, IsHealthy: true }, "n3");
    }

    [Fact]
    public async Task Certificates_are_renewed_while_everything_runs_and_a_member_that_moved_comes_back()
    {
        await using ClusterOnLoopback cluster = await ClusterOnLoopback.MakeAsync(3, "--kind", "opaque");
        cluster.StartAll();
        StatusReport master = await cluster.UntilMasterAsync(replicas: 2);
        Assert.Empty(master.Warnings);
        (await SeguroProcess.RunAsync("cluster", "certificates", "renew", cluster.Root, "--days", "20")).Ok();
        foreach (string name in cluster.Names)
        {
            StatusReport warned = await cluster.UntilAsync("the warning before the end", static status => status.Warnings.Any(static warning => warning.Contains("expires at", StringComparison.Ordinal)), name);
            Assert.InRange(warned.CertificatesUntil!.Value - DateTimeOffset.UtcNow, TimeSpan.FromDays(19), TimeSpan.FromDays(20));
        }
        (await SeguroProcess.RunAsync("cluster", "certificates", "renew", cluster.Root)).Ok();
        foreach (string name in cluster.Names)
            await cluster.UntilAsync("no warning any more", static status => status.Warnings.Count == 0, name);

        // Another takes over, and the one that was killed comes back: all new connections, with the new certificates.
        SeguroProcess killed = cluster.Take(master.Name);
        killed.Kill();
        await killed.DisposeAsync();
        StatusReport second = await cluster.UntilMasterAsync(replicas: 1, above: master.Term);
        cluster.Start(master.Name);
        await cluster.UntilMasterAsync(replicas: 2);

        // A replica gets another address: a certificate for it, a new number for its dqlite node, and the others hear of it from itself.
        string moving = cluster.Names.First(name => name != second.Name && name != "m1");
        await using (SeguroProcess stopped = cluster.Take(moving))
        {
            stopped.Terminate();
            await stopped.EndAsync();
        }
        (await SeguroProcess.RunAsync("cluster", "certificates", "renew", cluster.Root, moving, "--host", "127.0.0.9")).Ok();
        Directory.Move(Path.Combine(cluster.Data(moving), "dqlite"), Path.Combine(cluster.Data(moving), "dqlite.old"));
        cluster.Start(moving, "--set", $"members:{moving}:links=127.0.0.9:{Seguro.Testing.FreePort.Next()}", "--set", $"members:{moving}:dqlite=127.0.0.9:{Seguro.Testing.FreePort.Next()}", "--set", $"members:{moving}:id=7");
        await cluster.UntilMasterAsync(replicas: 2);
        StatusReport back = await cluster.UntilAsync("the moved member with all its links", static status => status.Role == "replica" && status.Links.Count == 2, moving);
        Assert.Empty(back.Warnings);
    }

    [Fact]
    public async Task A_lost_quorum_is_recovered_from_the_local_logs()
    {
        await using ClusterOnLoopback cluster = await ClusterOnLoopback.MakeAsync(3);
        cluster.StartAll();
        StatusReport master = await cluster.UntilMasterAsync(replicas: 2);
        foreach (string name in cluster.Names)
            await cluster.UntilAsync("the whole log everywhere", status => status.Durable.Event >= master.Durable.Event, name);
        SeguroProcess.Result running = await SeguroProcess.RunAsync("cluster", "recover", "--yes", "-c", cluster.Configuration("m1"));
        Assert.Equal(3, running.ExitCode);
        ulong head = 0;
        foreach (string name in cluster.Names)
        {
            head = Math.Max(head, (await cluster.StatusAsync(name))!.Durable.Event);
            await using SeguroProcess killed = cluster.Take(name);
            killed.Kill();
            await killed.EndAsync();
        }
        Evidence known = EvidenceFile.Read(cluster.Data("m1"))!.Value;
        Assert.NotNull(known.History);
        // m3 was master for a moment and has what nobody else got; m2 and m1 have what was committed meanwhile.
        (ulong common, ulong strange) = await DivergeAsync(cluster.Data("m3"), new Evidence(new Term(1), Position.Origin, MayBeAhead: true, Term.None));
        EvidenceFile.Write(cluster.Data("m2"), new Evidence(new Term(master.Term), Position.Origin, MayBeAhead: false, Term.None));
        // The member at hand is not the first; m1's folder lies beside it, and of m3, which is another machine's, a copy of its data.
        string copy = Path.Combine(cluster.Root, "copy-of-m3");
        CopyFolder(cluster.Data("m3"), copy);
        string[] others = ["--log", cluster.Data("m1"), "--log", copy];
        SeguroProcess.Result unconfirmed = await SeguroProcess.RunAsync(["cluster", "recover", "-c", cluster.Configuration("m2"), .. others]);
        Assert.Equal(3, unconfirmed.ExitCode);
        Assert.True(Directory.Exists(Path.Combine(cluster.Data("m2"), "dqlite")));
        string before = File.ReadAllText(cluster.Configuration("m2"));
        System.Text.Json.JsonElement recovered = (await SeguroProcess.RunAsync(["cluster", "recover", "--yes", "--json", "-c", cluster.Configuration("m2"), .. others])).Ok().Json;
        Assert.True(recovered.GetProperty("head").GetUInt64() >= master.Durable.Event);
        Assert.Equal(0UL, recovered.GetProperty("lost").GetUInt64());
        Assert.Equal(master.Term + RecoveryPlan.Margin, recovered.GetProperty("term").GetUInt64());
        System.Text.Json.JsonElement left = recovered.GetProperty("logs").EnumerateArray().Single(log => log.GetProperty("folder").GetString() == copy);
        Assert.Equal((common, strange), (left.GetProperty("kept").GetUInt64(), left.GetProperty("dropped").GetUInt64()));
        Assert.True(Directory.Exists(recovered.GetProperty("aside").GetString()));
        Assert.Equal("seguro-2", recovered.GetProperty("database").GetString());
        Assert.Equal(["m1"], recovered.GetProperty("following").EnumerateArray().Select(static name => name.GetString()!));
        NodeConfiguration old = Read(cluster, "m3");
        NodeConfiguration now = Read(cluster, "m2");
        Assert.Equal(1UL, now.Self.Id);
        Assert.Empty(now.Members.Select(static member => member.Dqlite!.Value).Intersect(old.Members.Select(static member => member.Dqlite!.Value)));
        Assert.Contains("// A member of a Seguro cluster.", File.ReadAllText(cluster.Configuration("m2")), StringComparison.Ordinal); // what its user wrote stays
        Assert.NotEqual(before, File.ReadAllText(cluster.Configuration("m2")));
        Assert.Equal(now.Members, Read(cluster, "m1").Members);

        (await SeguroProcess.RunAsync("cluster", "recover", "-c", cluster.Configuration("m3"), "--follow", recovered.GetProperty("settings").GetString()!)).Ok();
        Assert.Equal(now.Members, Read(cluster, "m3").Members);
        cluster.StartAll();
        StatusReport whole = await cluster.UntilMasterAsync(replicas: 2);
        Assert.True(whole.Durable.Event >= head);
        // What m1 knew of effects is in force: nothing that had left leaves again, and the rest is not taken for history.
        Assert.True(whole.Released >= known.Released.Value);
        await cluster.UntilAsync("m1 knows it anew", status => EvidenceFile.Read(cluster.Data("m1"))?.History == known.History, "m1");
        // Terms go on, so that a balancer believes the new masters; and m3 follows them, its own events put aside.
        Assert.True(whole.Term > master.Term + RecoveryPlan.Margin);
        await cluster.UntilAsync("the whole log in m3", status => status.Durable.Event >= head && status.Role is "replica" or "master", "m3");
        Assert.NotEmpty(Directory.EnumerateDirectories(Path.Combine(cluster.Data("m3"), "quarantine")));
    }

    private static NodeConfiguration Read(ClusterOnLoopback cluster, string name) => ConfigurationReader.Read(cluster.Configuration(name), []);

    private static void CopyFolder(string from, string to)
    {
        using System.Diagnostics.Process copying = System.Diagnostics.Process.Start("cp", ["-a", from, to]);
        copying.WaitForExit();
        Assert.Equal(0, copying.ExitCode);
    }

    /// <summary>Takes the last two events of a log away and puts four others in their place.</summary>
    private static async Task<(ulong Same, ulong Strange)> DivergeAsync(string folder, Evidence record)
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        await using LocalLog log = await LocalLog.OpenAsync(
            Path.Combine(folder, "pier"), Ship.Parse("~zod"), static _ => throw new InvalidOperationException("There is a pier."), "test", TimeProvider.System, cancel);
        EventNumber last = new(log.Head.Number.Value - 2);
        await log.QuarantineAsync(new Position(last, (await log.ReadChainAsync(last, cancel))!.Value), ["a test makes logs differ"], cancel);
        Directory.Delete(log.QuarantinePath, recursive: true);
        List<Event> others = [];
        for (int i = 0; i < 4; i++)
        {
            Position previous = others.Count == 0 ? log.Head : new Position(others[^1].Number, others[^1].Chain);
            byte[] payload = [1, 2, 3, 4, (byte)i];
            others.Add(new Event(previous.Number.Next, payload, ChainHasher.Of(previous.Chain, previous.Number.Next, payload)));
        }
        await log.AppendAsync(others, cancel);
        EvidenceFile.Write(folder, record);
        return (last.Value, 4);
    }

    private static StatusReport Report(SeguroProcess.Result result) => System.Text.Json.JsonSerializer.Deserialize<StatusReport>(result.Ok().Output, System.Text.Json.JsonSerializerOptions.Web)!;
}
