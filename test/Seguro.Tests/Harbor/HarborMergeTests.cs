using Seguro.Core;
using Seguro.Harbor.Format;
using Seguro.Harbor.Reading;
using Seguro.Harbor.Targets;
using Seguro.Harbor.Writing;

namespace Seguro.Tests.Harbor;

/// <summary>Prune makes few segments of many: whatever ends it, in whichever step, leaves the whole log, and running it again ends the work.</summary>
public sealed class HarborMergeTests
{
    private const int Segments = 5;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Many_small_segments_become_few_and_the_backup_goes_on()
    {
        await using HarborFixture fixture = await HarborFixture.CreateAsync();
        IHarborTarget target = await FillAsync(fixture);
        PruneResult done = await PruneAsync(fixture, target, fixture.Host);
        Assert.Equal((Segments - 1, 1, 0), (done.Removed, done.Merged, done.Locked.Count));
        Assert.Single(fixture.Segments("a")); // the newest stays
        HarborReader reader = await fixture.OpenAsync(target);
        Assert.Equal(["m/00000000000000000001-00000000000000000024", "e/00000000000000000025"], reader.Copies[0].Index.Path.Select(static one => one.Name));
        await AssertWholeAsync(fixture, target);

        await fixture.AppendAsync(4);
        await fixture.BackUpAsync(target);
        await fixture.AppendAsync(4);
        await fixture.BackUpAsync(target);
        Assert.Equal((3, 1), await CountsAsync(fixture, target)); // the merged one is merged with those that came
        await AssertWholeAsync(fixture, target);
        Assert.Equal((0, 0), await CountsAsync(fixture, target));
        await AssertWholeAsync(fixture, target);
    }

    [Fact]
    public async Task Whatever_ends_it_in_whichever_step_leaves_the_whole_log_and_the_next_run_ends_the_work()
    {
        int steps = 0;
        bool isDone = false;
        for (; !isDone; steps++)
        {
            foreach (bool isAfter in new[] { false, true })
            {
                await using HarborFixture fixture = await HarborFixture.CreateAsync(steps);
                IHarborTarget target = await FillAsync(fixture);
                try
                {
                    await PruneAsync(fixture, new Killed(target, steps, isAfter), fixture.Host);
                    isDone = true;
                }
                catch (InvalidOperationException)
                {
                    await AssertWholeAsync(fixture, target);
                }
                await fixture.AppendAsync(3);
                await fixture.BackUpAsync(target); // the host knows nothing of it, and goes on
                await PruneAsync(fixture, target, fixture.Host);
                await AssertWholeAsync(fixture, target);
                Assert.True((await fixture.OpenAsync(target)).Copies[0].Index.All.Count() <= 2);
            }
        }
        Assert.Equal(Segments + 1, steps); // one put, the removals, and the run that nothing ended
    }

