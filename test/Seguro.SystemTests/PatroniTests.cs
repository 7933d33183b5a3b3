using System.Diagnostics;
using Seguro.Cli.Demo.Probes;
using Seguro.Core;
using Seguro.Node.Admin;
using Seguro.Testing;

namespace Seguro.SystemTests;

/// <summary>A cluster on PostgreSQL whose own manager, Patroni, fails over under Seguro's feet, while a client outside talks to the ship.</summary>
public sealed class PatroniTests
{
    private const int DatagramSize = 200;
    private static readonly TimeSpan AskAgain = TimeSpan.FromMilliseconds(200);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_cluster_on_Patroni_loses_nothing_whoever_is_killed()
    {
        await using PatroniCluster patroni = await PatroniCluster.StartAsync(Cancel);
        await using SeguroCluster cluster = await SeguroCluster.StartAsync(patroni.Url);
        StatusReport first = await cluster.UntilMasterAsync(above: 0, replicas: 2, Cancel);
        Assert.Contains("synchronous standby", first.CommitMeans, StringComparison.Ordinal);
        AnswerLedger ledger = new();
        using ShipProbe probe = new(cluster.Public, DatagramSize, TimeProvider.System, ledger.Note);

        await DuringAsync(probe, "nothing", () => Task.Delay(TimeSpan.FromSeconds(1), Cancel));
        await DuringAsync(probe, "kill -9 of the primary's machine", () => KillPrimaryAsync(patroni));
        await HealAsync(patroni, cluster);
        await DuringAsync(probe, "kill -9 of the master", () => KillMasterAsync(cluster));
        await HealAsync(patroni, cluster);
        await DuringAsync(probe, "kill -9 of both", () => Task.WhenAll(KillMasterAsync(cluster), KillPrimaryAsync(patroni)));
        await HealAsync(patroni, cluster);
        await DuringAsync(probe, "switchover", () => patroni.SwitchOverAsync(Cancel));
        await HealAsync(patroni, cluster);
        await FreezePrimaryAsync(patroni, probe, PatroniPart.Machine);
        await HealAsync(patroni, cluster);

        await cluster.VerifyAsync(patroni.Url, ledger, probe, Cancel);
    }

    /// <summary>How often: <c>TEST_FREEZES</c>, where three are too few. (Members read what begins with SEGURO_.)</summary>
    [Fact]
    public async Task Nothing_is_lost_whatever_part_of_the_primary_freezes_and_goes_on()
    {
        int rounds = int.TryParse(Environment.GetEnvironmentVariable("TEST_FREEZES"), out int asked) ? asked : 3;
        await using PatroniCluster patroni = await PatroniCluster.StartAsync(Cancel);
        await using SeguroCluster cluster = await SeguroCluster.StartAsync(patroni.Url);
        await cluster.UntilMasterAsync(above: 0, replicas: 2, Cancel);
        AnswerLedger ledger = new();
        using ShipProbe probe = new(cluster.Public, DatagramSize, TimeProvider.System, ledger.Note);
        for (int i = 0; i < rounds; i++)
        {
            PatroniPart part = (PatroniPart)(i % 3);
            if (i % 6 < 3)
                await FreezePrimaryAsync(patroni, probe, part);
            else
                await FreezePrimaryAsync(patroni, probe, part, TimeSpan.FromSeconds(PatroniCluster.LeaderSeconds + (Random.Shared.NextDouble() * 4) - 2));
            await HealAsync(patroni, cluster);
        }
        await cluster.VerifyAsync(patroni.Url, ledger, probe, Cancel);
    }

