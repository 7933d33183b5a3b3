using System.Text.Json;
using Seguro.Core;
using Seguro.Piers;
using Seguro.Piers.Transfer;
using Seguro.Stores;
using Seguro.Testing;
using Seguro.Tests.Vere.Mirror;

namespace Seguro.Tests.Cli;

/// <summary>The ladder of custody by its commands: mirrored, a cluster's, back to a plain pier; and what each refuses on the way.</summary>
public sealed class CustodyCommandTests : IAsyncDisposable
{
    private readonly MirrorBed _bed = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _bed.DisposeAsync();

    [Fact]
    public async Task A_mirrored_ship_is_started_by_its_owners_word_only()
    {
        _bed.MakePier(50);
        await _bed.OnceAsync();
        JsonElement shown = (await CommandRun.OfAsync("custody", "show", "--store", _bed.Url, "--json")).Ok().Json;
        Assert.Equal(("mirrored", 50, false), (shown.GetProperty("custody").GetString(), shown.GetProperty("head").GetInt32(), shown.GetProperty("run").GetProperty("allowed").GetBoolean()));
        Assert.Equal("SG3051", shown.GetProperty("restore").GetProperty("code").GetString());
        await RefusedToMembersAsync();
        foreach (string[] verb in (string[][])[["custody", "take"], ["pier", "restore", _bed["back"]]])
        {
            foreach (string[] word in (string[][])[[], ["--machine-off"], ["--disk", "lost"], ["--disk", "read"]])
                (await CommandRun.OfAsync([.. verb, "--store", _bed.Url, .. word])).Fails("SG3051", 3, "a vere computes the ship", "--machine-off --disk read");
        }
        (await CommandRun.OfAsync("custody", "release", "--store", _bed.Url)).Fails("SG3051", 3);
        (await CommandRun.OfAsync("custody", "take", "--store", _bed.Url, "--machine-off", "--disk", "burnt")).Fails("SG2003", 2);
        Assert.False(Directory.Exists(_bed["back"]));

        JsonElement taken = (await CommandRun.OfAsync("custody", "take", "--store", _bed.Url, "--machine-off", "--disk", "read", "--json")).Ok().Json;
        Assert.Equal(("gated", 50), (taken.GetProperty("custody").GetString(), taken.GetProperty("head").GetInt32()));
        await LetToMembersAsync();
        _bed.Write(60);
        Assert.Equal(ErrorCode.OtherCustody, (await Assert.ThrowsAsync<SeguroException>(() => _bed.OnceAsync())).Code); // a vere that runs all the same is not mirrored any more
        Assert.Contains("may start it", (await CommandRun.OfAsync("custody", "show", "--store", _bed.Url)).Ok().Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task While_the_mirror_lives_nothing_is_taken()
    {
        _bed.MakePier(50);
        await using FollowingMirror mirror = await _bed.FollowAsync();
        foreach (string[] verb in (string[][])[["custody", "take"], ["pier", "restore", _bed["back"]]])
            (await CommandRun.OfAsync([.. verb, "--store", _bed.Url, "--machine-off", "--disk", "lost"])).Fails("SG3002", 3, "mirror@");
        await mirror.DisposeAsync();
        Assert.Equal(CustodyKind.Mirrored, Custody.Read((await _bed.ReadAsync()).Metadata)!.Kind);
        Assert.False(Directory.Exists(_bed["back"]));
    }

    [Fact]
    public async Task A_ship_that_was_seen_running_has_a_disk_that_was_not_read()
    {
        _bed.MakePier(50);
        await _bed.OnceAsync();
        await MarkAsync(new Custody(CustodyKind.Mirrored) { Seen = new EventNumber(52), At = DateTimeOffset.UtcNow, IsRunning = true, Place = "there:/pier" });
        (await CommandRun.OfAsync("custody", "take", "--store", _bed.Url, "--machine-off", "--disk", "read")).Fails("SG3051", 3, "can't have all that is on that disk", "--once");
        (await CommandRun.OfAsync("custody", "take", "--store", _bed.Url, "--machine-off", "--disk", "lost")).Fails("SG3052", 3, "there:/pier", "2 events are missing", "--give-up 52");
        (await CommandRun.OfAsync("custody", "take", "--store", _bed.Url, "--machine-off", "--disk", "lost", "--give-up", "52")).Ok();
    }

    [Fact]
    public async Task A_ship_is_given_back_to_one_pier_and_to_no_second()
    {
        _bed.MakePier(50);
        await _bed.OnceAsync();
        JsonElement made = (await CommandRun.OfAsync("pier", "restore", _bed["new"], "--store", _bed.Url, "--machine-off", "--disk", "read", "--json")).Ok().Json;
        Assert.Equal((50, false), (made.GetProperty("head").GetInt32(), made.GetProperty("forensics").GetBoolean()));
        Custody given = Custody.Read((await _bed.ReadAsync()).Metadata)!;
        Assert.Equal((CustodyKind.None, 50UL), (given.Kind, given.Seen.Value));
        Assert.EndsWith(_bed["new"], given.Place, StringComparison.Ordinal);
        (await CommandRun.OfAsync("pier", "restore", _bed["second"], "--store", _bed.Url)).Fails("SG3051", 3, _bed["new"]);
        await RefusedToMembersAsync();
        Assert.False(Directory.Exists(_bed["second"]));

        // To look into it is another thing: such a pier is never the ship.
        (await CommandRun.OfAsync("pier", "restore", _bed["earlier"], "--to", "49", "--store", _bed.Url)).Ok();
        Assert.True(File.Exists(Path.Combine(_bed["earlier"], ForensicMark.File)));
        (await CommandRun.OfAsync("mirror", _bed["earlier"], "--once", "--store", "sqlite:" + _bed["other.db"])).Fails("SG3040", 3, "forensics");

        // The ship lives on in the pier, and comes back.
        _bed.Write(60, at: _bed["new"]);
        (await CommandRun.OfAsync("mirror", _bed["new"], "--once", "--store", _bed.Url)).Ok();
        (await CommandRun.OfAsync("custody", "take", "--store", _bed.Url, "--machine-off", "--disk", "read")).Ok();
        await LetToMembersAsync();
        (await CommandRun.OfAsync("pier", "restore", _bed["third"], "--store", _bed.Url)).Fails("SG3051", 3, "custody release");
        (await CommandRun.OfAsync("custody", "release", "--store", _bed.Url)).Ok();
        await RefusedToMembersAsync();
        (await CommandRun.OfAsync("pier", "restore", _bed["third"], "--store", _bed.Url)).Ok();
        (await CommandRun.OfAsync("pier", "restore", _bed["fourth"], "--store", _bed.Url)).Fails("SG3051", 3, _bed["third"]);
    }

    [Fact]
    public async Task A_restore_that_fails_gives_nothing_back()
    {
        _bed.MakePier(50, after: 30);
        await _bed.OnceAsync();
        string before = Custody.Read((await _bed.ReadAsync()).Metadata)!.ToString();
        (await CommandRun.OfAsync("pier", "restore", _bed["new"], "--store", _bed.Url, "--machine-off", "--disk", "read")).Fails("SG3016", 3, "snapshot");
        Assert.Equal(before, Custody.Read((await _bed.ReadAsync()).Metadata)!.ToString());
    }

    [Fact]
    public async Task Another_store_that_knows_more_is_heard()
    {
        _bed.MakePier(50);
        string other = "sqlite:" + _bed["other.db"];
        (await CommandRun.OfAsync("pier", "import", _bed.Pier, "--store", _bed.Url)).Ok();
        _bed.Write(60);
        (await CommandRun.OfAsync("pier", "import", _bed.Pier, "--store", other, "--instead")).Ok();
        (await CommandRun.OfAsync("pier", "restore", _bed["new"], "--store", _bed.Url, "--ask", other)).Fails("SG3052", 3, other, "10 events are missing", "--give-up 60");
        (await CommandRun.OfAsync("pier", "restore", _bed["new"], "--store", _bed.Url, "--ask", "sqlite:" + _bed["none.db"])).Fails("SG1012", 1);
        Assert.False(Directory.Exists(_bed["new"]));
        (await CommandRun.OfAsync("pier", "restore", _bed["new"], "--store", other, "--ask", _bed.Url)).Ok();
        (await CommandRun.OfAsync("pier", "restore", _bed["less"], "--store", _bed.Url, "--ask", other, "--give-up", "60")).Ok();
    }

    [Fact]
    public async Task A_copy_of_a_clusters_log_is_no_second_ship()
    {
        _bed.MakePier(50);
        (await CommandRun.OfAsync("pier", "import", _bed.Pier, "--store", _bed.Url)).Ok();
        StoreIdentity own = await IdentityAsync();
        await MarkAsync(new Custody(CustodyKind.Gated) { Store = own });
        await LetToMembersAsync();
        string pier = _bed["exported"];
        (await CommandRun.OfAsync("pier", "export", pier, "--store", _bed.Url)).Ok();
        Assert.Equal(own, CustodyMark.Read(pier)!.Store);
        string second = "sqlite:" + _bed["second.db"];
        (await CommandRun.OfAsync("pier", "import", pier, "--store", second)).Ok();
        JsonElement shown = (await CommandRun.OfAsync("custody", "show", "--store", second, "--json")).Ok().Json;
        Assert.Equal(("gated", false), (shown.GetProperty("custody").GetString(), shown.GetProperty("run").GetProperty("allowed").GetBoolean()));
        Assert.Contains(own.ToString(), shown.GetProperty("run").GetProperty("why").GetString(), StringComparison.Ordinal);
        (await CommandRun.OfAsync("pier", "restore", _bed["new"], "--store", second)).Fails("SG3051", 3, own.ToString());
        string copied = "sqlite:" + _bed["copied.db"];
        for (int i = 0; i < 2; i++) // a copy goes on
            (await CommandRun.OfAsync("log", "copy", "--store", _bed.Url, "--to", copied)).Ok();
        (await CommandRun.OfAsync("custody", "take", "--store", copied)).Fails("SG3051", 3, own.ToString());
        (await CommandRun.OfAsync("custody", "take", "--store", second)).Fails("SG3051", 3, own.ToString());
        (await CommandRun.OfAsync("custody", "take", "--store", second, "--machine-off", "--disk", "read")).Ok();
        Assert.True((await CommandRun.OfAsync("custody", "show", "--store", second, "--json")).Ok().Json.GetProperty("run").GetProperty("allowed").GetBoolean());
    }

    [Fact]
    public async Task Time_names_an_event_too()
    {
        string store = "sqlite:" + _bed["zod.db"];
        (await CommandRun.OfAsync("pier", "import", Path.Combine(SharedData.Path, "zod"), "--store", store)).Ok();
        string time = (await CommandRun.OfAsync("log", "show", "700", "--store", store, "--json")).Ok().Json.GetProperty("time").GetString()!;
        JsonElement made = (await CommandRun.OfAsync("pier", "restore", _bed["then"], "--to", time, "--store", store, "--json")).Ok().Json;
        Assert.InRange(made.GetProperty("head").GetInt32(), 700, 702); // events of one moment have one time
        Assert.True(made.GetProperty("forensics").GetBoolean());
        (await CommandRun.OfAsync("pier", "restore", _bed["never"], "--to", "yesterday", "--store", store)).Fails("SG2003", 2);
        Assert.False((await CommandRun.OfAsync("pier", "restore", _bed["all"], "--to", "2999-01-01", "--store", store, "--json")).Ok().Json.GetProperty("forensics").GetBoolean());
    }

    /// <summary>As a member asks, at its start and before each campaign.</summary>
    private async Task RefusedToMembersAsync()
    {
        IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata = (await _bed.ReadAsync()).Metadata;
        StoreIdentity store = await IdentityAsync();
        Assert.Equal(ErrorCode.OtherCustody, Assert.Throws<SeguroException>(() => Custody.RequireCluster(MirrorBed.Zod, metadata, store)).Code);
    }

    private async Task LetToMembersAsync() => Custody.RequireCluster(MirrorBed.Zod, (await _bed.ReadAsync()).Metadata, await IdentityAsync());

    private async Task<StoreIdentity> IdentityAsync()
    {
        await using IStore store = await _bed.OpenStoreAsync(Cancel);
        return await store.ReadIdentityAsync(Cancel);
    }

    private async Task MarkAsync(Custody custody)
    {
        await using IStore store = await _bed.OpenStoreAsync(Cancel);
        await using EventLog log = new((await store.OpenLogAsync(MirrorBed.Zod, Cancel))!, store.Capabilities);
        await using WriterLease lease = await WriterLease.AcquireAsync(log, "test", TimeSpan.FromSeconds(5), TimeProvider.System, Cancel);
        IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata = await log.Stored.ReadMetadataAsync(Cancel);
        await LogMetadata.SetAsync(log, lease.Term, MetadataKey.Custody, LogMetadata.Find(metadata, MetadataKey.Custody), custody.ToBytes(), Cancel);
    }
}
