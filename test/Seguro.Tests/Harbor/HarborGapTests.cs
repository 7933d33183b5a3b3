using Seguro.Core;
using Seguro.Harbor.Format;
using Seguro.Harbor.Reading;
using Seguro.Harbor.Restoring;
using Seguro.Harbor.Targets;
using Seguro.Harbor.Writing;
using Seguro.Node.Members;
using Seguro.Stores;

namespace Seguro.Tests.Harbor;

/// <summary>A log that lost what a target still lacks: the backup goes on behind the gap, says so for as long as it is there, and what reads it knows what to do.</summary>
public sealed class HarborGapTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_backup_goes_on_and_the_gap_is_told_once_and_known_until_it_is_closed()
    {
        await using HarborFixture fixture = await HarborFixture.CreateAsync();
        (IHarborTarget target, IHarborTarget whole) = await LoseAsync(fixture);
        using (HarborBackup backup = New(fixture, target))
        {
            await backup.CatchUpAsync(Cancel);
            Assert.Equal(new HarborGap(new EventNumber(11), new EventNumber(15)), backup.Status.Gap);
            Assert.Equal(new EventNumber(30), backup.Status.Archived);
        }
        string told = Assert.Single(fixture.Told);
        Assert.Contains("no longer has the events 11 to 15", told, StringComparison.Ordinal);
        Assert.Contains("SG3095", told, StringComparison.Ordinal);
        Assert.Contains("--repair", told, StringComparison.Ordinal);

        await fixture.AppendAsync(5);
        foreach (string memory in Directory.GetFiles(Path.GetDirectoryName(fixture.Host.Path)!, "*.archived"))
            File.Delete(memory); // another member, which was never told: the target says it itself
        using (HarborBackup later = New(fixture, target))
        {
            await later.CatchUpAsync(Cancel);
            Assert.Equal("11 to 15", later.Status.Gap.ToString());
            Assert.Equal(new EventNumber(35), later.Status.Archived);
        }
        Assert.Single(fixture.Told);

        HarborVerification repaired = await HarborVerify.RunAsync(await fixture.OpenAsync(target, whole), fixture.Host, null, TimeProvider.System, Cancel);
        Assert.DoesNotContain(repaired.Left, one => one.Target == target.Name);
        using HarborBackup closed = New(fixture, target);
        await closed.CatchUpAsync(Cancel);
        Assert.Null(closed.Status.Gap);
        Assert.Empty((await HarborVerify.RunAsync(await fixture.OpenAsync(target), null, null, TimeProvider.System, Cancel)).Found);
    }

    [Fact]
    public async Task A_repair_that_was_killed_leaves_what_it_did_not_come_to_known()
    {
        await using HarborFixture fixture = await HarborFixture.CreateAsync();
        (IHarborTarget target, IHarborTarget whole) = await LoseAsync(fixture);
        Assert.Equal("11 to 15", await GapAsync());

        // What is there after the repair's first two segments.
        HarborReader reader = await fixture.OpenAsync(target, whole);
        EventLog log = HarborLog.Open(reader);
        LogState state = await log.ReadStateAsync(Cancel);
        Position start = await log.ReadPositionAsync(new EventNumber(10), Cancel);
        Position end = await log.ReadPositionAsync(new EventNumber(12), Cancel);
        HarborWriter killed = new(target, fixture.Host, HarborFixture.Ship, fixture.Options(segmentBytes: 1));
        Assert.Equal(end, await killed.AppendAsync(log, state with { Head = new Head(Term.None, end.Number, end.Chain) }, start, static _ => { }, Cancel));
        Assert.Equal(2, killed.Segments);
        Assert.Equal("13 to 15", await GapAsync());
        Assert.Equal("missing: the events 13 to 15", Assert.Single((await HarborVerify.RunAsync(await fixture.OpenAsync(target), null, null, TimeProvider.System, Cancel)).Left).What);

        // The newest of them is damaged: it is not known how far it went.
        string newest = fixture.Segments("a").Single(file => file.EndsWith("12", StringComparison.Ordinal));
        File.Delete(newest);
        await File.WriteAllBytesAsync(newest, [1, 2, 3], Cancel);
        Assert.Equal("12 to 15", await GapAsync());

        Assert.DoesNotContain((await HarborVerify.RunAsync(await fixture.OpenAsync(target, whole), fixture.Host, null, TimeProvider.System, Cancel)).Left, one => one.Target == target.Name);
        Assert.Null(await GapAsync());
        Assert.Empty((await HarborVerify.RunAsync(await fixture.OpenAsync(target), null, null, TimeProvider.System, Cancel)).Found);

        async Task<string?> GapAsync()
        {
            using HarborBackup backup = New(fixture, target);
            await backup.CatchUpAsync(Cancel);
            return backup.Status.Gap?.ToString();
        }
    }

    [Fact]
    public async Task Verification_names_it_and_a_restore_begins_behind_it_or_ends_before_it()
    {
        await using HarborFixture fixture = await HarborFixture.CreateAsync();
        (IHarborTarget target, _) = await LoseAsync(fixture);
        using (HarborBackup backup = New(fixture, target))
            await backup.CatchUpAsync(Cancel);
        HarborReader reader = await fixture.OpenAsync(target);
        HarborVerification found = await HarborVerify.RunAsync(reader, null, null, TimeProvider.System, Cancel);
        Assert.Equal("missing: the events 11 to 15", Assert.Single(found.Left).What);

        reader = await fixture.OpenAsync(target);
        SeguroException incomplete = await Assert.ThrowsAsync<SeguroException>(() => ReadAsync(reader));
        Assert.Equal(ErrorCode.HarborIncomplete, incomplete.Code);
        Assert.Contains("--to, what follows the gap with --from 16", incomplete.NextStep, StringComparison.Ordinal);

        reader = await fixture.OpenAsync(target);
        await reader.BeginAtAsync(new EventNumber(16), Cancel);
        await fixture.AssertSameAsync(reader); // the log begins there, too
        // Before the gap, and from the middle of a segment on: the chain is the log's.
        reader = await fixture.OpenAsync(target);
        await reader.BeginAtAsync(new EventNumber(20), Cancel);
        Assert.Equal(await fixture.Log.ReadPositionAsync(new EventNumber(19), Cancel), reader.Base);
        reader = await fixture.OpenAsync(target);
        Assert.Equal(ErrorCode.HarborIncomplete, (await Assert.ThrowsAsync<SeguroException>(() => reader.BeginAtAsync(new EventNumber(12), Cancel))).Code);
    }

    [Fact]
    public async Task Where_a_members_log_was_chopped_and_the_store_has_the_rest_there_is_no_gap()
    {
        await using HarborFixture fixture = await HarborFixture.CreateAsync();
        (IHarborTarget target, IHarborTarget whole) = await LoseAsync(fixture);
        await using IStore store = await StoreConnection.OpenAsync(StoreUrl.Parse($"sqlite:{fixture["store.db"]}"), new StoreOptions { Create = true }, Cancel);
        Position head = await HarborRestore.ToStoreAsync(await fixture.OpenAsync(whole), store, null, null, TimeProvider.System, Cancel);
        await using IStoredLog shared = (await store.OpenLogAsync(HarborFixture.Ship, Cancel))!;
        IStoredLog own = (await fixture.Store.OpenLogAsync(HarborFixture.Ship, Cancel))!;
        await using EventLog both = new(new CommittedLog(own, () => head, TimeProvider.System, shared), fixture.Log.Capabilities);
        using HarborBackup backup = new(both, target, fixture.Host, fixture.Options() with { LeavesGaps = true });
        await backup.CatchUpAsync(Cancel);
        Assert.Equal((null, head.Number), (backup.Status.Gap, backup.Status.Archived));
        Assert.Empty(fixture.Told);
        HarborReader reader = await fixture.OpenAsync(target, whole);
        Assert.Empty((await HarborVerify.RunAsync(reader, null, null, TimeProvider.System, Cancel)).Found);
    }

    [Fact]
    public async Task A_gap_that_nobody_can_close_goes_once_a_state_behind_it_is_old_enough()
    {
        await using HarborFixture fixture = await HarborFixture.CreateAsync();
        (IHarborTarget target, _) = await LoseAsync(fixture);
        using (HarborBackup backup = New(fixture, target))
            await backup.CatchUpAsync(Cancel);
        Assert.Equal(ErrorCode.HarborIncomplete, (await Assert.ThrowsAsync<SeguroException>(PlanAsync)).Code);

        HarborWriter writer = new(target, fixture.Host, HarborFixture.Ship, fixture.Options());
        EventNumber behind = new(20);
        Assert.True(await writer.PutFileAsync(ObjectName.Snapshot(behind, "image.bin"), ManifestKind.Snapshot, behind, new MemoryStream([1, 2, 3]), Cancel));
        (HarborReader reader, PrunePlan plan) = await PlanAsync();
        Assert.Contains(ObjectName.Segment(new EventNumber(1)), plan.Objects);
        await HarborPrune.RunAsync(reader, plan, fixture.Host, TimeProvider.System, Cancel);
        Assert.Empty((await HarborVerify.RunAsync(await fixture.OpenAsync(target), null, null, TimeProvider.System, Cancel)).Found);
        using HarborBackup later = New(fixture, target);
        await later.CatchUpAsync(Cancel);
        Assert.Null(later.Status.Gap);

        async Task<(HarborReader Reader, PrunePlan Plan)> PlanAsync()
        {
            HarborReader opened = await fixture.OpenAsync(target);
            HarborVerification found = await HarborVerify.RunAsync(opened, null, null, TimeProvider.System, Cancel);
            return (opened, await HarborPrune.PlanAsync(opened, found, new Retention(TimeSpan.FromDays(30)), DateTimeOffset.UtcNow.AddDays(60), Cancel));
        }
    }

    [Fact]
    public async Task What_goes_while_it_is_followed_leaves_a_gap_too()
    {
        await using HarborFixture fixture = await HarborFixture.CreateAsync();
        IHarborTarget target = fixture.Folder("a");
        await fixture.AppendAsync(10);
        using HarborBackup backup = New(fixture, target);
        await backup.CatchUpAsync(Cancel); // it knows where it is, and looks no more
        await AppendAndTrimAsync(fixture);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        Task running = backup.RunAsync(stop.Token);
        while (backup.Status.Archived != new EventNumber(30))
        {
            Assert.False(running.IsCompleted, "the backup ended");
            await Task.Delay(10, Cancel);
        }
        Assert.Equal("11 to 15", backup.Status.Gap.ToString());
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    private static async Task ReadAsync(HarborReader reader)
    {
        EventLog log = HarborLog.Open(reader);
        LogState state = await log.ReadStateAsync(Cancel);
        await foreach (Event read in log.ReadAsync(state, state.First, state.Head.Number, Cancel))
            Assert.True(read.Number.Value is <= 10 or >= 16);
    }

    /// <summary>A target with the events 1 to 10, one with all 30, and a log that begins with 16.</summary>
    private static async Task<(IHarborTarget Target, IHarborTarget Whole)> LoseAsync(HarborFixture fixture)
    {
        (IHarborTarget target, IHarborTarget whole) = (fixture.Folder("a"), fixture.Folder("b"));
        await fixture.AppendAsync(10);
        await fixture.BackUpAsync(target);
        await AppendAndTrimAsync(fixture, whole);
        fixture.Told.Clear();
        return (target, whole);
    }

    private static async Task AppendAndTrimAsync(HarborFixture fixture, params IHarborTarget[] targets)
    {
        await fixture.AppendAsync(20);
        await fixture.BackUpAsync(targets);
        await using WriterLease lease = await fixture.ReleaseLeaseAsync();
        Assert.IsType<WriteOutcome.Committed>(await fixture.Log.Stored.TrimAsync(lease.Term, new EventNumber(16), Cancel));
    }

    private static HarborBackup New(HarborFixture fixture, IHarborTarget target) =>
        new(fixture.Log, target, fixture.Host, fixture.Options() with { LeavesGaps = true, Within = TimeSpan.FromMilliseconds(10) });
}
