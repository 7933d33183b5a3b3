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

        // As docs/operate.md says: all down; who has most comes alone; then the others.
        await cluster.KillAllAsync();
        string first = ends.MaxBy(static end => end.Value).Key;
        cluster.Start(first);
        StatusReport alone = await cluster.UntilAsync(
            "the store as it was", status => status.Role == "master" && status.Committed.Event >= before.Committed.Event, Cancel);
        Assert.Equal(first, alone.Name);
        cluster.StartBalancer();
        cluster.StartKilled();
        await cluster.UntilMasterAsync(above: 0, replicas: 2, Cancel);
        await AskAsync(probe);
        await cluster.VerifyAsync(postgres.Url, ledger, probe, Cancel);
    }

    private static async Task AskAsync(ShipProbe probe)
    {
        for (int i = 0; i < Questions; i++)
            await probe.AskAsync(AskAgain, Cancel);
    }
}
