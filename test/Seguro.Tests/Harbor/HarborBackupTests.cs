using Seguro.Core;
using Seguro.Harbor.Reading;
using Seguro.Harbor.Restoring;
using Seguro.Harbor.Targets;
using Seguro.Harbor.Writing;
using Seguro.Stores;
using Seguro.Testing;

namespace Seguro.Tests.Harbor;

/// <summary>Backups follow, share the work, survive their targets; restores are whole, resumable, and bounded in memory.</summary>
public sealed class HarborBackupTests
{
    [Fact]
    public async Task Large_and_empty_events_go_in_and_come_back()
    {
        await using HarborFixture fixture = await HarborFixture.CreateAsync();
        await fixture.AppendAsync(3, 0);
        await fixture.AppendAsync(2, 40_000_000); // larger than a segment, and than what is kept in memory
        await fixture.AppendAsync(50, 900_000);
        IHarborTarget target = fixture.Folder("a");
        await fixture.BackUpAsync(target);
        Assert.True(fixture.Segments("a").Length > 3);
        await fixture.AssertSameAsync(await fixture.OpenAsync(target));
    }

    [Fact]
    public async Task Two_writers_of_one_folder_leave_neither_a_gap_nor_a_double()
    {
        await using HarborFixture fixture = await HarborFixture.CreateAsync();
        IHarborTarget target = fixture.Folder("a");
        using HarborBackup one = new(fixture.Log, target, fixture.Host, fixture.Options(3000));
        using HarborBackup other = new(fixture.Log, target, fixture.Host, fixture.Options(5000));
        for (int round = 0; round < 10; round++)
        {
            await fixture.AppendAsync(20, 800);
            await Task.WhenAll(Task.Run(() => one.CatchUpAsync(Cancel), Cancel), Task.Run(() => other.CatchUpAsync(Cancel), Cancel));
        }
        Assert.Equal((new EventNumber(200), new EventNumber(200)), (one.Status.Archived, other.Status.Archived));
        HarborReader reader = await fixture.OpenAsync(target);
        Assert.Empty((await HarborVerify.RunAsync(reader, null, null, TimeProvider.System, Cancel)).Found);
        ulong next = 1;
        foreach (string file in fixture.Segments("a"))
        {
            string name = Path.GetFileName(file);
            Assert.Equal(next, ulong.Parse(name));
            next = (await reader.Copies[0].Folder.ReadManifestAsync($"e/{name}", fixture.Owner.Signer, Cancel)).Last.Value + 1;
        }
        await fixture.AssertSameAsync(reader);
    }

    [Fact]
    public async Task A_target_that_is_away_holds_no_other_up_is_told_and_is_caught_up()
    {
        await using HarborFixture fixture = await HarborFixture.CreateAsync();
        IHarborTarget good = fixture.Folder("good");
        IHarborTarget away = fixture.Folder("away");
        Directory.Delete(fixture["away"]); // its disk is not mounted
        BackupOptions options = fixture.Options() with { Within = TimeSpan.FromMilliseconds(50), LongestPause = TimeSpan.FromMilliseconds(200) };
        using HarborBackup first = new(fixture.Log, good, fixture.Host, options);
        using HarborBackup second = new(fixture.Log, away, fixture.Host, options);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        Task[] running = [Task.Run(() => first.RunAsync(stop.Token), Cancel), Task.Run(() => second.RunAsync(stop.Token), Cancel)];
        await fixture.AppendAsync(10);
        await UntilAsync(() => first.Status.Archived.Value == 10 && second.Status.Warning is not null);
        lock (fixture.Told)
            Assert.Contains(fixture.Told, static text => text.Contains("SG1060", StringComparison.Ordinal));
        await fixture.AppendAsync(10);
        await UntilAsync(() => first.Status.Archived.Value == 20);
        Directory.CreateDirectory(fixture["away"]);
        await UntilAsync(() => second.Status.Archived.Value == 20 && second.Status.Warning is null);
        await stop.CancelAsync();
        await EndedAsync(Task.WhenAll(running));
        await fixture.AssertSameAsync(await fixture.OpenAsync(away));
    }

