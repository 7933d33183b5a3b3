using System.Security.Cryptography;
using Seguro.Core;
using Seguro.Node.Members;
using Seguro.Piers;
using Seguro.Piers.LocalLogs;
using Xunit;

namespace Seguro.Tests.Node.Members;

/// <summary>A member whose own log is damaged: it goes aside with a report, and the member is rebuilt from the cluster; not where it may hold what nobody else has.</summary>
public sealed class DamagedLogTests
{
    private const int Asked = 30;
    private const ulong Last = 2 + Asked; // with those of the boot

    [Theory]
    [InlineData("cut")]
    [InlineData("empty")]
    [InlineData("gone")]
    [InlineData("no epoch")]
    [InlineData("no epoc.txt")]
    [InlineData("heads of pages")]
    [InlineData("a hole")]
    [InlineData("the last event")]
    public async Task A_damaged_log_goes_aside_and_the_member_is_rebuilt(string damage)
    {
        await using HostCluster cluster = await HostCluster.StartAsync(optimism: 1);
        string name = await AskAsync(cluster);
        await cluster.KillAsync(name);
        string log = Path.Combine(cluster.PierOf(name), ".urb", "log", "0i0", "data.mdb");
        Damage(log, damage);
        string? damaged = File.Exists(log) ? Convert.ToHexString(SHA256.HashData(await File.ReadAllBytesAsync(log, Cancel))) : null;

        await cluster.StartMemberAsync(name);
        await cluster.UntilEqualAsync(Last);
        string aside = Assert.Single(Directory.EnumerateDirectories(Path.Combine(cluster.FolderOf(name), "quarantine")));
        Assert.EndsWith("-damaged-log", aside, StringComparison.Ordinal);
        string kept = Path.Combine(aside, "pier", ".urb", "log", "0i0", "data.mdb");
        Assert.Equal(damaged, File.Exists(kept) ? Convert.ToHexString(SHA256.HashData(await File.ReadAllBytesAsync(kept, Cancel))) : null);
        string report = await File.ReadAllTextAsync(Path.Combine(aside, "report.txt"), Cancel);
        Assert.Contains($"member {name}", report, StringComparison.Ordinal);
        Assert.Contains("found: ", report, StringComparison.Ordinal);
        Assert.DoesNotContain(cluster.Members[name].Host.Status.Warnings, static warning => warning.Contains("damaged", StringComparison.Ordinal));
        Assert.Equal("after", (await cluster.AskAsync("after")).Text);
        await cluster.UntilEqualAsync(Last + 1);
    }

