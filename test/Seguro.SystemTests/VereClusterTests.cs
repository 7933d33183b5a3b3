using Seguro.Core;
using Seguro.Node.Admin;
using Seguro.Testing;

namespace Seguro.SystemTests;

/// <summary>A ship on the stand-in for vere, gated by a cluster: nothing is lost and nothing is left over, whatever is killed.</summary>
public sealed class VereClusterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new("vere");
    private ulong _term;

    [Theory]
    [InlineData("--serf-bin")] // the king
    [InlineData(" work ")] // the worker
    [InlineData(" relay ")]
    public async Task A_part_of_the_ship_that_is_killed_is_started_again_with_all_that_was_answered(string part)
    {
        await using VereCluster cluster = await VereCluster.StartAsync(_folder);
        ulong events = 0;
        for (int round = 0; round < 3; round++)
        {
            ulong now = await cluster.AskAsync();
            Assert.True(now > events, $"{now} events after {events}");
            events = now;
            StatusReport master = await cluster.Members.UntilMasterAsync(2);
            (int id, _) = cluster.ShipOf(master.Name).First(process => process.Command.Contains(part, StringComparison.Ordinal) && !process.Command.StartsWith("/bin/sh", StringComparison.Ordinal));
            System.Diagnostics.Process.GetProcessById(id).Kill();
        }
        ulong last = await cluster.AskAsync();
        Assert.True(last > events, $"{last} events after {events}");
        await cluster.VerifyAsync(last);
    }

    [Fact]
    public async Task A_ship_on_a_vere_whose_king_has_the_log_is_gated_and_taken_over_the_same_way()
    {
        await using VereCluster cluster = await VereCluster.StartOldAsync(_folder);
        ulong events = await cluster.AskAsync();
        foreach (string part in (string[])["--serf-bin", " serf "]) // the king, the worker
        {
            StatusReport serving = await cluster.Members.UntilMasterAsync(2);
            (int id, _) = cluster.ShipOf(serving.Name).First(process => process.Command.Contains(part, StringComparison.Ordinal) && !process.Command.StartsWith("/bin/sh", StringComparison.Ordinal));
            System.Diagnostics.Process.GetProcessById(id).Kill();
            events = await AskMoreAsync(cluster, events);
        }
        (StatusReport master, events) = await KillMasterAsync(cluster, events);
        master = await cluster.Members.UntilMasterAsync(2, above: master.Term);
        await using (SeguroProcess ending = cluster.Members.Take(master.Name))
        {
            ending.Terminate();
            Assert.Equal(0, (await ending.EndAsync()).ExitCode);
            Assert.Empty(cluster.ShipOf(master.Name));
        }
        events = await AskMoreAsync(cluster, events);
        cluster.Start(master.Name);
        await cluster.VerifyAsync(events);
    }

    [Fact]
    public async Task Another_member_takes_over_and_nothing_of_the_ship_is_left_behind()
    {
        await using VereCluster cluster = await VereCluster.StartAsync(_folder);
        ulong events = 0;
        for (int round = 0; round < 3; round++)
        {
            StatusReport master = await cluster.Members.UntilMasterAsync(2);
            ulong now = await cluster.AskAsync();
            Assert.True(now > events, $"{now} events after {events}");
            events = now;
            await using (SeguroProcess killed = cluster.Members.Take(master.Name))
                killed.Kill();
            await cluster.UntilNoShipAsync(master.Name);
            now = await cluster.AskAsync();
            Assert.True(now > events, $"{now} events after {events}");
            events = now;
            cluster.Start(master.Name);
            await cluster.Members.UntilMasterAsync(2, above: master.Term);
            if (round == 1)
                await cluster.StartBalancerAsync(); // it learns anew where the ship is
        }
        await cluster.VerifyAsync(events);
    }

    [Fact]
    public async Task A_member_that_ends_hands_the_ship_over_with_its_state_kept()
    {
        await using VereCluster cluster = await VereCluster.StartAsync(_folder);
        ulong events = await cluster.AskAsync();
        StatusReport master = await cluster.Members.UntilMasterAsync(2);
        string typed = await cluster.TypeAsync(master.Name, "some words"); // its kernel gives them back as a line
        Assert.Equal(2, typed.Split("some words").Length - 1);
        string pier = Path.Combine(cluster.Members.Data(master.Name), "pier"); // whoever knows a pier of vere's finds what it looks for
        Assert.True(File.Exists(Path.Combine(pier, ".http.ports")) && File.Exists(Path.Combine(pier, ".urb", "conn.sock")));
        await using SeguroProcess ending = cluster.Members.Take(master.Name);
        ending.Terminate();
        Assert.Equal(0, (await ending.EndAsync()).ExitCode);
        Assert.Empty(cluster.ShipOf(master.Name));
        ulong now = await cluster.AskAsync();
        Assert.True(now > events, $"{now} events after {events}");
        cluster.Start(master.Name);
        await cluster.VerifyAsync(now);
    }

    [Fact]
    public async Task Nobody_hears_of_an_event_that_no_replica_has()
    {
        // A master whose gate stays shut lets another try after five leases.
        await using VereCluster cluster = await VereCluster.StartAsync(_folder, "--set", "lease=10s", "--set", "vere:replicas=recorded");
        StatusReport master = await cluster.Members.UntilMasterAsync(2);
        string[] replicas = [.. cluster.Members.Names.Where(name => name != master.Name)];
        foreach (string name in replicas)
            cluster.Members.Signal(name, "STOP");
        Task<ulong> asked = cluster.AskOnceAsync();
        StatusReport waiting = await cluster.Members.UntilAsync("an event that waits", status => status.Committed.Event > status.Released, master.Name);
        Assert.False(asked.IsCompleted);
        Assert.True(waiting.Gated > 0);
        foreach (string name in replicas)
            cluster.Members.Signal(name, "CONT");
        await asked;
        await cluster.VerifyAsync(waiting.Committed.Event);
    }

    [Fact]
    public async Task A_replica_whose_worker_stands_by_takes_over_with_it()
    {
        await using VereCluster cluster = await VereCluster.StartAsync(_folder, "--set", "vere:replicas=hot");
        ulong events = 0;
        for (int round = 0; round < 2; round++)
        {
            StatusReport master = await cluster.Members.UntilMasterAsync(2, above: round == 0 ? 0 : _term);
            _term = master.Term;
            foreach (string name in cluster.Members.Names.Where(name => name != master.Name))
                await cluster.Members.UntilAsync($"{name} to stand by",
                    static status => status.Level?.StartsWith("hot at ", StringComparison.Ordinal) is true || status.Warnings.Any(static text => text.Contains("SG4026", StringComparison.Ordinal)),
                    name);
            events = Math.Max(events, await cluster.AskAsync());
            // The event's own worker on each replica has it, byte for byte.
            StatusReport now = await cluster.Members.UntilAsync("all released", static status => status.Role == "master" && status.Released >= status.Committed.Event, master.Name);
            foreach (string name in cluster.Members.Names.Where(name => name != master.Name))
                await cluster.Members.UntilAsync($"{name} at event {now.Committed.Event}", status => status.Durable.Event >= now.Committed.Event, name);
            HashSet<int> workers = [.. cluster.Members.Names.Where(name => name != master.Name)
                .SelectMany(name => cluster.ShipOf(name))
                .Where(static process => process.Command.Contains(" work ", StringComparison.Ordinal)).Select(static process => process.Id)];
            await using (SeguroProcess killed = cluster.Members.Take(master.Name))
                killed.Kill();
            await cluster.UntilNoShipAsync(master.Name);
            ulong later = await cluster.AskAsync();
            Assert.True(later > events, $"{later} events after {events}");
            events = later;
            StatusReport next = await cluster.Members.UntilMasterAsync(1, above: master.Term);
            if (workers.Count == 2)
                Assert.Contains(cluster.ShipOf(next.Name), process => process.Command.Contains(" work ", StringComparison.Ordinal) && workers.Contains(process.Id));
            cluster.Start(master.Name);
        }
        await cluster.VerifyAsync(events);
    }

    /// <summary>All veres compute one event twice, so none of them differs from the others; only another implementation does.</summary>
    [Fact]
    public async Task A_replica_that_computes_takes_over_like_any_and_finds_what_every_vere_computes_wrongly()
    {
        const ulong Wrong = 200;
        await using VereCluster cluster = await VereCluster.StartFaultyAsync(_folder, Wrong, "--set", "vere:replicas=computed", "--set", "snapshotEvery=25", "--set", "lease=5s");
        await cluster.Members.UntilMasterAsync(2);
        await UntilComputedAsync(cluster);
        (StatusReport master, ulong events) = await KillMasterAsync(cluster, await cluster.AskAsync());
        await cluster.Members.UntilMasterAsync(2, above: master.Term);
        await UntilComputedAsync(cluster); // the one that was killed goes on from its snapshot
        await AskMoreAsync(cluster, events);
        using CancellationTokenSource enough = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        Task asking = cluster.KeepAskingAsync(enough.Token);
        // Whoever is master by then: on a busy machine it may be another than before.
        Dictionary<string, StatusReport> stopped = [];
        while (stopped.Count < 2)
        {
            StatusReport next = await cluster.Members.UntilAsync($"{2 - stopped.Count} more to stop", status => status.Stopped is not null && !stopped.ContainsKey(status.Name));
            stopped.Add(next.Name, next);
        }
        foreach ((string name, StatusReport status) in stopped)
        {
            Assert.Contains($"event {Wrong} otherwise than the master's vere did", status.Stopped, StringComparison.Ordinal);
            Assert.Equal(Wrong - 1, status.Processed.Event);
            string evidence = Assert.Single(Directory.GetDirectories(Path.Combine(cluster.Members.Data(name), "quarantine"), $"*-{Wrong}-{Wrong}"));
            Assert.Contains("SG3026", await File.ReadAllTextAsync(Path.Combine(evidence, "report.txt"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        }
        // Nobody hears of it: no replica has processed it.
        string last = Assert.Single(cluster.Members.Names, name => !stopped.ContainsKey(name));
        StatusReport alone = await cluster.Members.UntilAsync("the event to wait", static status => status.Committed.Event >= Wrong, last);
        Assert.Equal(Wrong - 1, alone.Released);
        // Whoever starts a replica anew does not get another word from it, until its owner says so.
        string replica = stopped.Keys.First();
        await RestartAsync(cluster, replica);
        StatusReport again = await cluster.Members.UntilAsync($"{replica} to stand still", static status => status.Stopped is not null, replica);
        Assert.Equal(Wrong - 1, again.Processed.Event);
        Assert.DoesNotContain(again.Warnings, static warning => warning.Contains("does not answer", StringComparison.Ordinal)); // the balancer does
        Assert.Contains(again.Warnings, static warning => warning.Contains($"seguro vere accept --event {Wrong}", StringComparison.Ordinal));
        Assert.Equal(3, (await SeguroProcess.RunAsync("vere", "accept", "--event", $"{Wrong}", "-c", cluster.Members.Configuration(replica))).ExitCode); // it runs
        alone = await cluster.Members.UntilAsync("the event still to wait", static status => status.Committed.Event >= Wrong, last);
        Assert.Equal(Wrong - 1, alone.Released);
        await RestartAsync(cluster, replica, async () =>
        {
            Assert.Equal(2, (await SeguroProcess.RunAsync("vere", "accept", "--event", "7", "-c", cluster.Members.Configuration(replica))).ExitCode); // another one
            (await SeguroProcess.RunAsync("vere", "accept", "--event", $"{Wrong}", "-c", cluster.Members.Configuration(replica))).Ok();
        });
        await cluster.Members.UntilAsync("the event to be released", static status => status.Released >= Wrong, last);
        await enough.CancelAsync();
        await asking;
    }

    private static async Task RestartAsync(VereCluster cluster, string name, Func<Task>? between = null)
    {
        await using (SeguroProcess killed = cluster.Members.Take(name))
            killed.Kill();
        await cluster.UntilNoShipAsync(name);
        if (between is not null)
            await between();
        cluster.Start(name);
    }

    // With workers that stand by, since these have the piers otherwise.
    [Fact]
    public async Task Each_members_log_is_rolled_and_chopped_within_its_budget_and_the_ship_goes_on()
    {
        await using VereCluster cluster = await VereCluster.StartAsync(_folder, "--set", "vere:disk=1MiB", "--set", "vere:replicas=hot", "--set", "snapshotEvery=4");
        ulong events = await cluster.AskAsync();
        byte[] body = new byte[100 << 10];
        for (int told = 0; cluster.Members.Names.Any(name => cluster.EpochsOf(name)[0] == EventNumber.None || cluster.EpochsOf(name).Count < 2); told++)
        {
            if (told == 200)
                Assert.Fail(string.Join('\n', await Task.WhenAll(cluster.Members.Names.Select(name => DescribeAsync(cluster, name)))));
            new Random(told).NextBytes(body);
            await cluster.TellAsync(body);
        }
        events = await AskMoreAsync(cluster, events);
        (StatusReport master, events) = await KillMasterAsync(cluster, events);
        await cluster.Members.UntilMasterAsync(2, above: master.Term);
        await cluster.VerifyAsync(events);
    }

    public void Dispose() => _folder.Dispose();

    private static async Task UntilComputedAsync(VereCluster cluster)
    {
        foreach (string name in cluster.Members.Names)
            await cluster.Members.UntilAsync($"{name} to compute", static status => status.Role == "master" || status.Level?.StartsWith("computed at ", StringComparison.Ordinal) is true, name);
    }

    /// <summary>Kills the master, and starts it again once another's ship has answered.</summary>
    /// <returns>Who it was, and how many events there are now.</returns>
    private static async Task<(StatusReport Master, ulong Events)> KillMasterAsync(VereCluster cluster, ulong events)
    {
        StatusReport master = await cluster.Members.UntilMasterAsync(2);
        await using (SeguroProcess killed = cluster.Members.Take(master.Name))
            killed.Kill();
        await cluster.UntilNoShipAsync(master.Name);
        events = await AskMoreAsync(cluster, events);
        cluster.Start(master.Name);
        return (master, events);
    }

    private static async Task<string> DescribeAsync(VereCluster cluster, string name)
    {
        StatusReport? status = await cluster.Members.StatusAsync(name);
        string stands = status is null ? "it does not answer" : $"{status.Role}, durable {status.Durable.Event}: {string.Join(' ', status.Warnings)}";
        return $"{name}: epochs {string.Join(' ', cluster.EpochsOf(name))}; {stands}";
    }

    /// <summary>Asks until the ship answers, which must have gone on from what it had said before.</summary>
    private static async Task<ulong> AskMoreAsync(VereCluster cluster, ulong events)
    {
        ulong now = await cluster.AskAsync();
        Assert.True(now > events, $"{now} events after {events}");
        return now;
    }
}
