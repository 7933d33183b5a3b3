using Seguro.Core;
using Seguro.Piers;
using Seguro.Testing;
using Seguro.Vere.Mirror;

namespace Seguro.Tests.Vere.Mirror;

/// <summary>A mirror beside a pier that lives: events, rolls, chops, moves, a store that goes away.</summary>
public sealed class FollowingTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_written_is_in_the_store_at_once_by_notification_alone()
    {
        await using MirrorBed bed = new();
        bed.MakePier(20);
        await using FollowingMirror mirror = await bed.FollowAsync(bed.Options with { LookEvery = TimeSpan.FromHours(1) });
        for (ulong number = 21; number <= 40; number++)
        {
            bed.Write(number);
            await mirror.ReachAsync(number);
        }
        Assert.Equal(MirrorBed.ChainOf(40), (await bed.ReadAsync()).State.Head.Position);
        Assert.Equal(40UL, mirror.Status.Copied);
        Assert.Equal(MirrorState.Following, mirror.Status.State);
    }

    [Fact]
    public async Task What_no_notification_tells_a_look_finds()
    {
        await using MirrorBed bed = new();
        bed.MakePier(20);
        await using FollowingMirror mirror = await bed.FollowAsync(bed.Options with { Watches = false });
        bed.Write(30);
        await mirror.ReachAsync(30);
        bed.Roll();
        bed.Write(35);
        await mirror.ReachAsync(35);
        Assert.Equal(MirrorBed.ChainOf(35), (await bed.ReadAsync()).State.Head.Position);
    }

    [Fact]
    public async Task The_pier_is_only_read()
    {
        await using MirrorBed bed = new();
        bed.MakePier(300);
        IReadOnlyDictionary<string, string> before = bed.Fingerprint();
        await using FollowingMirror mirror = await bed.FollowAsync();
        await mirror.ReachAsync(300);
        Assert.False(Pier.FindHolder(bed.Pier).IsHeld);
        using (PierLock.Take(bed.Pier)) // a vere can start
            await MirrorBed.UntilAsync(() => mirror.Status.IsRunning, "the holder is seen");
        await MirrorBed.UntilAsync(() => !mirror.Status.IsRunning, "it is seen to be gone");
        Assert.Equal(before, bed.Fingerprint());
    }

    [Fact]
    public async Task Rolls_chops_and_a_new_runtime_are_followed()
    {
        await using MirrorBed bed = new();
        bed.MakePier(50);
        await using FollowingMirror mirror = await bed.FollowAsync();
        foreach ((ulong last, string vere) in new (ulong, string)[] { (80, "4.6"), (81, "4.6"), (120, "4.7-pre") })
        {
            bed.Roll(vere);
            bed.Write(last);
            await mirror.ReachAsync(last);
        }
        bed.Chop();
        bed.Write(150);
        await mirror.ReachAsync(150);
        bed.Roll("4.7-pre");
        await MirrorBed.UntilAsync(() => mirror.Status.SeenAt > DateTimeOffset.UtcNow - TimeSpan.FromSeconds(2), "an empty epoch is seen");
        bed.Write(151);
        await mirror.ReachAsync(151);
        await mirror.DisposeAsync();
        (LogState state, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata) = await bed.ReadAsync();
        Assert.Equal(MirrorBed.ChainOf(151), state.Head.Position);
        Assert.Equal("4.7-pre", System.Text.Encoding.ASCII.GetString(metadata["vere"].Span));
        Assert.DoesNotContain(bed.Notices, static notice => notice.Text.Contains("bug", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Files_that_a_chop_removed_are_let_go()
    {
        await using MirrorBed bed = new();
        bed.MakePier(50);
        foreach (ulong last in new ulong[] { 80, 90, 100 })
        {
            bed.Roll();
            bed.Write(last);
        }
        await using FollowingMirror mirror = await bed.FollowAsync();
        bed.Chop();
        await MirrorBed.UntilAsync(
            () => !Directory.EnumerateFiles("/proc/self/fd").Any(fd => new FileInfo(fd).LinkTarget
            is { } target && target.StartsWith(bed.Pier, StringComparison.Ordinal)
            && target.EndsWith("(deleted)", StringComparison.Ordinal)),
            "the removed epochs take no room on the disk");
    }

    [Fact]
    public async Task A_pier_that_is_moved_away_and_back_is_followed_again()
    {
        await using MirrorBed bed = new();
        bed.MakePier(50);
        await using FollowingMirror mirror = await bed.FollowAsync(bed.Options with { Silence = TimeSpan.FromMilliseconds(300) });
        Directory.Move(bed.Pier, bed["elsewhere"]);
        await MirrorBed.UntilAsync(() => mirror.Status.State is MirrorState.PierAway && mirror.Status.IsDegraded, "the pier is missed");
        Assert.Contains(bed.Notices, static notice => notice.IsWarning && notice.Text.Contains("SG1012", StringComparison.Ordinal));
        bed.Write(60, at: bed["elsewhere"]);
        Directory.Move(bed["elsewhere"], bed.Pier);
        await mirror.ReachAsync(60);
        await MirrorBed.UntilAsync(() => !mirror.Status.IsDegraded && mirror.Status.Warning is null, "all is well again");
        Assert.Contains(bed.Notices, static notice => !notice.IsWarning && notice.Text.Contains("followed again", StringComparison.Ordinal));
        Assert.Equal(MirrorBed.ChainOf(60), (await bed.ReadAsync()).State.Head.Position);
    }

    [Fact]
    public async Task A_store_that_was_away_is_caught_up()
    {
        ModelDatabase model = new(new ModelOptions());
        await using MirrorBed bed = new() { Model = model };
        bed.MakePier(50);
        await using FollowingMirror mirror = await bed.FollowAsync(bed.Options with { Lease = TimeSpan.FromSeconds(1) });
        model.Faults.UnavailableAfter(0);
        bed.Write(5000);
        await MirrorBed.UntilAsync(() => mirror.Status is { State: MirrorState.StoreAway, LagEvents: 4950 }, "the store is missed");
        await MirrorBed.UntilAsync(() => mirror.Status.Lag > TimeSpan.FromSeconds(1.5), "the lease has run out meanwhile");
        model.Faults.UnavailableAfter(null);
        await mirror.ReachAsync(5000);
        await MirrorBed.UntilAsync(() => mirror.Status.State is MirrorState.Following, "all is well again");
        Assert.Equal(MirrorBed.ChainOf(5000), (await bed.ReadAsync()).State.Head.Position);
        Assert.InRange(bed.Notices.Count(static notice => notice.IsWarning), 1, 2);
    }

    [Theory]
    [InlineData(WriteFate.UnknownApplied)]
    [InlineData(WriteFate.UnknownLost)]
    [InlineData(WriteFate.Refused)]
    public async Task Appends_of_unknown_outcome_are_neither_lost_nor_doubled(WriteFate fate)
    {
        ModelDatabase model = new(new ModelOptions { LargestGroup = 7 });
        await using MirrorBed bed = new() { Model = model };
        bed.MakePier(50);
        await using FollowingMirror mirror = await bed.FollowAsync();
        model.Faults.NextWrites(fate, fate, fate, fate, fate, fate, fate);
        bed.Write(200);
        await mirror.ReachAsync(200);
        Assert.Equal(MirrorBed.ChainOf(200), (await bed.ReadAsync()).State.Head.Position);
    }

    [Fact]
    public async Task Large_events_go_by_in_pieces_and_numbers_may_be_huge()
    {
        const ulong After = 4_311_199_132;
        ModelDatabase model = new(new ModelOptions { LargestFragment = 300, LargestTransaction = 900, LargestGroup = 3 });
        await using MirrorBed bed = new() { Model = model };
        bed.MakePier(After + 40, After);
        await using FollowingMirror mirror = await bed.FollowAsync();
        bed.Write(After + 90);
        await mirror.ReachAsync(After + 90);
        bed.Roll();
        bed.Write(After + 100);
        await mirror.ReachAsync(After + 100);
        (LogState state, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata) = await bed.ReadAsync();
        Assert.Equal(MirrorBed.ChainOf(After + 100, after: After), state.Head.Position);
        Assert.Equal(After, state.Base.Number.Value);
        Assert.NotNull(Custody.Read(metadata));
    }

    [Fact]
    public async Task The_logs_custody_says_how_far_the_pier_was_seen_and_when()
    {
        await using MirrorBed bed = new();
        bed.MakePier(50);
        await using FollowingMirror mirror = await bed.FollowAsync();
        await MarkedAsync(50, isRunning: false);
        bed.Write(60);
        using (PierLock.Take(bed.Pier))
            await MarkedAsync(60, isRunning: true);

        async Task MarkedAsync(ulong seen, bool isRunning)
        {
            DateTimeOffset now = DateTimeOffset.UtcNow;
            Custody? custody = null;
            for (int attempt = 0; attempt < 1000 && !(custody is { IsRunning: var running } && running == isRunning && custody.Seen.Value == seen && custody.At >= now.AddMilliseconds(-1)); attempt++)
            {
                custody = Custody.Read((await bed.ReadAsync()).Metadata);
                await Task.Delay(5, Cancel);
            }
            Assert.Equal((CustodyKind.Mirrored, seen, isRunning, $"{Environment.MachineName}:{bed.Pier}"), (custody!.Kind, custody.Seen.Value, custody.IsRunning, custody.Place));
            Assert.InRange(custody.At, now.AddMilliseconds(-1), DateTimeOffset.UtcNow);
        }
    }
}