    [Fact]
    public async Task A_server_without_a_synchronous_standby_is_refused_where_effects_wait_for_commits()
    {
        await using PostgresCluster alone = await PostgresCluster.StartAsync(standbys: 0);
        using TemporaryFolder folder = new("alone");
        (await SeguroProcess.RunAsync("cluster", "init", folder["c"], "--ship", "~zod", "--kernel", "demo", "--members", "2", "--store", alone.Url)).Ok();
        SeguroProcess.Result refused = await SeguroProcess.RunAsync("run", "-c", Path.Combine(folder["c"], "m1", "seguro.json"));
        Assert.Equal(3, refused.ExitCode);
        Assert.Contains("SG3013", refused.Errors, StringComparison.Ordinal);
        Assert.Contains("a commit is durable on the primary only", refused.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(new Uri(alone.Url.Split('@')[0] + "@h").UserInfo.Split(':')[1], refused.Output + refused.Errors, StringComparison.Ordinal);
    }

    /// <summary>Goes on asking while something is done, and for some questions after that; every question is answered. Prints how long one waited at the longest.</summary>
    private static async Task DuringAsync(ShipProbe probe, string what, Func<Task> make)
    {
        long start = Stopwatch.GetTimestamp();
        Task done = make();
        TimeSpan longest = TimeSpan.Zero;
        int count = 0;
        int rest = 50;
        while (!done.IsCompleted || rest-- > 0)
        {
            TimeSpan latency = (await probe.AskAsync(AskAgain, Cancel)).Latency;
            longest = latency > longest ? latency : longest;
            count++;
        }
        await done;
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{what}: {count} questions, the longest wait {longest.TotalMilliseconds:0} ms; all took {Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s");
    }

    private static async Task KillPrimaryAsync(PatroniCluster patroni)
    {
        PatroniNode leader = await patroni.UntilWholeAsync(Cancel);
        long start = Stopwatch.GetTimestamp();
        await leader.KillAsync();
        PatroniNode next = await patroni.UntilFailedOverAsync(leader, Cancel);
        TestContext.Current.TestOutputHelper?.WriteLine($"  Patroni: {leader.Name} -> {next.Name} after {Stopwatch.GetElapsedTime(start).TotalMilliseconds:0} ms");
    }

    /// <summary>
    /// Stops the primary, or a part of it, without ending it: connections to it are taken, and nothing answers on them. Lets it go on when the ship was heard again after a failover, or
    /// after a given time, which may be too short for one.
    /// </summary>
    private static async Task FreezePrimaryAsync(PatroniCluster patroni, ShipProbe probe, PatroniPart part, TimeSpan? length = null)
    {
        PatroniNode leader = await patroni.UntilWholeAsync(Cancel);
        await leader.FreezeAsync(part);
        try
        {
            Task heard = length is null ? DuringAsync(probe, $"SIGSTOP of the primary's {part}", () => patroni.UntilFailedOverAsync(leader, Cancel)) : Task.Delay(length.Value, Cancel);
            // Where the other standby rewinds from the frozen server, it waits for it, and commits wait for that standby: so not for ever.
            if (await Task.WhenAny(heard, Task.Delay(TimeSpan.FromSeconds(8 * PatroniCluster.LeaderSeconds), Cancel)) != heard)
                await leader.ThawAsync();
            await heard;
        }
        finally
        {
            await leader.ThawAsync();
        }
        if (length is not null)
            await DuringAsync(probe, $"SIGSTOP of the primary's {part} for {length.Value.TotalSeconds:0.0} s", () => patroni.UntilWholeAsync(Cancel));
    }

    private static async Task KillMasterAsync(SeguroCluster cluster)
    {
        StatusReport master = await cluster.UntilMasterAsync(0, 2, Cancel);
        await cluster.KillAsync(master.Name);
        await cluster.UntilMasterAsync(master.Term, 1, Cancel);
    }

    /// <summary>Starts what was killed, and waits until all is as it was.</summary>
    private static async Task HealAsync(PatroniCluster patroni, SeguroCluster cluster)
    {
        foreach (PatroniNode node in patroni.Machines)
            node.Start();
        cluster.StartKilled();
        await patroni.UntilWholeAsync(Cancel);
        await cluster.UntilMasterAsync(0, 2, Cancel);
    }
}
