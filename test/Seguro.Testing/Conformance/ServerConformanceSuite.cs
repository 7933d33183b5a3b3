using Seguro.Core;
using Xunit;

namespace Seguro.Testing;

/// <summary>What stores behind servers must do, beyond <see cref="StoreConformanceSuite"/>: crash, lost connections, change of leader.</summary>
/// <param name="harness">The database.</param>
public abstract partial class ServerConformanceSuite(StoreHarness harness) : StoreConformanceSuite(harness)
{
    /// <inheritdoc/>
    protected override Faults Needs => Faults.Crash | Faults.CutConnections | Faults.ChangeLeader | Faults.DeposeLeader | Faults.FillDisk;

    /// <summary>How often connections are cut under load.</summary>
    protected virtual int Cuts => 25;

    /// <summary>How often the server crashes, and how often the leader changes, under load.</summary>
    protected virtual int Crashes => 4;

    /// <summary>The size of the largest events under load, in bytes: large enough that a fault can meet them on the way.</summary>
    protected virtual int LoadEvent => 300_000;

    [Fact(Timeout = Bound)]
    public Task No_acknowledged_event_is_lost_when_connections_are_cut_in_commits() =>
        HurtUnderLoadAsync(Faults.CutConnections, Cuts, () => Harness.CutConnectionsAsync(Cancel));

    [Fact(Timeout = Bound)]
    public Task No_acknowledged_event_is_lost_when_the_server_is_killed() =>
        HurtUnderLoadAsync(Faults.Crash, Crashes, () => Harness.CrashServerAsync(Cancel));

    [Fact(Timeout = Bound)]
    public Task No_acknowledged_event_is_lost_when_the_leader_changes() =>
        HurtUnderLoadAsync(Faults.ChangeLeader, Crashes, () => Harness.ChangeLeaderAsync(Cancel));

    [Fact(Timeout = Bound)]
    public async Task A_mastership_outlives_a_crash_of_the_server()
    {
        Require(Faults.Crash);
        await using LogSession session = await BeginAsync();
        await session.AppendAsync(3, Cancel);
        Lease old = session.Lease;
        session.Follow(await session.DeposeAsync(Cancel));
        await Harness.CrashServerAsync(Cancel);
        LogState state = await EventuallyAsync(() => session.Stored.ReadStateAsync(Cancel));
        Assert.Equal(session.Lease, state.Lease);
        Append late = LogSession.Build(old.Term, session.Head, [[1]]);
        WriteOutcome outcome = await EventuallyAsync(async () => await RepeatAsync(() => session.Stored.AppendAsync(late, Cancel)));
        Assert.Equal(new WriteOutcome.Fenced(session.Lease), outcome);
        await session.CheckAsync(Cancel);
    }

    [Fact(Timeout = Bound)]
    public async Task The_identity_outlives_a_crash_and_a_change_of_leader()
    {
        Require(Faults.Crash);
        Require(Faults.ChangeLeader);
        await using LogSession session = await BeginAsync();
        StoreIdentity identity = await session.Store.ReadIdentityAsync(Cancel);
        foreach (Func<CancellationToken, Task> hurt in (Func<CancellationToken, Task>[])[Harness.CrashServerAsync, Harness.ChangeLeaderAsync])
        {
            await hurt(Cancel);
            Append next = LogSession.Build(session.Term, session.Head, [[1]]);
            Assert.IsType<WriteOutcome.Committed>(await EventuallyAsync(async () => await RepeatAsync(() => session.Stored.AppendAsync(next, Cancel))));
            session.Head = next.Last;
            Assert.Equal(identity, await EventuallyAsync(() => session.Store.ReadIdentityAsync(Cancel)));
            await using IStore other = await Harness.OpenAsync(Cancel);
            Assert.Equal(identity, await EventuallyAsync(() => other.ReadIdentityAsync(Cancel)));
        }
    }