    [Fact]
    public async Task A_fault_that_nobody_thought_of_is_told_ends_no_backup_and_keeps_no_other_from_going_on()
    {
        await using HarborFixture fixture = await HarborFixture.CreateAsync();
        await fixture.AppendAsync(10);
        Faulty faulty = new(fixture.Folder("faulty"));
        BackupOptions options = fixture.Options() with { Within = TimeSpan.FromMilliseconds(20), LongestPause = TimeSpan.FromMilliseconds(100) };
        using HarborBackup first = new(fixture.Log, faulty, fixture.Host, options);
        using HarborBackup second = new(fixture.Log, fixture.Folder("good"), fixture.Host, options);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        Task[] running = [Task.Run(() => first.RunAsync(stop.Token), Cancel), Task.Run(() => second.RunAsync(stop.Token), Cancel)];
        await UntilAsync(() => second.Status.Archived.Value == 10 && faulty.Asked > 2 && first.Status.Warning is not null);
        Assert.Contains("TimeoutException: it took too long", first.Status.Warning, StringComparison.Ordinal);
        Assert.True(first.Status.Lag > TimeSpan.Zero);
        lock (fixture.Told)
            Assert.Contains(fixture.Told, static text => text.Contains("SG1060", StringComparison.Ordinal) && text.Contains("report it", StringComparison.Ordinal));
        faulty.IsWell = true;
        await UntilAsync(() => first.Status is { Archived.Value: 10, Warning: null });
        await stop.CancelAsync();
        await EndedAsync(Task.WhenAll(running));
    }

    [Fact]
    public async Task A_log_whose_numbers_do_not_fit_into_32_bits_is_backed_up_merged_and_restored()
    {
        await using HarborFixture fixture = await HarborFixture.CreateAsync(start: new Position(new EventNumber(4_311_199_132), new Chain(new byte[Chain.Size])));
        IHarborTarget target = fixture.Folder("a");
        for (int i = 0; i < 4; i++)
        {
            await fixture.AppendAsync(10);
            await fixture.BackUpAsync(target);
        }
        HarborReader reader = await fixture.OpenAsync(target);
        Assert.Equal((4_311_199_132UL, 4_311_199_172UL), (reader.Base.Number.Value, reader.Head.Number.Value));
        PrunePlan plan = await HarborPrune.PlanAsync(
            reader, await HarborVerify.RunAsync(reader, null, null, TimeProvider.System, Cancel),
            new Retention(TimeSpan.FromDays(30)), DateTimeOffset.UtcNow, Cancel);
        Assert.Equal(1, (await HarborPrune.RunAsync(reader, plan, fixture.Host, TimeProvider.System, Cancel)).Merged);
        await fixture.AppendAsync(10);
        await fixture.BackUpAsync(target); // the host goes on behind it
        reader = await fixture.OpenAsync(target);
        Assert.Empty((await HarborVerify.RunAsync(reader, null, null, TimeProvider.System, Cancel)).Found);
        await fixture.AssertSameAsync(reader);
        await using IStore store = await StoreConnection.OpenAsync(StoreUrl.Parse($"sqlite:{fixture["back.db"]}"), new StoreOptions { Create = true }, Cancel);
        Assert.Equal((await fixture.Log.ReadStateAsync(Cancel)).Head.Position, await HarborRestore.ToStoreAsync(reader, store, null, null, TimeProvider.System, Cancel));
    }

