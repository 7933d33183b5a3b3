using Seguro.Cli.Demo.Probes;
using Seguro.Node.Admin;
using Seguro.Testing;

namespace Seguro.SystemTests;

/// <summary>A database that goes back in time, as an older copy that was restored does: what docs/operate.md says to do then gives all of it back.</summary>
public sealed class LostStoreTests
{
    private const int DatagramSize = 200;
    private const int Questions = 60;
    private static readonly TimeSpan AskAgain = TimeSpan.FromMilliseconds(200);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Members_stand_still_and_give_a_database_back_what_it_lost()
    {
        await using PostgresCluster postgres = await PostgresCluster.StartAsync(standbys: 1);
        await using SeguroCluster cluster = await SeguroCluster.StartAsync(postgres.Url);
        await cluster.UntilMasterAsync(above: 0, replicas: 2, Cancel);
        AnswerLedger ledger = new();
        using ShipProbe probe = new(cluster.Public, DatagramSize, TimeProvider.System, ledger.Note);
        await AskAsync(probe);
        await postgres.BackUpAsync(Cancel);
        await AskAsync(probe);
        StatusReport before = await cluster.UntilMasterAsync(above: 0, replicas: 2, Cancel);

        await postgres.RestoreAsync(Cancel);
        Dictionary<string, ulong> ends = [];
        foreach (string name in cluster.Names)
        {
            StatusReport standing = await cluster.UntilAsync(
                $"{name} standing still",
                status => status.Name == name && status.Warnings.Any(static warning => warning.Contains("the store has lost what it confirmed", StringComparison.Ordinal)),
                Cancel);
            Assert.NotEqual("master", standing.Role);
            ends.Add(name, standing.Durable.Event);
        }
        Assert.True(ends.Values.Max() >= before.Committed.Event, $"{ends.Values.Max()} is the highest event, and {before.Committed.Event} was committed");

        // As docs/operate.md says: the member that has most puts it back, and all go on by themselves.
        string first = ends.MaxBy(static end => end.Value).Key;
        Assert.Equal(3, (await SeguroProcess.RunAsync("cluster", "put-back", "-c", cluster.Configuration(first))).ExitCode);
        (await SeguroProcess.RunAsync("cluster", "put-back", "-c", cluster.Configuration(first), "--yes")).Ok();
        StatusReport after = await cluster.UntilMasterAsync(before.Term, replicas: 2, Cancel);
        Assert.True(after.Committed.Event >= before.Committed.Event);
        await AskAsync(probe);
        await cluster.VerifyAsync(postgres.Url, ledger, probe, Cancel);
    }

    /// <summary>The order of starts in which 567 and 543 acknowledged datagrams were lost in silence: the member that knows least comes first, and serves.</summary>
    [Fact]
    public async Task A_member_that_knows_least_and_starts_first_is_stopped_by_the_others_proof()
    {
        await using PostgresCluster postgres = await PostgresCluster.StartAsync(standbys: 1);
        await using SeguroCluster cluster = await SeguroCluster.StartAsync(postgres.Url);
        StatusReport master = await cluster.UntilMasterAsync(above: 0, replicas: 2, Cancel);
        AnswerLedger ledger = new();
        using ShipProbe probe = new(cluster.Public, DatagramSize, TimeProvider.System, ledger.Note);
        await AskAsync(probe);
        string shortest = cluster.Names.First(name => name != master.Name);
        await cluster.KillAsync(shortest);
        await postgres.BackUpAsync(Cancel);
        await AskAsync(probe);
        StatusReport before = await cluster.UntilMasterAsync(above: 0, replicas: 1, Cancel);

        await cluster.KillAllAsync();
        await postgres.RestoreAsync(Cancel);
        cluster.Start(shortest);
        await cluster.UntilAsync("the short member as master", status => status.Name == shortest && status.Role == "master", Cancel);
        cluster.StartBalancer();
        cluster.StartKilled();
        foreach (string name in cluster.Names)
        {
            StatusReport standing = await cluster.UntilAsync($"{name} standing still", status => status.Name == name && status.Loss is not null, Cancel);
            Assert.Equal("stopped", standing.Role);
            Assert.False(Directory.Exists(Path.Combine(cluster.Folder(name), "data", "quarantine")), $"{name} moved events away");
            if (name == master.Name)
                Assert.True(standing.Durable.Event >= before.Committed.Event);
        }

        // It has begun a history of its own: what was lost has no place there any more, and that is said. To give it up is the user's to decide.
        // Of the two that know more, the one with less proof (a master's record lags behind by a moment) names the other.
        List<SeguroProcess.Result> refused = [];
        foreach (string name in cluster.Names.Where(name => name != shortest))
            refused.Add(await SeguroProcess.RunAsync("cluster", "put-back", "-c", cluster.Configuration(name), "--yes"));
        Assert.All(refused, static one => Assert.Equal(3, one.ExitCode));
        Assert.Contains(refused, static one => one.Errors.Contains("accept-loss", StringComparison.Ordinal));
        (await SeguroProcess.RunAsync("cluster", "accept-loss", "-c", cluster.Configuration(master.Name), "--yes")).Ok();
        await cluster.UntilMasterAsync(before.Term, replicas: 2, Cancel);
        Assert.True(Directory.Exists(Path.Combine(cluster.Folder(master.Name), "data", "quarantine")));
        using ShipProbe next = new(cluster.Public, DatagramSize, TimeProvider.System, static _ => { });
        await AskAsync(next);
    }

    private static async Task AskAsync(ShipProbe probe)
    {
        for (int i = 0; i < Questions; i++)
            await probe.AskAsync(AskAgain, Cancel);
    }
}