    [Fact(Timeout = Bound)]
    public async Task A_deposed_leader_that_still_answers_says_nothing_false()
    {
        Require(Faults.DeposeLeader);
        await using LogSession session = await BeginAsync();
        await session.AppendAsync(3, Cancel);
        Lease old = session.Lease;
        Position before = session.Head;
        Append next;
        byte[] payload = SeededPayload.Of(99, 100);
        await using (DeposedLeader deposed = await Harness.DeposeLeaderAsync(Cancel))
        {
            session.Follow(await EventuallyAsync(async () => await session.CampaignAsync(old, Cancel)));
            await EventuallyAsync(async () =>
            {
                await session.AppendAsync(2, Cancel);
                return 0;
            });
            next = LogSession.Build(session.Term, session.Head, [payload]);
            if (await TryAsync(() => deposed.Client.OpenLogAsync(session.Ship, Cancel)) is { } stale)
            {
                if (await TryAsync(() => Boxed(stale.ReadStateAsync(Cancel))) is LogState state)
                    Assert.Equal((session.Head, session.Lease), (state.Head.Position, state.Lease));
                WriteOutcome? late = await TryAsync(() => stale.AppendAsync(LogSession.Build(old.Term, before, [[7]]), Cancel));
                Assert.True(late is null or WriteOutcome.Unknown || late == new WriteOutcome.Fenced(session.Lease), $"the old term's append: {late}");
                LeaseOutcome? lost = await TryAsync(() => stale.CampaignAsync(old, "a late candidate", LogSession.LeaseDuration, Cancel));
                Assert.True(lost is null or LeaseOutcome.Unknown || lost == new LeaseOutcome.Lost(session.Lease), $"the campaign: {lost}");
                // Right by the new leader, wrong by what the deposed one knows: it may not say no.
                WriteOutcome? right = await TryAsync(() => stale.AppendAsync(next, Cancel));
                Assert.True(right is null or WriteOutcome.Unknown or WriteOutcome.Committed, $"the new term's append: {right}");
            }
        }
        Assert.IsType<WriteOutcome.Committed>(await EventuallyAsync(async () => await RepeatAsync(() => session.Stored.AppendAsync(next, Cancel))));
        session.Head = next.Last;
        session.Payloads.Add(payload);
        await session.CheckAsync(Cancel);
    }

    /// <summary>Calls again, a bounded number of times, while the database is unavailable.</summary>
    protected static async Task<T> EventuallyAsync<T>(Func<ValueTask<T>> call)
    {
        for (int i = 0; ; i++)
        {
            try
            {
                return await call();
            }
            catch (SeguroException e) when (e.Code is ErrorCode.StoreUnavailable && i < 20)
            {
            }
        }
    }

    private static async ValueTask<object?> Boxed(ValueTask<LogState> state) => await state;

    /// <summary>The answer, or <see langword="null"/> where the store says that it can't be reached.</summary>
    private static async Task<T?> TryAsync<T>(Func<ValueTask<T>> call)
        where T : class?
    {
        try
        {
            return await call();
        }
        catch (SeguroException e) when (e.Code is ErrorCode.StoreUnavailable)
        {
            return null;
        }
    }

    private async Task HurtUnderLoadAsync(Faults fault, int rounds, Func<Task> hurt)
    {
        Require(fault);
        await using LogSession session = await BeginAsync();
        StoreCapabilities can = session.Store.Capabilities;
        LoadWriter writer = new(session, (int)Math.Min(LoadEvent, can.LargestEvent));
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        using CancellationTokenSource stopTail = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        EventLog other = await session.OpenSecondAsync(Cancel);
        Task<Position> tail = Task.Run(() => TailAsync(other, stopTail.Token), Cancel);
        Task load = Task.Run(() => writer.RunAsync(stop.Token, Cancel), Cancel);
        for (int round = 0; round < rounds; round++)
        {
            await writer.ReachAsync(writer.History.Acknowledged + SeededPayload.Number(ShipNames.Seed + (ulong)round, 1, 12), Cancel);
            await hurt();
        }
        await writer.ReachAsync(writer.History.Acknowledged + 10, Cancel);
        await stop.CancelAsync();
        await load;
        await stopTail.CancelAsync();
        Position seen = await tail;
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{writer.History.Acknowledged} acknowledged; {string.Join(", ", writer.Errors.Select(static e => $"{e.Value} × {e.Key}"))}");
        await writer.History.CheckAsync(await session.OpenSecondAsync(Cancel), Cancel);
        Assert.Equal(session.Head, (await session.Stored.ReadStateAsync(Cancel)).Head.Position);
        Assert.Equal(seen.Chain, await session.Stored.ReadChainAsync(seen.Number, Cancel));
        Assert.IsType<WriteOutcome.Committed>(await session.Stored.TrimAsync(session.Term, session.Head.Number.Next, Cancel));
    }

    /// <summary>Follows the log through all faults; every event once, in order.</summary>
    private static async Task<Position> TailAsync(EventLog log, CancellationToken stop)
    {
        Position seen = Position.Origin;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await foreach (Event read in log.TailAsync(seen.Number.Next, stop))
                {
                    Assert.Equal(seen.Number.Next, read.Number);
                    seen = LogSession.After(seen, [read.Payload.ToArray()]);
                    Assert.Equal(seen.Chain, read.Chain);
                }
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
            }
            catch (SeguroException e) when (e.Code is ErrorCode.StoreUnavailable)
            {
            }
        }
        return seen;
    }
}