    [Fact]
    public async Task A_restore_into_a_store_goes_on_where_it_stopped_and_a_cut_one_is_nobodys_ship()
    {
        await using HarborFixture fixture = await HarborFixture.CreateAsync();
        await fixture.AppendAsync(300);
        IHarborTarget target = fixture.Folder("a");
        await fixture.BackUpAsync(target);
        HarborReader reader = await fixture.OpenAsync(target);
        await using IStore store = await StoreConnection.OpenAsync(StoreUrl.Parse($"sqlite:{fixture["back.db"]}"), new StoreOptions { Create = true }, Cancel);
        Assert.Equal(new EventNumber(120), (await HarborRestore.ToStoreAsync(reader, store, new EventNumber(120), null, TimeProvider.System, Cancel)).Number);
        await using (EventLog cut = new((await store.OpenLogAsync(HarborFixture.Ship, Cancel))!, store.Capabilities))
            Assert.Equal(ErrorCode.HalfImported, (await Assert.ThrowsAsync<SeguroException>(
                async () => await WriterLease.AcquireAsync(cut, "x", TimeSpan.FromSeconds(3), TimeProvider.System, Cancel))).Code);
        Position head = await HarborRestore.ToStoreAsync(reader, store, null, null, TimeProvider.System, Cancel);
        Assert.Equal((await fixture.Log.ReadStateAsync(Cancel)).Head.Position, head);
        Assert.Equal(head, await HarborRestore.ToStoreAsync(reader, store, null, null, TimeProvider.System, Cancel)); // once more: nothing is left to do
        await using EventLog whole = new((await store.OpenLogAsync(HarborFixture.Ship, Cancel))!, store.Capabilities);
        IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata = await whole.Stored.ReadMetadataAsync(Cancel);
        Assert.Equal(ErrorCode.OtherCustody, Assert.Throws<SeguroException>(() => Custody.RequireCluster(HarborFixture.Ship, metadata, null)).Code);
        await using WriterLease lease = await WriterLease.AcquireAsync(whole, "x", TimeSpan.FromSeconds(3), TimeProvider.System, Cancel);
        DrillReport report = await HarborDrill.RunAsync(reader, fixture["."], null, null, TimeProvider.System, Cancel);
        Assert.Equal((head, false), (report.Head, report.IsPier));
    }

    [Fact]
    public async Task A_chopped_log_and_a_log_that_lacks_what_comes_next()
    {
        await using HarborFixture fixture = await HarborFixture.CreateAsync();
        IHarborTarget early = fixture.Folder("early");
        await fixture.AppendAsync(10);
        await fixture.BackUpAsync(early);
        await fixture.AppendAsync(20);
        await using (WriterLease lease = await fixture.ReleaseLeaseAsync())
            Assert.IsType<WriteOutcome.Committed>(await fixture.Log.Stored.TrimAsync(lease.Term, new EventNumber(16), Cancel));
        Assert.Equal(ErrorCode.Trimmed, (await Assert.ThrowsAsync<SeguroException>(() => fixture.BackUpAsync(early))).Code);
        IHarborTarget late = fixture.Folder("late");
        await fixture.BackUpAsync(late);
        HarborReader reader = await fixture.OpenAsync(late);
        Assert.Equal((15UL, 30UL), (reader.Base.Number.Value, reader.Head.Number.Value));
        await fixture.AssertSameAsync(reader);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static async Task UntilAsync(Func<bool> holds)
    {
        while (!holds())
            await Task.Delay(20, Cancel);
    }

    /// <summary>Waits for what was cancelled, however it ends.</summary>
    private static async Task EndedAsync(Task task) => await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    /// <summary>Throws what no target should, until it is well.</summary>
    private sealed class Faulty(IHarborTarget target) : IHarborTarget
    {
        private int _asked;

        public string Name => target.Name;

        public int Asked => Volatile.Read(ref _asked);

        public bool IsWell { get; set; }

        public Task<bool> PutAsync(string name, Stream content, CancellationToken cancel)
        {
            Interlocked.Increment(ref _asked);
            return IsWell ? target.PutAsync(name, content, cancel) : throw new TimeoutException("it took too long");
        }

        public Task<Stream> GetAsync(string name, long? length, CancellationToken cancel) => target.GetAsync(name, length, cancel);

        public IAsyncEnumerable<TargetObject> ListAsync(string folder, CancellationToken cancel) => target.ListAsync(folder, cancel);

        public Task DeleteAsync(string name, CancellationToken cancel) => target.DeleteAsync(name, cancel);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
