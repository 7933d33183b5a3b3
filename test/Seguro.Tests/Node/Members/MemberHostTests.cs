using Seguro.Core;
using Seguro.Node.LocalLogs;
using Seguro.Tests.Node.LocalLogs;
using Xunit;

namespace Seguro.Tests.Node.Members;

public sealed class MemberHostTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_datagram_is_answered_by_the_master_only_and_processed_by_all(int optimism)
    {
        await using HostCluster cluster = await HostCluster.StartAsync(optimism);
        HostedMember master = await cluster.AwaitMasterAsync();
        const int Count = 20;
        for (int i = 1; i <= Count; i++)
        {
            HostAnswer answer = await cluster.AskAsync($"word {i}");
            Assert.Equal(((ulong)i, (ulong)i), (answer.Datagrams, answer.Events));
            Assert.Equal(cluster.Master?.Address ?? answer.From, answer.From);
        }
        await cluster.UntilEqualAsync();
        Assert.Equal(2UL + Count, master.Host.Status.Processed.Number.Value);
        Assert.Equal(new Optimism(optimism, ReplicaLossPolicy.Wait), master.Host.Status.Optimism);
        Assert.Single(cluster.Members.Values.Select(static member => member.Ship.Mug).Distinct());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Another_takes_over_where_the_master_is_killed_and_no_datagram_is_lost_or_doubled(int optimism)
    {
        await using HostCluster cluster = await HostCluster.StartAsync(optimism);
        HostedMember first = await cluster.AwaitMasterAsync();
        for (int i = 1; i <= 5; i++)
            await cluster.AskAsync($"before {i}");
        await cluster.UntilEqualAsync();
        await cluster.KillAsync(first.Name);
        await cluster.SayAsync("meanwhile"); // heard by those who are left, before anybody is master
        HostedMember second = await cluster.AwaitMasterAsync();
        Assert.NotEqual(first.Name, second.Name);
        Assert.True(second.Host.Status.Term > first.Host.Status.Term);
        for (HostAnswer answer = default; answer.Text != "meanwhile"; answer = await cluster.HearAsync())
        {
            if (answer.From is not null)
                Assert.StartsWith("before", answer.Text, StringComparison.Ordinal);
        }
        HostAnswer last = await cluster.AskAsync("after");
        Assert.Equal((7UL, second.Address), (last.Datagrams, last.From));

        await cluster.StartMemberAsync(first.Name);
        Assert.Equal(8UL, (await cluster.AskAsync("again")).Datagrams);
        await cluster.UntilEqualAsync();
        Assert.False(Directory.Exists(Path.Combine(Path.GetDirectoryName(cluster.PierOf(first.Name))!, "quarantine")));
    }

    [Fact]
    public async Task Events_that_only_an_old_master_has_go_to_quarantine_and_it_follows_again()
    {
        await using HostCluster cluster = await HostCluster.StartAsync(1);
        HostedMember old = await cluster.AwaitMasterAsync();
        await cluster.AskAsync("common");
        await cluster.UntilEqualAsync();
        await cluster.KillAsync(old.Name);
        Position fork = old.Host.Status.Durable;
        await using (LocalLog log = await LocalLog.OpenAsync(cluster.PierOf(old.Name), HostCluster.Zod, static _ => throw new InvalidOperationException(), "test@1", TimeProvider.System, Cancel))
        {
            Assert.Equal(fork, log.Head);
            await log.AppendAsync(EventChain.After(fork, 3, "lost"), Cancel);
        }
        await cluster.AskAsync("others");
        await cluster.StartMemberAsync(old.Name);
        await cluster.AskAsync("all");
        await cluster.UntilEqualAsync();

        string kept = Assert.Single(Directory.GetDirectories(Path.Combine(Path.GetDirectoryName(cluster.PierOf(old.Name))!, "quarantine")));
        Assert.EndsWith($"-{fork.Number.Next}-{fork.Number + 3}", kept, StringComparison.Ordinal);
        Assert.Equal(3, QuarantineFolder.Read(kept).Count());
        Assert.Contains(cluster.Members[old.Name].Host.Status.Warnings, static warning => warning.Contains("quarantine", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Effects_wait_for_as_many_replicas_as_the_optimism_asks_for()
    {
        await using HostCluster cluster = await HostCluster.StartAsync(2);
        HostedMember master = await cluster.AwaitMasterAsync();
        await cluster.AskAsync("all are there");
        await cluster.UntilEqualAsync();
        string away = HostCluster.Names.First(name => name != master.Name);
        await cluster.KillAsync(away);
        await cluster.SayAsync("waits");
        await cluster.UntilAsync(() => cluster.Master?.Host.Status is { Gated: 1, Warnings.Count: > 0 });
        await cluster.StartMemberAsync(away);
        Assert.Equal("waits", (await cluster.HearAsync()).Text);
    }

    [Fact]
    public async Task A_master_that_steps_down_hands_over_at_once_and_the_members_and_the_optimism_are_in_the_store()
    {
        await using HostCluster cluster = await HostCluster.StartAsync(1);
        HostedMember first = await cluster.AwaitMasterAsync();
        await cluster.AskAsync("one");
        first.Host.Post(new MemberInput.SetOptimism(new Optimism(2, ReplicaLossPolicy.Degrade)));
        await cluster.UntilAsync(() => cluster.Members.Values.All(static member => member.Host.Status.Optimism.Replicas == 2));
        ClusterSettings settings = ClusterSettingsCodec.Read(await first.Log.Stored.ReadMetadataAsync(Cancel));
        Assert.Equal(new Optimism(2, ReplicaLossPolicy.Degrade), settings.Optimism);
        first.Host.Post(MemberInput.StepDown.Instance);
        await cluster.UntilAsync(() => cluster.Master is { } master && master.Name != first.Name);
        HostAnswer answer = await cluster.AskAsync("two");
        Assert.Equal(2UL, answer.Datagrams);
        Assert.NotEqual(first.Address, answer.From);
    }

    [Fact]
    public async Task A_member_starts_from_its_snapshot_and_an_alarm_rings_once()
    {
        await using HostCluster cluster = await HostCluster.StartAsync(1);
        await cluster.AwaitMasterAsync();
        for (int i = 1; i <= 12; i++)
            await cluster.AskAsync($"timer {i}");
        HostAnswer ticked = await cluster.HearAsync();
        while (ticked.Text.StartsWith("timer", StringComparison.Ordinal))
            ticked = await cluster.HearAsync();
        await cluster.UntilEqualAsync();
        string other = HostCluster.Names.First(name => name != cluster.Master!.Name);
        await cluster.UntilAsync(() => Directory.EnumerateFileSystemEntries(Path.Combine(Path.GetDirectoryName(cluster.PierOf(other))!, "ship")).Any());
        await cluster.KillAsync(other);
        await cluster.StartMemberAsync(other);
        await cluster.UntilEqualAsync();
    }
}
