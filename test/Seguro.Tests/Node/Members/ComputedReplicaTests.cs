using Seguro.Core;
using Seguro.Node.Members;
using Seguro.Stores.Dqlite;
using Seguro.Testing;

namespace Seguro.Tests.Node.Members;

/// <summary>The Nock machine of a replica whose ship runs on a vere (<c>vere:replicas</c> <c>computed</c>).</summary>
public sealed class ComputedReplicaTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_the_log_has_is_computed_then_each_event_and_the_next_life_goes_on_from_the_snapshot()
    {
        await using ComputedBed bed = await ComputedBed.OpenAsync();
        await bed.AppendAsync(await bed.MakeAsync(600)); // more than a read takes
        await using (ComputedReplica replica = bed.NewReplica())
        {
            await FollowAsync(replica);
            Assert.Equal(bed.Log.Head.Number, replica.Number);
            foreach (Event next in await AddAsync(bed, 5))
                await replica.ApplyAsync(next.Number, next.Payload, Cancel);
            Assert.Equal((ulong)605, replica.Number.Value);
            Assert.Equal(EventNumber.None, replica.Needs);
            await replica.SnapshotAsync(bed.Log.Head, Cancel);
            Assert.Equal((ulong)605, replica.Needs!.Value.Value);
            foreach (Event next in await AddAsync(bed, 5))
                await replica.ApplyAsync(next.Number, next.Payload, Cancel);
        }
        await using ComputedReplica again = bed.NewReplica();
        await FollowAsync(again);
        Assert.Contains(bed.Notices, static notice => notice.Contains("begins at event 605", StringComparison.Ordinal));
        Assert.Equal((ulong)610, again.Number.Value);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)] // it was passed already
    public async Task An_event_that_comes_out_otherwise_is_never_passed_over(bool isBehind)
    {
        await using ComputedBed bed = await ComputedBed.OpenAsync();
        await bed.AppendAsync(await bed.MakeAsync(20));
        await using ComputedReplica replica = bed.NewReplica();
        if (!isBehind)
            await FollowAsync(replica);
        Event other = ComputedBed.WithOtherMug((await bed.MakeAsync(1))[0], bed.Log.Head.Chain);
        await bed.AppendAsync([other]);
        if (isBehind)
        {
            await replica.ApplyAsync(other.Number, other.Payload, Cancel);
            Assert.True(replica.TryBegin());
            await replica.FollowAsync(Cancel);
            Assert.Contains("SG3026", replica.Below, StringComparison.Ordinal);
            string report = Path.Combine(Assert.Single(Directory.GetDirectories(bed.Log.QuarantinePath)), "report.txt");
            Assert.Contains("computed event 21 otherwise than the master's vere did", await File.ReadAllTextAsync(report, Cancel), StringComparison.Ordinal);
            Assert.False(replica.TryBegin());
            Event next = (await AddAsync(bed, 1))[0];
            Assert.Equal(ErrorCode.StandbyDiffers, (await Assert.ThrowsAsync<SeguroException>(async () => await replica.ApplyAsync(next.Number, next.Payload, Cancel))).Code);
        }
        else
        {
            SeguroException differs = await Assert.ThrowsAsync<SeguroException>(async () => await replica.ApplyAsync(other.Number, other.Payload, Cancel));
            Assert.Equal(ErrorCode.StandbyDiffers, differs.Code);
            Assert.Contains("SG1016", differs.Message, StringComparison.Ordinal);
        }
        Assert.Equal((ulong)20, replica.Number.Value);
    }

    [Fact]
    public async Task Who_stands_for_mastership_waits_for_no_computation()
    {
        HeldShip? held = null;
        await using ComputedBed bed = await ComputedBed.OpenAsync();
        await bed.AppendAsync(await bed.MakeAsync(20));
        await using ComputedReplica replica = bed.NewReplica(ship => held = new HeldShip(ship));
        await FollowAsync(replica);
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        held!.Held = done.Task;
        Event next = (await AddAsync(bed, 1))[0];
        ValueTask applying = replica.ApplyAsync(next.Number, next.Payload, Cancel);
        replica.Stop();
        await applying; // recorded, not computed
        Assert.False(replica.IsFollowing);
        Assert.Null(replica.Below);
        next = (await AddAsync(bed, 1))[0];
        await replica.ApplyAsync(next.Number, next.Payload, Cancel);
        done.SetResult();
        await FollowAsync(replica); // a replica again
        Assert.Equal((ulong)22, replica.Number.Value);
    }

    [Fact]
    public async Task An_event_that_takes_too_long_is_passed_and_computed_all_the_same()
    {
        HeldShip? held = null;
        await using ComputedBed bed = await ComputedBed.OpenAsync();
        await bed.AppendAsync(await bed.MakeAsync(20));
        await using ComputedReplica replica = bed.NewReplica(ship => held = new HeldShip(ship), patience: TimeSpan.FromMilliseconds(1));
        await FollowAsync(replica);
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        held!.Held = done.Task;
        Event next = (await AddAsync(bed, 1))[0];
        await replica.ApplyAsync(next.Number, next.Payload, Cancel);
        Assert.Contains("SG4028: event 21 takes its Nock machine longer", replica.Below, StringComparison.Ordinal);
        Assert.True(replica.TryBegin());
        Task following = replica.FollowAsync(Cancel);
        Assert.Equal("computing event 20 of 21", replica.Progress);
        done.SetResult();
        await following;
        Assert.True(replica.IsFollowing);
        Assert.Null(replica.Below);
        Assert.Equal((ulong)21, replica.Number.Value);
    }

    [Fact]
    public async Task After_events_were_taken_back_it_begins_below_them()
    {
        await using ComputedBed bed = await ComputedBed.OpenAsync();
        IReadOnlyList<Event> events = await bed.MakeAsync(30);
        await bed.AppendAsync(events.Take(20).ToList());
        await using ComputedReplica replica = bed.NewReplica();
        await FollowAsync(replica);
        await replica.SnapshotAsync(bed.Log.Head, Cancel);
        await bed.AppendAsync(events.Skip(20).ToList());
        foreach (Event next in events.Skip(20))
            await replica.ApplyAsync(next.Number, next.Payload, Cancel);
        replica.Stop();
        Position kept = new(events[19].Number, events[19].Chain);
        await bed.Log.QuarantineAsync(kept, ["a test"], Cancel);
        replica.Stand(kept.Number);
        // The log goes on with one event, and not with those ten.
        Event other = events[20];
        await bed.AppendAsync([other]);
        await replica.ApplyAsync(other.Number, other.Payload, Cancel);
        await FollowAsync(replica);
        Assert.Equal((ulong)21, replica.Number.Value);
    }

    [Fact]
    public async Task Without_memory_it_says_nothing_of_the_event_and_the_replica_goes_on_one_level_below()
    {
        HeldShip? held = null;
        await using ComputedBed bed = await ComputedBed.OpenAsync();
        await bed.AppendAsync(await bed.MakeAsync(20));
        SeguroException full = new(ErrorCode.Crashed, "event 21 crashes here, with %meme", "A test.", new InsufficientMemoryException());
        await using ComputedReplica replica = bed.NewReplica(ship => held = new HeldShip(ship));
        await FollowAsync(replica);
        held!.Held = Task.FromException(full);
        Event next = (await AddAsync(bed, 1))[0];
        await replica.ApplyAsync(next.Number, next.Payload, Cancel);
        Assert.Contains("SG4028: event 21 crashes here, with %meme", replica.Below, StringComparison.Ordinal);
        Assert.False(replica.TryBegin());
        Assert.Null(replica.Needs);
        next = (await AddAsync(bed, 1))[0];
        await replica.ApplyAsync(next.Number, next.Payload, Cancel);
    }

    [Fact]
    public async Task A_log_that_begins_later_needs_a_state_to_begin_with()
    {
        await using ComputedBed bed = await ComputedBed.OpenAsync();
        await bed.AppendAsync(await bed.MakeAsync(20));
        await bed.Log.BeginAtAsync(new EventNumber(11), Cancel);
        await using ComputedReplica replica = bed.NewReplica();
        Assert.True(replica.TryBegin());
        await replica.FollowAsync(Cancel);
        Assert.False(replica.IsFollowing);
        Assert.Contains("the log begins at event 11", replica.Below, StringComparison.Ordinal);
        Assert.Contains("urbit cram", replica.Below, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_state_of_another_history_in_the_pier_is_no_evidence_against_vere()
    {
        await using ComputedBed bed = await ComputedBed.OpenAsync();
        await bed.AppendAsync(await bed.MakeAsync(20));
        bed.Export("15.jam"); // it is the one after event 20
        await using ComputedReplica replica = bed.NewReplica();
        await FollowAsync(replica);
        Assert.Contains(bed.Notices, static notice => notice.Contains("at event 15 belongs to another log", StringComparison.Ordinal));
        Assert.Equal((ulong)20, replica.Number.Value);
    }

    /// <summary>Events of a real ship, in vere's own pier, from the state that vere exported on. `RealKernelTests` has all of them.</summary>
    [Fact]
    public async Task A_real_pier_is_computed_from_the_state_that_vere_exported()
    {
        await using ComputedBed bed = await ComputedBed.OpenAsync(static pier => Tool.RunAsync(["cp", "-r", "--no-preserve=mode", Path.Combine(SharedData.Path, "zod"), pier]));
        EventNumber last = new(625);
        await bed.Log.QuarantineAsync(new Position(last, (await bed.Log.ReadChainAsync(last, Cancel))!.Value), ["a test"], Cancel);
        await using ComputedReplica replica = bed.NewReplica(life: 5);
        await FollowAsync(replica);
        Assert.Contains(bed.Notices, static notice => notice.Contains("begins at event 599", StringComparison.Ordinal));
        Assert.Equal(last, replica.Number);
    }

    private static async Task<IReadOnlyList<Event>> AddAsync(ComputedBed bed, int count)
    {
        IReadOnlyList<Event> events = await bed.MakeAsync(count);
        await bed.AppendAsync(events);
        return events;
    }

    private static async Task FollowAsync(ComputedReplica replica)
    {
        Assert.True(replica.TryBegin());
        await replica.FollowAsync(Cancel);
        Assert.True(replica.IsFollowing, replica.Below);
    }
}
