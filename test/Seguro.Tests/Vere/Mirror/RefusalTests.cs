using Seguro.Core;
using Seguro.Piers;
using Seguro.Piers.Transfer;
using Seguro.Stores;
using Seguro.Testing;
using Seguro.Vere.Mirror;

namespace Seguro.Tests.Vere.Mirror;

/// <summary>What a mirror does not do: follow a pier that went back or is another's, write where somebody else writes, take a log for whole that is not.</summary>
public sealed class RefusalTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_older_copy_in_the_piers_place_is_refused_and_both_are_kept(bool whileItRuns)
    {
        await using MirrorBed bed = new();
        bed.MakePier(50);
        bed.CopyPier(bed["old"]);
        bed.Write(80);
        await bed.OnceAsync();
        SeguroException error;
        IReadOnlyDictionary<string, string> old;
        if (whileItRuns)
        {
            await using FollowingMirror mirror = await bed.FollowAsync();
            Directory.Move(bed.Pier, bed["newer"]);
            Directory.Move(bed["old"], bed.Pier);
            old = bed.Fingerprint();
            error = await mirror.FailsAsync(ErrorCode.WentBack);
        }
        else
        {
            Directory.Move(bed.Pier, bed["newer"]);
            Directory.Move(bed["old"], bed.Pier);
            old = bed.Fingerprint();
            error = await Assert.ThrowsAsync<SeguroException>(() => bed.OnceAsync());
        }
        Assert.Equal((ErrorCode.WentBack, 3), (error.Code, error.ExitCode));
        Assert.Contains(bed.Pier, error.Message, StringComparison.Ordinal);
        Assert.Contains("event 50", error.Message, StringComparison.Ordinal);
        Assert.Contains("event 80", error.Message, StringComparison.Ordinal);
        Assert.Equal(MirrorBed.ChainOf(80), (await bed.ReadAsync()).State.Head.Position);
        Assert.Equal(old, bed.Fingerprint());
        Directory.Delete(bed.Pier, recursive: true);
        Directory.Move(bed["newer"], bed.Pier);
        await bed.OnceAsync();
    }

    [Fact]
    public async Task A_log_that_is_overwritten_in_place_by_an_older_one_is_refused()
    {
        await using MirrorBed bed = new();
        bed.MakePier(50);
        bed.CopyPier(bed["old"]);
        bed.Write(80);
        await using FollowingMirror mirror = await bed.FollowAsync();
        const string Log = ".urb/log/0i0/data.mdb";
        byte[] older = await File.ReadAllBytesAsync(Path.Combine(bed["old"], Log), Cancel);
        await using (FileStream file = new(Path.Combine(bed.Pier, Log), FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            await file.WriteAsync(older, Cancel); // the same file, other bytes
        await mirror.FailsAsync(ErrorCode.WentBack);
        Assert.Equal(MirrorBed.ChainOf(80), (await bed.ReadAsync()).State.Head.Position);
    }

    [Theory]
    [InlineData(80UL)]
    [InlineData(95UL)]
    public async Task The_same_numbers_with_other_events_are_refused_by_the_first_that_differs(ulong last)
    {
        await using MirrorBed bed = new();
        bed.MakePier(50);
        bed.CopyPier(bed["fork"]);
        bed.Write(80);
        bed.Write(last, seed: 2, at: bed["fork"]); // what another run of the ship computed
        await using FollowingMirror mirror = await bed.FollowAsync();
        await mirror.ReachAsync(80);
        Directory.Move(bed.Pier, bed["mine"]);
        Directory.Move(bed["fork"], bed.Pier);
        SeguroException running = await mirror.FailsAsync(ErrorCode.Diverged);
        await mirror.DisposeAsync();
        SeguroException starting = await Assert.ThrowsAsync<SeguroException>(() => bed.OnceAsync());
        Assert.All([running, starting], static error => Assert.Contains("event 51", error.Message, StringComparison.Ordinal));
        Assert.Equal((ErrorCode.Diverged, 3), (starting.Code, starting.ExitCode));
        Assert.Equal(MirrorBed.ChainOf(80), (await bed.ReadAsync()).State.Head.Position);
    }

    [Fact]
    public async Task An_event_that_is_exchanged_under_the_mirror_is_noticed_by_a_look()
    {
        await using MirrorBed bed = new();
        bed.MakePier(50);
        await using FollowingMirror mirror = await bed.FollowAsync();
        await mirror.ReachAsync(50);
        using (LmdbEnvironment environment = LmdbEnvironment.Open(Path.Combine(bed.Pier, ".urb/log/0i0"), isAside: false))
        {
            using LmdbTransaction transaction = environment.Begin();
            uint events = transaction.Table(PierMeta.Events, integerKeys: true);
            transaction.Put(events, 50, MirrorBed.Event(50, seed: 3));
            transaction.Commit();
        }
        await mirror.FailsAsync(ErrorCode.Diverged);
    }

    [Fact]
    public async Task A_second_mirror_is_refused_while_the_first_lives_and_fences_it_where_it_was_silent()
    {
        ModelDatabase model = new(new ModelOptions());
        await using MirrorBed bed = new() { Model = model };
        bed.MakePier(50);
        await using FollowingMirror first = await bed.FollowAsync(bed.Options with { Lease = TimeSpan.FromSeconds(1) });
        SeguroException refused = await Assert.ThrowsAsync<SeguroException>(() => bed.StartAsync());
        Assert.Equal((ErrorCode.LeaseHeld, 3), (refused.Code, refused.ExitCode));
        Assert.Contains("mirror@", refused.Message, StringComparison.Ordinal);
        await first.DisposeAsync();

        // This one renews too seldom to notice that another took the lease, as it may after a long silence: its next append tells.
        await using FollowingMirror older = await bed.FollowAsync(bed.Options with { Lease = TimeSpan.FromMinutes(30), MarkEvery = TimeSpan.FromMinutes(30) });
        await using IStore store = model.Open();
        await using EventLog log = new((await store.OpenLogAsync(MirrorBed.Zod, Cancel))!, store.Capabilities);
        await log.Stored.CampaignAsync((await log.ReadStateAsync(Cancel)).Lease, "mirror@elsewhere", TimeSpan.FromMinutes(1), Cancel);
        bed.Write(60);
        SeguroException ended = await older.FailsAsync(ErrorCode.Fenced);
        Assert.Contains("mirror@elsewhere", ended.Message, StringComparison.Ordinal);
        Assert.Equal(MirrorBed.ChainOf(50), (await log.ReadStateAsync(Cancel)).Head.Position);
    }

    [Fact]
    public async Task A_clusters_log_is_refused_and_a_cluster_marks_the_log_that_it_takes_over()
    {
        await using MirrorBed bed = new();
        bed.MakePier(50);
        await bed.OnceAsync();
        (LogState before, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata) = await bed.ReadAsync();
        Assert.Equal(CustodyKind.Mirrored, Custody.Read(metadata)!.Kind);
        Assert.Null(ClusterSettingsCodec.Read(metadata).History); // so its first master takes all that is there for history

        await using (IStore store = await bed.OpenStoreAsync(Cancel))
        {
            await using EventLog log = new((await store.OpenLogAsync(MirrorBed.Zod, Cancel))!, store.Capabilities);
            LeaseOutcome.Done won = (LeaseOutcome.Done)await log.Stored.CampaignAsync(before.Lease, "a master", TimeSpan.FromMilliseconds(1), Cancel);
            foreach ((string key, ReadOnlyMemory<byte> value) in ClusterSettingsCodec.Write(new ClusterSettings(null, ["a"], before.Head.Number, History: before.Head.Number)))
                await LogMetadata.SetAsync(log, won.Lease.Term, key, LogMetadata.Find(metadata, key), value, Cancel);
            await log.Stored.ResignAsync(won.Lease, Cancel);
        }
        bed.Write(60);
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(() => bed.OnceAsync());
        Assert.Equal((ErrorCode.OtherCustody, 3), (error.Code, error.ExitCode));
        (LogState after, metadata) = await bed.ReadAsync();
        Assert.Equal(before.Head.Position, after.Head.Position);
        Assert.Equal(CustodyKind.Gated, Custody.Read(metadata)!.Kind);
    }

    [Fact]
    public async Task A_half_imported_log_is_refused_and_an_imported_one_is_taken()
    {
        await using MirrorBed bed = new();
        bed.MakePier(50);
        await using (IStore store = await bed.OpenStoreAsync(Cancel))
        {
            using Pier pier = Pier.Open(bed.Pier, PierAccess.Live);
            await using EventLog log = await PierImport.OpenLogAsync(pier, store, Cancel);
            SeguroException error = await Assert.ThrowsAsync<SeguroException>(() => bed.OnceAsync());
            Assert.Equal((ErrorCode.HalfImported, 3), (error.Code, error.ExitCode));
            await using WriterLease lease = await WriterLease.AcquireForImportAsync(log, "import", TimeSpan.FromSeconds(3), TimeProvider.System, Cancel);
            await PierImport.RunAsync(pier, store, log, lease.Term, progress: null, TimeProvider.System, Cancel);
        }
        bed.Write(60);
        await bed.OnceAsync();
        (LogState state, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata) = await bed.ReadAsync();
        Assert.Equal(MirrorBed.ChainOf(60), state.Head.Position);
        Assert.Equal("complete 60", ImportMark.Read(metadata).ToString());
    }

    [Fact]
    public async Task A_mirror_that_was_ended_in_its_import_goes_on_and_the_log_is_not_called_whole_before()
    {
        ModelDatabase model = new(new ModelOptions { LargestGroup = 5 });
        await using MirrorBed bed = new() { Model = model };
        bed.MakePier(200);
        for (int calls = 1; calls < 40; calls += 3)
        {
            model.Faults.UnavailableAfter(calls);
            try
            {
                await bed.OnceAsync();
                break;
            }
            catch (SeguroException away)
            {
                Assert.Equal(ErrorCode.StoreUnavailable, away.Code);
            }
            model.Faults.UnavailableAfter(null);
            await using IStore store = model.Open();
            if (await store.OpenLogAsync(MirrorBed.Zod, Cancel) is not { } stored)
                continue;
            await using EventLog log = new(stored, store.Capabilities);
            LogState state = await log.ReadStateAsync(Cancel);
            Assert.Equal(MirrorBed.ChainOf(state.Head.Number.Value), state.Head.Position);
            if (state.Head.Number.Value < 200)
                Assert.False(ImportMark.Read(await stored.ReadMetadataAsync(Cancel))!.Value.IsComplete);
            Assert.Equal(CustodyKind.Mirrored, Custody.Read(await stored.ReadMetadataAsync(Cancel))!.Kind);
            if (state.Lease.IsHeld)
                await log.Stored.ResignAsync(state.Lease, Cancel);
        }
        model.Faults.UnavailableAfter(null);
        await bed.OnceAsync();
        Assert.Equal(MirrorBed.ChainOf(200), (await bed.ReadAsync()).State.Head.Position);
    }

    [Fact]
    public async Task Another_ships_pier_and_one_that_is_not_whole_are_refused_before_the_store_is_opened()
    {
        await using MirrorBed bed = new();
        bed.MakePier(50);
        Assert.Equal(ErrorCode.ForeignShip, await CodeAsync(bed.Options with { Ship = Ship.Parse("~nec") }));
        Directory.CreateDirectory(Path.Combine(bed.Pier, ".urb/roc"));
        await File.WriteAllTextAsync(Path.Combine(bed.Pier, ".urb/roc/51.jam"), "", Cancel);
        Assert.Equal(ErrorCode.ShortLog, await CodeAsync(bed.Options));
        Assert.Equal(ErrorCode.NotFound, await CodeAsync(bed.Options with { Pier = bed["none"] }));
        Directory.CreateDirectory(Path.Combine(bed.Pier, ".urb/bob/1"));
        await File.WriteAllTextAsync(Path.Combine(bed.Pier, ".urb/bob/1/1"), "", Cancel);
        Assert.Equal(ErrorCode.NewerSchema, await CodeAsync(bed.Options));

        async Task<ErrorCode> CodeAsync(MirrorOptions options) => (await Assert.ThrowsAsync<SeguroException>(
            () => PierMirror.StartAsync(options, static _ => throw new InvalidOperationException("the store was opened"), progress: null, Cancel))).Code;
    }

    [Fact]
    public async Task A_log_that_has_more_than_the_pier_and_a_pier_that_lost_its_middle_are_refused()
    {
        await using MirrorBed bed = new();
        bed.MakePier(50);
        bed.MakePier(80, at: bed["longer"]);
        await bed.OnceAsync(bed.Options with { Pier = bed["longer"] });
        Assert.Equal(ErrorCode.WentBack, (await Assert.ThrowsAsync<SeguroException>(() => bed.OnceAsync())).Code);
        bed.MakePier(150, after: 100, at: bed["chopped"]);
        SeguroException gap = await Assert.ThrowsAsync<SeguroException>(() => bed.OnceAsync(bed.Options with { Pier = bed["chopped"] }));
        Assert.Equal(ErrorCode.Gap, gap.Code);
        Assert.Equal(MirrorBed.ChainOf(80), (await bed.ReadAsync()).State.Head.Position);
    }
}
