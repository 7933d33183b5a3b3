using Seguro.Core;
using Seguro.Stores;
using Seguro.Stores.Dqlite;
using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Stores.Dqlite;

public sealed class NodeClusterTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Three_nodes_form_a_cluster_and_take_writes(bool plain)
    {
        await using DqliteCluster cluster = await DqliteCluster.StartAsync(3, plain, cancel: Cancel);
        IReadOnlyList<DqliteServer> servers = await cluster.Membership.ListAsync(Cancel);
        Assert.Equal([1UL, 2UL, 3UL], servers.Select(static server => server.Id).Order());
        Assert.All(servers, static server => Assert.Equal(DqliteRole.Voter, server.Role));
        await NodeNumbers.WriteAsync(cluster, 1, Cancel);
        Assert.Equal([1], await NodeNumbers.ReadAsync(cluster, Cancel));
    }

    [Fact]
    public async Task Another_node_leads_after_the_leader_was_killed_and_the_old_one_comes_back()
    {
        await using DqliteCluster cluster = await DqliteCluster.StartAsync(3, cancel: Cancel);
        await NodeNumbers.WriteAsync(cluster, 1, Cancel);
        DqliteClusterNode old = await cluster.LeaderAsync(Cancel);
        await old.KillAsync();
        DqliteClusterNode next = await cluster.OtherLeaderAsync(old, Cancel);
        Assert.NotEqual(old, next);
        await NodeNumbers.WriteAsync(cluster, 2, Cancel);
        await old.StartAsync(Cancel);
        // Only with what was written meanwhile may it lead.
        await cluster.Membership.TransferAsync(old.Options.Id, Cancel);
        Assert.Equal([1, 2], await NodeNumbers.ReadAsync(cluster, Cancel));
    }

    [Fact]
    public async Task A_paused_leader_is_followed_by_another_and_finds_that_out()
    {
        await using DqliteCluster cluster = await DqliteCluster.StartAsync(3, cancel: Cancel);
        DqliteClusterNode old = await cluster.LeaderAsync(Cancel);
        old.Pause();
        _ = await cluster.OtherLeaderAsync(old, Cancel);
        await NodeNumbers.WriteAsync(cluster, 1, Cancel);
        old.Resume();
        await cluster.Membership.TransferAsync(old.Options.Id, Cancel);
        Assert.Equal([1], await NodeNumbers.ReadAsync(cluster, Cancel));
    }

    [Fact]
    public async Task A_node_that_lost_its_disk_is_refused_and_replaced()
    {
        await using DqliteCluster cluster = await DqliteCluster.StartAsync(3, cancel: Cancel);
        await NodeNumbers.WriteAsync(cluster, 1, Cancel);
        DqliteClusterNode lost = cluster.Nodes[2];
        // It notes that it has data soon after it was let in.
        string marker = Path.Combine(lost.Options.Folder, "seguro-node.json");
        while (!(await File.ReadAllTextAsync(marker, Cancel)).Contains("\"started\": true", StringComparison.Ordinal))
            await Task.Delay(20, Cancel);
        await lost.KillAsync();
        foreach (string file in Directory.EnumerateFiles(lost.Options.Folder).Where(static file => !file.EndsWith(".json", StringComparison.Ordinal)))
            File.Delete(file);
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(() => lost.StartAsync(Cancel));
        Assert.Equal(ErrorCode.LostDisk, error.Code);
        // A new, empty disk under the old number is refused too.
        Directory.Delete(lost.Options.Folder, recursive: true);
        error = await Assert.ThrowsAsync<SeguroException>(() => cluster.Membership.RefuseLostDiskAsync(lost.Options, Cancel));
        Assert.Equal(ErrorCode.LostDisk, error.Code);

        DqliteClusterNode follower = cluster.Prepare();
        await follower.StartAsync(Cancel);
        for (int i = 0; i < 2; i++)
            await cluster.Membership.ReplaceAsync(lost.Options.Id, follower.Options.Id, follower.Address, Cancel);
        IReadOnlyList<DqliteServer> servers = await cluster.Membership.ListAsync(Cancel);
        Assert.DoesNotContain(servers, server => server.Id == lost.Options.Id);
        Assert.Contains(servers, server => server.Id == follower.Options.Id && server.Role == DqliteRole.Voter);
        await cluster.Membership.TransferAsync(follower.Options.Id, Cancel);
        Assert.Equal([1], await NodeNumbers.ReadAsync(cluster, Cancel));
    }

    [Fact]
    public async Task A_node_says_that_it_is_in_a_cluster_without_a_leader_too_and_one_that_was_not_let_in_yet_does_not()
    {
        await using DqliteCluster cluster = await DqliteCluster.StartAsync(2, plain: true, cancel: Cancel);
        DqliteClusterNode waits = cluster.Prepare();
        await waits.StartAsync(Cancel);
        Assert.NotNull(await FindAsync(cluster.Nodes[0], cluster.Nodes[1], waits));
        await cluster.Nodes[0].KillAsync();
        Assert.Equal(cluster.Nodes[1].Address, await FindAsync(cluster.Nodes[0], cluster.Nodes[1], waits));
        await cluster.Nodes[1].KillAsync();
        Assert.Null(await FindAsync(cluster.Nodes[0], cluster.Nodes[1], waits));

        static Task<HostAddress?> FindAsync(params DqliteClusterNode[] nodes) =>
            new DqliteMembership([.. nodes.Select(static node => node.Address)], null, TimeSpan.FromSeconds(20)).FindClusterAsync(Cancel);
    }

    [Fact]
    public async Task The_leader_is_removed_after_it_handed_its_leadership_on()
    {
        await using DqliteCluster cluster = await DqliteCluster.StartAsync(3, cancel: Cancel);
        DqliteClusterNode leader = await cluster.LeaderAsync(Cancel);
        await cluster.Membership.RemoveAsync(leader.Options.Id, Cancel);
        Assert.Equal(2, (await cluster.Membership.ListAsync(Cancel)).Count);
    }

    [Fact]
    public async Task Refuses_a_number_or_an_address_that_another_node_has()
    {
        await using DqliteCluster cluster = await DqliteCluster.StartAsync(1, plain: true, cancel: Cancel);
        HostAddress free = new("127.0.0.1", FreePort.Next());
        SeguroException number = await Assert.ThrowsAsync<SeguroException>(() => cluster.Membership.JoinAsync(1, free, Cancel));
        SeguroException address = await Assert.ThrowsAsync<SeguroException>(() => cluster.Membership.JoinAsync(2, cluster.Nodes[0].Address, Cancel));
        Assert.Equal(ErrorCode.AlreadyExists, number.Code);
        Assert.Equal(ErrorCode.AlreadyExists, address.Code);
    }

    [Fact]
    public async Task Refuses_to_remove_the_only_voter()
    {
        await using DqliteCluster cluster = await DqliteCluster.StartAsync(1, plain: true, cancel: Cancel);
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(() => cluster.Membership.RemoveAsync(1, Cancel));
        Assert.Equal(ErrorCode.UnsafeSettings, error.Code);
    }

    [Fact]
    public async Task A_change_gives_up_after_its_patience_when_there_is_no_majority()
    {
        await using DqliteCluster cluster = await DqliteCluster.StartAsync(3, plain: true, cancel: Cancel);
        await cluster.Nodes[1].KillAsync();
        await cluster.Nodes[2].KillAsync();
        DqliteMembership impatient = new([.. cluster.Nodes.Select(static node => node.Address)], null, TimeSpan.FromSeconds(2));
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(() => impatient.RemoveAsync(3, Cancel));
        Assert.Equal(ErrorCode.StoreUnavailable, error.Code);
    }

    [Fact]
    public async Task A_full_disk_of_the_leader_costs_a_takeover_and_nothing_else()
    {
        Assert.SkipUnless(TemporaryDisk.IsAllowed, "A small disk can be mounted by root only.");
        await using DqliteCluster cluster = await DqliteCluster.StartAsync(3, diskMegabytes: 64, cancel: Cancel);
        await NodeNumbers.WriteAsync(cluster, 1, Cancel);
        DqliteClusterNode leader = await cluster.LeaderAsync(Cancel);
        IAsyncDisposable ballast = leader.Disk!.Fill();
        // dqlite has room in the segments that it made in advance: write until it wants more.
        DqliteException error = await Assert.ThrowsAsync<DqliteException>(async () =>
        {
            await using DqliteConnection connection = await NodeNumbers.OpenAsync(cluster, leader, Cancel);
            await connection.ExecAsync("CREATE TABLE ballast (bytes BLOB)", [], Cancel);
            for (int i = 0; i < 64; i++)
                await connection.ExecAsync("INSERT INTO ballast VALUES (zeroblob(500000))", [], Cancel);
        });
        TestContext.Current.SendDiagnosticMessage("the writer saw: {0}", error.Message);
        await ballast.DisposeAsync();
        await NodeNumbers.WriteAsync(cluster, 2, Cancel);
        Assert.Equal([1, 2], await NodeNumbers.ReadAsync(cluster, Cancel));
    }
}