    [Fact]
    public async Task What_only_reading_finds_is_marked_and_mended_at_the_next_start()
    {
        await using HostCluster cluster = await HostCluster.StartAsync(optimism: 1);
        string name = await AskAsync(cluster);
        await cluster.KillAsync(name);
        Flip(Path.Combine(cluster.PierOf(name), ".urb", "log", "0i0", "data.mdb"), "ask-4-ask");
        Directory.Delete(Path.Combine(cluster.FolderOf(name), "ship"), recursive: true); // all events are computed again

        await cluster.StartMemberAsync(name);
        DamagedLogException found = await Assert.ThrowsAsync<DamagedLogException>(() => cluster.Members[name].Host.Completion.WaitAsync(TimeSpan.FromMinutes(1), Cancel));
        await cluster.KillAsync(name);
        Assert.Contains(found.Message, await File.ReadAllTextAsync(Path.Combine(cluster.FolderOf(name), "damaged-log"), Cancel), StringComparison.Ordinal);

        await cluster.StartMemberAsync(name);
        await cluster.UntilEqualAsync(Last);
        Assert.False(File.Exists(Path.Combine(cluster.FolderOf(name), "damaged-log")));
        Assert.Single(Directory.EnumerateDirectories(Path.Combine(cluster.FolderOf(name), "quarantine")));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)] // it hands over first
    public async Task A_flipped_bit_that_nobody_reads_is_found_by_the_scrub_of_the_next_day(bool onMaster)
    {
        Dictionary<string, HeldDay> days = [];
        await using HostCluster cluster = await HostCluster.StartAsync(optimism: 1, change: options =>
        {
            HeldDay day = days[options.Member.Name] = new HeldDay(options.Time);
            return options with { ScrubRate = 1 << 30, Time = day };
        });
        string replica = await AskAsync(cluster);
        string name = onMaster ? (await cluster.AwaitMasterAsync()).Name : replica;
        Flip(Path.Combine(cluster.PierOf(name), ".urb", "log", "0i0", "data.mdb"), "ask-4-ask");
        await cluster.UntilAsync(() => days[name].IsHeld); // its first round is over
        days[name].Pass();
        DamagedLogException found = await Assert.ThrowsAsync<DamagedLogException>(() => cluster.Members[name].Host.Completion.WaitAsync(TimeSpan.FromMinutes(1), Cancel));
        Assert.NotEqual(Role.Master, cluster.Members[name].Host.Status.Role);
        Assert.Contains(found.Message, await File.ReadAllTextAsync(Path.Combine(cluster.FolderOf(name), "damaged-log"), Cancel), StringComparison.Ordinal);
        await cluster.KillAsync(name);
        await cluster.StartMemberAsync(name);
        await cluster.UntilEqualAsync(Last);
    }

    [Fact]
    public async Task A_peer_that_reads_damage_gets_nothing_and_the_member_ends()
    {
        await using HostCluster cluster = await HostCluster.StartAsync(optimism: 1);
        string name = await AskAsync(cluster);
        await cluster.KillAsync(name);
        Flip(Path.Combine(cluster.PierOf(name), ".urb", "log", "0i0", "data.mdb"), "ask-4-ask");
        await cluster.StartMemberAsync(name);
        HostedMember member = cluster.Members[name];
        await cluster.UntilAsync(() => member.Host.Status.Role is Role.Replica && member.Host.Status.Committed.Number.Value > Asked);
        Assert.Empty(await member.Host.ReadLocalAsync(Position.Origin, member.Host.Status.Committed.Number, Cancel));
        await Assert.ThrowsAsync<DamagedLogException>(() => member.Host.Completion.WaitAsync(TimeSpan.FromMinutes(1), Cancel));
    }

    [Fact]
    public async Task Where_nobody_else_may_have_its_end_it_stays_and_the_member_says_so()
    {
        await using HostCluster cluster = await HostCluster.StartAsync(optimism: 0);
        await AskAsync(cluster);
        string name = (await cluster.AwaitMasterAsync()).Name;
        await cluster.KillAsync(name);
        await cluster.AwaitMasterAsync();
        string log = Path.Combine(cluster.PierOf(name), ".urb", "log", "0i0", "data.mdb");
        Damage(log, "cut");
        string before = Convert.ToHexString(SHA256.HashData(await File.ReadAllBytesAsync(log, Cancel)));
        for (int attempt = 0; attempt < 2; attempt++)
        {
            SeguroException refusal = await Assert.ThrowsAsync<SeguroException>(() => cluster.StartMemberAsync(name));
            Assert.Equal(ErrorCode.Corrupt, refusal.Code);
            Assert.Contains("nobody else has", refusal.Message, StringComparison.Ordinal);
            Assert.Contains($"mv {cluster.PierOf(name)} {cluster.PierOf(name)}.damaged", refusal.NextStep, StringComparison.Ordinal);
        }
        Assert.Equal(before, Convert.ToHexString(SHA256.HashData(await File.ReadAllBytesAsync(log, Cancel))));
        Assert.False(Directory.Exists(Path.Combine(cluster.FolderOf(name), "quarantine")));

        // The way on that it names.
        Directory.Move(cluster.PierOf(name), cluster.PierOf(name) + ".damaged");
        await cluster.StartMemberAsync(name);
        await cluster.UntilEqualAsync(Last);
    }

    [Fact]
    public async Task A_replica_is_rebuilt_at_optimism_0_too()
    {
        await using HostCluster cluster = await HostCluster.StartAsync(optimism: 0);
        string name = await AskAsync(cluster);
        Assert.False(EvidenceFile.Read(cluster.FolderOf(name))!.Value.MayBeAhead);
        await cluster.KillAsync(name);
        Damage(Path.Combine(cluster.PierOf(name), ".urb", "log", "0i0", "data.mdb"), "cut");
        await cluster.StartMemberAsync(name);
        await cluster.UntilEqualAsync(Last);
    }

    [Fact]
    public async Task A_log_beside_which_is_evidence_of_later_events_is_not_rebuilt_over()
    {
        await using HostCluster cluster = await HostCluster.StartAsync(optimism: 1);
        string name = await AskAsync(cluster);
        await cluster.KillAsync(name);
        Seguro.Tests.Piers.PierLeftovers.Image(cluster.PierOf(name), Seguro.Tests.Piers.PierLeftovers.Chk, 5000); // somebody ran a vere on it, and cut the log
        Assert.Equal(ErrorCode.ShortLog, (await Assert.ThrowsAsync<SeguroException>(() => cluster.StartMemberAsync(name))).Code);
        Assert.False(Directory.Exists(Path.Combine(cluster.FolderOf(name), "quarantine")));
    }

    [Fact]
    public async Task What_was_moved_aside_is_remembered_over_every_end_of_the_process_until_the_new_log_has_all()
    {
        await using HostCluster cluster = await HostCluster.StartAsync(optimism: 1);
        string name = await AskAsync(cluster);
        await cluster.KillAsync(name);
        // Killed after it had begun the new log.
        DamageMark.WriteMoved(cluster.FolderOf(name), "/aside", new EventNumber(Last + 1), "a hole\nin two lines");
        for (int life = 0; life < 2; life++)
        {
            await cluster.StartMemberAsync(name);
            await cluster.UntilEqualAsync(Last);
            Assert.Contains(cluster.Members[name].Host.Status.Warnings, static warning => warning.Contains("/aside", StringComparison.Ordinal) && warning.Contains($"event {Last + 1}", StringComparison.Ordinal));
            Assert.Equal(new DamageMark("a hole\nin two lines", "/aside", new EventNumber(Last + 1)), DamageMark.Read(cluster.FolderOf(name)));
            Assert.False(Directory.Exists(Path.Combine(cluster.FolderOf(name), "quarantine")));
            if (life == 0)
                await cluster.KillAsync(name);
        }
        await cluster.AskAsync("the last one");
        await cluster.UntilEqualAsync(Last + 1);
        await cluster.UntilAsync(() => DamageMark.Read(cluster.FolderOf(name)) is null);
        // Killed after it was moved, and before it could be said where to.
        await cluster.KillAsync(name);
        DamageMark.Write(cluster.FolderOf(name), "a hole");
        Directory.Move(cluster.PierOf(name), Path.Combine(cluster.FolderOf(name), "away"));
        await cluster.StartMemberAsync(name);
        await cluster.UntilEqualAsync(Last + 1);
        await cluster.UntilAsync(() => DamageMark.Read(cluster.FolderOf(name)) is null);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Makes events, and names a replica that has them all.</summary>
    private static async Task<string> AskAsync(HostCluster cluster)
    {
        HostedMember master = await cluster.AwaitMasterAsync();
        for (int i = 0; i < Asked; i++)
            await cluster.AskAsync($"ask-{i}-ask");
        await cluster.UntilEqualAsync(Last);
        return HostCluster.Names.First(name => name != master.Name);
    }

    private static void Damage(string log, string damage)
    {
        string epoch = Path.GetDirectoryName(log)!;
        switch (damage)
        {
            case "cut":
                using (FileStream file = new(log, FileMode.Open))
                    file.SetLength(file.Length / 2);
                break;
            case "empty":
                File.WriteAllBytes(log, []);
                break;
            case "gone":
                File.Delete(log);
                break;
            case "no epoch":
                Directory.Delete(epoch, recursive: true);
                break;
            case "no epoc.txt":
                File.Delete(Path.Combine(epoch, "epoc.txt"));
                break;
            case "heads of pages":
                using (FileStream file = new(log, FileMode.Open))
                {
                    for (long page = 2; page < file.Length / 4096; page++)
                    {
                        file.Position = (page * 4096) + 10;
                        file.WriteByte(0xFF);
                    }
                }
                break;
            case "the last event":
                Flip(log, $"ask-{Asked - 1}-ask");
                break;
            case "a hole":
                using (LmdbEnvironment environment = LmdbEnvironment.Open(epoch, isAside: true))
                using (LmdbTransaction transaction = environment.Begin())
                {
                    transaction.Delete(transaction.Table(PierMeta.Events, integerKeys: true), 7);
                    transaction.Commit();
                }
                break;
            default:
                throw new ArgumentException(damage, nameof(damage));
        }
    }

    /// <summary>Flips a bit in each place where a text stands in a file.</summary>
    private static void Flip(string path, string text)
    {
        byte[] bytes = File.ReadAllBytes(path);
        byte[] wanted = System.Text.Encoding.ASCII.GetBytes(text);
        int found = 0;
        foreach (int shift in Enumerable.Range(0, 8)) // jam begins an atom at any bit
        {
            byte[] shifted = Shift(wanted, shift);
            ReadOnlySpan<byte> inner = shift == 0 ? wanted : shifted.AsSpan(1, wanted.Length - 1);
            for (int at = 0; bytes.AsSpan(at).IndexOf(inner) is >= 0 and int next; found++)
            {
                bytes[at + next] ^= 0x10;
                at += next + inner.Length;
            }
        }
        Assert.True(found > 0, $"'{text}' is not in {path}");
        File.WriteAllBytes(path, bytes);
    }

    private static byte[] Shift(byte[] bytes, int bits)
    {
        byte[] shifted = new byte[bytes.Length + 1];
        for (int i = 0; i < bytes.Length; i++)
        {
            int value = bytes[i] << bits;
            shifted[i] |= (byte)value;
            shifted[i + 1] |= (byte)(value >> 8);
        }
        return shifted;
    }
}
