using Seguro.Node.Admin;
using Seguro.Testing;

namespace Seguro.SystemTests;

/// <summary>A ship on the stand-in for vere, gated by a cluster: nothing is lost and nothing is left over, whatever is killed.</summary>
public sealed class VereClusterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new("vere");

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
        }
        await cluster.VerifyAsync(events);
    }

    [Fact]
    public async Task A_member_that_ends_hands_the_ship_over_with_its_state_kept()
    {
        await using VereCluster cluster = await VereCluster.StartAsync(_folder);
        ulong events = await cluster.AskAsync();
        StatusReport master = await cluster.Members.UntilMasterAsync(2);
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

    public void Dispose() => _folder.Dispose();
}