    [Fact]
    public async Task Two_that_merge_at_once_leave_one_and_large_segments_are_left_alone()
    {
        await using HarborFixture fixture = await HarborFixture.CreateAsync();
        IHarborTarget target = fixture.Folder("a");
        foreach (int most in new[] { 500, 9_000_000, 500, 500, 9_000_000, 9_000_000, 500 })
        {
            await fixture.AppendAsync(2, most);
            await fixture.BackUpAsync(target);
        }
        HarborReader[] readers = [await fixture.OpenAsync(target), await fixture.OpenAsync(target)];
        PrunePlan[] plans = [await PlanAsync(readers[0]), await PlanAsync(readers[1])];
        Assert.All(plans[0].Merges, static merge => Assert.True(merge.Bytes <= 16 << 20 && merge.Objects.Count > 1));
        await Task.WhenAll(readers.Zip(plans).Select(one => EndedAsync(HarborPrune.RunAsync(one.First, one.Second, fixture.Host, TimeProvider.System, Cancel))));
        await AssertWholeAsync(fixture, target);

        // Each may find that the other removed what it was about to read: nothing else.
        static async Task EndedAsync(Task task)
        {
            try
            {
                await task;
            }
            catch (SeguroException missing)
            {
                Assert.Equal(ErrorCode.NotFound, missing.Code);
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(Segments)]
    public async Task A_restore_goes_on_beside_a_prune_of_its_only_target(int after)
    {
        await using HarborFixture fixture = await HarborFixture.CreateAsync();
        IHarborTarget target = await FillAsync(fixture);
        int got = 0;
        Task? pruned = null;
        List<HarborDamage> damage = [];
        Watched watched = new(target, async () =>
        {
            if (Interlocked.Increment(ref got) == after + 1) // the first is `ship`'s; then segments, in their order
                await (pruned = PruneAsync(fixture, target, fixture.Host));
        });
        HarborReader reader = await HarborReader.OpenAsync([watched], fixture.Owner, HarborFixture.Ship, damage.Add, TimeProvider.System, Cancel);
        await fixture.AssertSameAsync(reader);
        Assert.True(pruned is { IsCompletedSuccessfully: true });
        Assert.Empty(damage);
    }

    [Fact]
    public async Task What_is_removed_and_not_replaced_is_named_all_the_same()
    {
        await using HarborFixture fixture = await HarborFixture.CreateAsync();
        IHarborTarget target = await FillAsync(fixture);
        HarborReader reader = await fixture.OpenAsync(target);
        File.Delete(fixture.Segments("a")[2]);
        SeguroException lost = await Assert.ThrowsAsync<SeguroException>(() => fixture.AssertSameAsync(reader));
        Assert.Equal(ErrorCode.HarborIncomplete, lost.Code);
        Assert.Contains(reader.Damage, static one => one.Name == "e/00000000000000000013" && one.What.StartsWith("missing", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_merged_segment_that_is_damaged_is_named_and_written_again_from_another_target()
    {
        await using HarborFixture fixture = await HarborFixture.CreateAsync();
        IHarborTarget target = await FillAsync(fixture);
        IHarborTarget other = fixture.Folder("b");
        await fixture.BackUpAsync(other);
        await PruneAsync(fixture, target, fixture.Host);
        string merged = Directory.EnumerateFiles(Path.Combine(fixture["a"], fixture.Id, "m")).Single();
        byte[] bytes = await File.ReadAllBytesAsync(merged, Cancel);
        bytes[^50] ^= 1;
        await File.WriteAllBytesAsync(merged, bytes, Cancel);
        HarborVerification found = await HarborVerify.RunAsync(await fixture.OpenAsync(target, other), fixture.Host, null, TimeProvider.System, Cancel);
        Assert.Equal($"m/{Path.GetFileName(merged)}", Assert.Single(found.Found).Name);
        Assert.Empty(found.Left);
        await AssertWholeAsync(fixture, target);
    }

    [Fact]
    public async Task Without_the_hosts_key_nothing_is_merged_and_with_anothers_nothing_at_all_is_done()
    {
        await using HarborFixture fixture = await HarborFixture.CreateAsync();
        IHarborTarget target = await FillAsync(fixture);
        Assert.Equal((0, 0), await CountsAsync(fixture, target, null));
        HarborKeys.Create(fixture["other"], []);
        using HostKey other = HostKey.Read(HarborKeys.HostFile(fixture["other"]));
        Assert.Equal(ErrorCode.BadValue, (await Assert.ThrowsAsync<SeguroException>(() => PruneAsync(fixture, target, other))).Code);
        Assert.Equal(Segments, fixture.Segments("a").Length);
    }

    private static async Task<IHarborTarget> FillAsync(HarborFixture fixture)
    {
        IHarborTarget target = fixture.Folder("a");
        for (int i = 0; i < Segments; i++)
        {
            await fixture.AppendAsync(6, 300);
            await fixture.BackUpAsync(target);
        }
        return target;
    }

    private static async Task<PrunePlan> PlanAsync(HarborReader reader)
    {
        HarborVerification verified = await HarborVerify.RunAsync(reader, null, null, TimeProvider.System, Cancel);
        return await HarborPrune.PlanAsync(reader, verified, new Retention(TimeSpan.FromDays(30)), DateTimeOffset.UtcNow, Cancel);
    }

    private static async Task<PruneResult> PruneAsync(HarborFixture fixture, IHarborTarget target, HostKey? host)
    {
        HarborReader reader = await fixture.OpenAsync(target);
        return await HarborPrune.RunAsync(reader, await PlanAsync(reader), host, TimeProvider.System, Cancel);
    }

    private static async Task<(int Removed, int Merged)> CountsAsync(HarborFixture fixture, IHarborTarget target) => await CountsAsync(fixture, target, fixture.Host);

    private static async Task<(int Removed, int Merged)> CountsAsync(HarborFixture fixture, IHarborTarget target, HostKey? host)
    {
        PruneResult done = await PruneAsync(fixture, target, host);
        return (done.Removed, done.Merged);
    }

    private static async Task AssertWholeAsync(HarborFixture fixture, IHarborTarget target)
    {
        HarborReader reader = await fixture.OpenAsync(target);
        Assert.Empty((await HarborVerify.RunAsync(reader, null, null, TimeProvider.System, Cancel)).Found);
        await fixture.AssertSameAsync(await fixture.OpenAsync(target));
    }

    /// <summary>Something happens before each object is got whole.</summary>
    private sealed class Watched(IHarborTarget target, Func<Task> before) : IHarborTarget
    {
        public string Name => target.Name;

        public Task<bool> PutAsync(string name, Stream content, CancellationToken cancel) => target.PutAsync(name, content, cancel);

        public async Task<Stream> GetAsync(string name, long? length, CancellationToken cancel)
        {
            if (length is null)
                await before();
            return await target.GetAsync(name, length, cancel);
        }

        public IAsyncEnumerable<TargetObject> ListAsync(string folder, CancellationToken cancel) => target.ListAsync(folder, cancel);

        public Task DeleteAsync(string name, CancellationToken cancel) => target.DeleteAsync(name, cancel);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    /// <summary>Ends whoever changes something for the nth time, before or after it is done.</summary>
    private sealed class Killed(IHarborTarget target, int after, bool isAfter) : IHarborTarget
    {
        private int _left = after;

        public string Name => target.Name;

        public async Task<bool> PutAsync(string name, Stream content, CancellationToken cancel)
        {
            bool isLast = Count();
            bool isMade = await target.PutAsync(name, content, cancel);
            return isLast ? throw new InvalidOperationException("killed") : isMade;
        }

        public Task<Stream> GetAsync(string name, long? length, CancellationToken cancel) => target.GetAsync(name, length, cancel);

        public IAsyncEnumerable<TargetObject> ListAsync(string folder, CancellationToken cancel) => target.ListAsync(folder, cancel);

        public async Task DeleteAsync(string name, CancellationToken cancel)
        {
            bool isLast = Count();
            await target.DeleteAsync(name, cancel);
            if (isLast)
                throw new InvalidOperationException("killed");
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        private bool Count()
        {
            if (_left-- > 0)
                return false;
            return isAfter ? true : throw new InvalidOperationException("killed");
        }
    }
}
