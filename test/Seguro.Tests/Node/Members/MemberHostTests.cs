using System.Net;
using System.Text;
using Seguro.Core;
using Seguro.Nock.Drivers;
using Seguro.Nock.Ships;
using Seguro.Node.Members;
using Seguro.Nouns;
using Seguro.Piers.LocalLogs;
using Seguro.Stores.Sqlite;
using Seguro.Testing;
using Seguro.Tests.Piers.LocalLogs;
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
        await cluster.UntilEqualAsync(2 + Count);
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
        await cluster.UntilEqualAsync(7);
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
        await cluster.UntilEqualAsync(10);
        Assert.False(Directory.Exists(Path.Combine(Path.GetDirectoryName(cluster.PierOf(first.Name))!, "quarantine")));
    }

    [Fact]
    public async Task Behind_a_balancer_nobody_outside_sees_that_the_master_changed()
    {
        await using HostCluster cluster = await HostCluster.StartAsync(1, balanced: true);
        HostedMember first = await cluster.AwaitMasterAsync();
        for (int i = 1; i <= 5; i++)
        {
            HostAnswer answer = await cluster.AskAsync($"before {i}");
            Assert.Equal(((ulong)i, first.Address), (answer.Datagrams, answer.From));
        }
        await cluster.UntilEqualAsync(2 + 2 + 5);
        await cluster.KillAsync(first.Name);
        HostAnswer last = await cluster.AskAsync("meanwhile");
        Assert.Equal((6UL, first.Address), (last.Datagrams, last.From));
        await cluster.UntilEqualAsync(2 + 4 + 6);
    }

    [Fact]
    public async Task Events_that_only_an_old_master_has_go_to_quarantine_and_it_follows_again()
    {
        await using HostCluster cluster = await HostCluster.StartAsync(1);
        HostedMember old = await cluster.AwaitMasterAsync();
        await cluster.AskAsync("common");
        await cluster.UntilEqualAsync(3);
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
        await cluster.UntilEqualAsync(5);

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
        await cluster.UntilEqualAsync(3);
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
        await cluster.AwaitMasterAsync();
        await cluster.AskAsync("one");
        // On a busy machine a lease may run out in between: then the next master is asked, as the refusal tells an operator to.
        HostedMember first = await cluster.WishAsync(new Wish.ChangeOptimism(2, ReplicaLossPolicy.Degrade));
        Assert.Equal(2, first.Host.Status.Optimism.Replicas);
        await cluster.UntilAsync(() => cluster.Members.Values.All(static member => member.Host.Status.Optimism.Replicas == 2));
        ClusterSettings settings = ClusterSettingsCodec.Read(await first.Log.Stored.ReadMetadataAsync(Cancel));
        Assert.Equal(new Optimism(2, ReplicaLossPolicy.Degrade), settings.Optimism);
        first = await cluster.WishAsync(Wish.StepDown.Instance);
        Assert.NotEqual(Role.Master, first.Host.Status.Role);
        await cluster.UntilAsync(() => cluster.Master is { } master && master.Name != first.Name);
        HostAnswer answer = await cluster.AskAsync("two");
        Assert.Equal(2UL, answer.Datagrams);
        Assert.NotEqual(first.Address, answer.From);
    }

    [Fact]
    public async Task Each_member_keeps_the_term_in_its_folder_and_whether_it_was_master()
    {
        await using HostCluster cluster = await HostCluster.StartAsync(1);
        HostedMember first = await cluster.AwaitMasterAsync();
        Term term = first.Host.Status.Term;
        await cluster.UntilAsync(() => HostCluster.Names.All(name => EvidenceFile.Read(cluster.FolderOf(name)) is { } known && known.Term == term && known.MayBeAhead == (name == first.Name)));
        await cluster.KillAsync(first.Name);
        await cluster.UntilAsync(() => cluster.Master is { } other && EvidenceFile.Read(cluster.FolderOf(other.Name)) is { MayBeAhead: true } known && known.Term > term);
        Evidence left = EvidenceFile.Read(cluster.FolderOf(first.Name))!.Value;
        Assert.True(left.MayBeAhead);
        Assert.Equal(term, left.Term);
    }

    [Fact]
    public async Task A_member_that_ends_cleanly_keeps_its_ship_where_it_stands()
    {
        await using HostCluster cluster = await HostCluster.StartAsync(1);
        HostedMember master = await cluster.AwaitMasterAsync();
        for (int i = 1; i <= 3; i++)
            await cluster.AskAsync($"word {i}");
        await cluster.UntilEqualAsync(5);
        string[] ending = [HostCluster.Names.First(name => name != master.Name), master.Name];
        foreach (string name in ending)
        {
            await cluster.EndAsync(name);
            await using (NockShip ship = cluster.NewShip(name))
            {
                Position kept = await ship.RestoreAsync(new(ulong.MaxValue), Cancel);
                Assert.Equal(await cluster.Members.Values.First().Log.ReadPositionAsync(new(5), Cancel), kept);
            }
            await cluster.StartMemberAsync(name);
        }
        Assert.Equal(4UL, (await cluster.AskAsync("after")).Datagrams);
    }

    [Fact]
    public async Task An_event_that_the_store_can_not_take_is_refused_and_the_ship_goes_on()
    {
        const int Largest = 1500;
        await using HostCluster cluster = await HostCluster.StartAsync(0, largestEvent: Largest);
        await cluster.AwaitMasterAsync();
        await cluster.AskAsync("before");
        // The ovum alone would fit; the event has its time and its mug as well.
        string most = new('x', Largest - 40);
        while (AmesDriver.Hear(new IPEndPoint(IPAddress.Loopback, 1), Encoding.ASCII.GetBytes(most + "x"))!.Length < Largest)
            most += "x";
        await cluster.SayAsync(most);
        await cluster.UntilAsync(() => cluster.Master?.Host.Status.Ingress == 0);
        Assert.Equal(2UL, (await cluster.AskAsync("after")).Datagrams);
        await cluster.UntilEqualAsync(4);
    }

    [Fact]
    public async Task An_ovum_that_took_two_masters_down_is_set_aside()
    {
        await using HostCluster cluster = await HostCluster.StartAsync(0, boot: StubbornKernel.BootPayloads());
        await cluster.AwaitMasterAsync();
        await cluster.AskAsync("before");
        await cluster.SayAsync("endless");
        foreach (int witnesses in (int[])[1, 2])
        {
            HostedMember master = await cluster.AwaitMasterAsync();
            string[] others = [.. cluster.Members.Keys.Where(name => name != master.Name)];
            await cluster.UntilAsync(() => others.All(name => WitnessesIn(cluster.FolderOf(name)) == witnesses));
            await cluster.KillAsync(master.Name);
        }
        HostedMember last = await cluster.AwaitMasterAsync();
        Assert.Equal(2UL, (await cluster.AskAsync("after")).Datagrams);
        Assert.Contains(last.Host.Status.Warnings, static warning => warning.Contains("is set aside", StringComparison.Ordinal));
        byte[] kept = await File.ReadAllBytesAsync(Assert.Single(Directory.GetFiles(Path.Combine(cluster.FolderOf(last.Name), "quarantine"), "ovum-*.jam")), Cancel);
        Assert.Contains("endless", Encoding.Latin1.GetString(((Atom)Axis.Get(Cue.From(kept), 15)).Bytes), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_ship_that_has_booted_or_replayed_is_kept()
    {
        await using HostCluster cluster = await HostCluster.StartAsync(1);
        await cluster.UntilAsync(() => HostCluster.Names.All(name => SnapshotsOf(cluster, name) is [{ } only] && only.Contains("0002.", StringComparison.Ordinal)));
        await cluster.AwaitMasterAsync();
        await cluster.AskAsync("word");
        await cluster.UntilEqualAsync(3);
        string other = HostCluster.Names.First(name => name != cluster.Master!.Name);
        await cluster.KillAsync(other);
        await cluster.StartMemberAsync(other);
        await cluster.UntilAsync(() => SnapshotsOf(cluster, other).Any(static path => path.Contains("0003.", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_member_starts_from_its_snapshot()
    {
        await using HostCluster cluster = await HostCluster.StartAsync(1);
        await cluster.AwaitMasterAsync();
        for (int i = 1; i <= 12; i++)
            await cluster.AskAsync($"word {i}");
        await cluster.UntilEqualAsync(14);
        string other = HostCluster.Names.First(name => name != cluster.Master!.Name);
        await cluster.UntilAsync(() => SnapshotsOf(cluster, other).Any(static path => !path.Contains("0002.", StringComparison.Ordinal)));
        await cluster.KillAsync(other);
        await using (NockShip ship = cluster.NewShip(other))
        {
            Position kept = await ship.RestoreAsync(new(ulong.MaxValue), Cancel);
            Assert.InRange(kept.Number.Value, 10UL, 14UL);
            Assert.Equal(await cluster.Master!.Log.ReadPositionAsync(kept.Number, Cancel), kept);
        }
        await cluster.StartMemberAsync(other);
        Assert.Equal(13UL, (await cluster.AskAsync("after")).Datagrams);
        await cluster.UntilEqualAsync(15);
    }

    [Fact]
    public async Task An_alarm_that_the_ship_set_rings_on_the_master()
    {
        await using HostCluster cluster = await HostCluster.StartAsync(1);
        await cluster.AwaitMasterAsync();
        await cluster.AskAsync("timer");
        Assert.Equal("tick", (await cluster.HearTickAsync()).Text);
        await cluster.UntilEqualAsync(4);
    }

    [Fact]
    public async Task While_the_database_takes_no_writes_nothing_leaves_and_afterwards_nothing_is_lost_or_doubled()
    {
        await using HostCluster cluster = await HostCluster.StartAsync(1);
        await cluster.AwaitMasterAsync();
        await cluster.AskAsync("before");
        await cluster.UntilEqualAsync(3);
        using (SqliteSession other = new(cluster.DatabasePath, SqliteAccess.Write, TimeSpan.FromSeconds(30)))
        {
            other.Execute("BEGIN EXCLUSIVE");
            await cluster.SayAsync("meanwhile");
            await cluster.UntilAsync(() => cluster.Members.Values.All(static member => member.Host.Status.Role is not Role.Master));
            Assert.False(cluster.HasHeard);
            other.Execute("ROLLBACK");
        }
        HostAnswer answer = await cluster.HearAsync();
        while (answer.Text == "before")
            answer = await cluster.HearAsync();
        Assert.Equal(("meanwhile", 2UL), (answer.Text, answer.Datagrams));
        Assert.Equal(3UL, (await cluster.AskAsync("after")).Datagrams);
        await cluster.UntilEqualAsync(5);
    }

    [Fact]
    public async Task A_member_whose_own_disk_is_full_ends_and_the_others_go_on()
    {
        Assert.SkipUnless(TemporaryDisk.IsAllowed, "a small disk can be mounted by root only");
        using TemporaryDisk disk = new("member", 16);
        await using HostCluster cluster = await HostCluster.StartAsync(0, disk.Path);
        await cluster.AwaitMasterAsync();
        await cluster.AskAsync("before");
        ulong said = 1;
        Task completion = cluster.Members["one"].Host.Completion;
        await using (disk.Fill())
        {
            for (; !completion.IsCompleted; said++)
                await cluster.AskAsync($"{said} {new string('x', 900)}");
        }
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(() => completion);
        Assert.Equal(ErrorCode.DiskFull, error.Code);
        await cluster.KillAsync("one");
        Assert.Equal(said + 1, (await cluster.AskAsync("after")).Datagrams);
        await cluster.StartMemberAsync("one");
        await cluster.UntilEqualAsync(2 + said + 1);
    }

    private static int WitnessesIn(string folder) => File.Exists(Path.Combine(folder, "suspects")) ? File.ReadAllLines(Path.Combine(folder, "suspects")).Length : 0;

    private static string[] SnapshotsOf(HostCluster cluster, string name) => Directory.GetFiles(Path.Combine(cluster.FolderOf(name), "ship"), "*.snapshot");
}
