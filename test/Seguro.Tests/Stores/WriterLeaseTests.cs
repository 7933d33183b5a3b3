using Microsoft.Extensions.Time.Testing;
using Seguro.Core;
using Seguro.Stores;
using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Stores;

/// <summary>Time is a fake clock, moved by the tests; the stores are a real file, and the model where a fault must be made.</summary>
public sealed class WriterLeaseTests : IAsyncLifetime
{
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(50);

    private readonly TemporaryFolder _folder = new("lease");
    private readonly CountingTime _time = new();
    private readonly ModelDatabase _model = new();
    private IStore? _store;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() =>
        _store = await StoreConnection.OpenAsync(StoreUrl.Parse($"sqlite:{_folder["log.db"]}"), new StoreOptions { Create = true }, Cancel);

    public async ValueTask DisposeAsync()
    {
        await _store!.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_free_lease_is_taken_at_once_and_freed_at_the_end()
    {
        await using EventLog log = await MakeLogAsync(_store!);
        long started = _time.GetTimestamp();
        await using (WriterLease writer = await WriterLease.AcquireAsync(log, "import", Duration, _time, Cancel))
        {
            Assert.Equal(TimeSpan.Zero, _time.GetElapsedTime(started));
            Assert.Equal(new Term(1), writer.Term);
            Assert.Equal(writer.Lease, await log.Stored.ObserveLeaseAsync(Cancel));
            Assert.StartsWith($"import@{Environment.MachineName}/{Environment.ProcessId}-", writer.Lease.Holder, StringComparison.Ordinal);
            Assert.False(writer.Lost.IsCancellationRequested);
        }
        Lease after = await log.Stored.ObserveLeaseAsync(Cancel);
        Assert.False(after.IsHeld);
        Assert.Equal(new Term(1), after.Term);
    }

    [Fact]
    public async Task A_silent_holder_is_followed_only_after_its_whole_duration()
    {
        await using EventLog log = await MakeLogAsync(_store!);
        await TakeAsync(log, Lease.None);
        long started = _time.GetTimestamp();
        Task<WriterLease> acquiring = WriterLease.AcquireAsync(log, "member", Duration, _time, Cancel).AsTask();
        await PassTimeUntilAsync(() => acquiring.IsCompleted);
        Assert.True(_time.GetElapsedTime(started) >= Duration);
        await using WriterLease writer = await acquiring;
        Assert.Equal(new Term(2), writer.Term);
    }

    [Fact]
    public async Task A_holder_that_renews_is_left_alone_and_named()
    {
        await using EventLog log = await MakeLogAsync(_store!);
        Lease held = await TakeAsync(log, Lease.None);
        long started = _time.GetTimestamp();
        int timers = _time.Timers;
        Task<WriterLease> acquiring = WriterLease.AcquireAsync(log, "member", Duration, _time, Cancel).AsTask();
        await UntilAsync(() => _time.Timers > timers); // it has seen the lease as it is before the renewal, and waits
        await PassTimeUntilAsync(() => _time.GetElapsedTime(started) >= Duration / 2);
        Assert.False(acquiring.IsCompleted);
        Assert.IsType<LeaseOutcome.Done>(await log.Stored.RenewAsync(held, Cancel));
        await PassTimeUntilAsync(() => acquiring.IsCompleted);
        SeguroException refusal = await Assert.ThrowsAsync<SeguroException>(() => acquiring);
        Assert.Equal(ErrorCode.LeaseHeld, refusal.Code);
        Assert.Contains("somebody", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("term 1", refusal.Message, StringComparison.Ordinal);
        Assert.Equal("somebody", (await log.Stored.ObserveLeaseAsync(Cancel)).Holder);
    }

    [Fact]
    public async Task A_holder_that_resigns_meanwhile_is_followed_at_once()
    {
        await using EventLog log = await MakeLogAsync(_store!);
        Lease held = await TakeAsync(log, Lease.None, TimeSpan.FromHours(1));
        long started = _time.GetTimestamp();
        Task<WriterLease> acquiring = WriterLease.AcquireAsync(log, "member", Duration, _time, Cancel).AsTask();
        await log.Stored.ResignAsync(held, Cancel);
        await PassTimeUntilAsync(() => acquiring.IsCompleted);
        await using WriterLease writer = await acquiring;
        Assert.Equal(new Term(2), writer.Term);
        Assert.True(_time.GetElapsedTime(started) < held.Duration);
    }

    [Fact]
    public async Task Renews_for_as_long_as_it_lives()
    {
        await using EventLog log = await MakeLogAsync(_store!);
        await using WriterLease writer = await WriterLease.AcquireAsync(log, "member", Duration, _time, Cancel);
        for (ulong renewals = 1; renewals <= 10; renewals++)
        {
            int timers = _time.Timers;
            _time.Advance(Duration / 3);
            await UntilAsync(() => writer.Lease.Renewals == renewals && _time.Timers > timers); // it waits for the next third
        }
        Assert.Equal(writer.Lease, await log.Stored.ObserveLeaseAsync(Cancel));
        Assert.False(writer.Lost.IsCancellationRequested);
    }

    [Fact]
    public async Task A_writer_that_was_fenced_hears_it_at_its_next_renewal_and_does_not_resign_for_the_other()
    {
        await using EventLog log = await MakeLogAsync(_store!);
        await using (WriterLease writer = await WriterLease.AcquireAsync(log, "member", Duration, _time, Cancel))
        {
            await TakeAsync(log, writer.Lease);
            Assert.False(writer.Lost.IsCancellationRequested);
            _time.Advance(Duration / 3);
            await UntilAsync(() => writer.Lost.IsCancellationRequested);
        }
        Lease now = await log.Stored.ObserveLeaseAsync(Cancel);
        Assert.Equal(("somebody", new Term(2)), (now.Holder, now.Term));
    }

    [Fact]
    public async Task A_writer_that_cannot_renew_is_lost_a_tenth_before_others_may_take_over_and_not_earlier()
    {
        await using EventLog log = await MakeLogAsync(_model.Open());
        await using WriterLease writer = await WriterLease.AcquireAsync(log, "member", Duration, _time, Cancel);
        _model.Faults.UnavailableAfter(0);
        long started = _time.GetTimestamp();
        await PassTimeUntilAsync(() => writer.Lost.IsCancellationRequested);
        Assert.InRange(_time.GetElapsedTime(started), Duration * 0.9, (Duration * 0.9) + Step);
        _model.Faults.Heal();
    }

    [Fact]
    public async Task A_store_that_comes_back_in_time_costs_nothing()
    {
        await using EventLog log = await MakeLogAsync(_model.Open());
        await using WriterLease writer = await WriterLease.AcquireAsync(log, "member", Duration, _time, Cancel);
        _model.Faults.NextWrites(WriteFate.Refused, WriteFate.UnknownLost, WriteFate.UnknownApplied);
        await PassTimeUntilAsync(() => writer.Lease.Renewals >= 2);
        Assert.False(writer.Lost.IsCancellationRequested);
    }

    [Theory]
    [InlineData(WriteFate.UnknownApplied)]
    [InlineData(WriteFate.UnknownLost)]
    public async Task A_campaign_of_unknown_outcome_is_repeated(WriteFate fate)
    {
        await using EventLog log = await MakeLogAsync(_model.Open());
        _model.Faults.NextWrites(fate);
        await using WriterLease writer = await WriterLease.AcquireAsync(log, "member", Duration, _time, Cancel);
        Assert.Equal(new Term(1), writer.Term);
        Assert.Equal(writer.Lease, await log.Stored.ObserveLeaseAsync(Cancel));
    }

    private static async Task<EventLog> MakeLogAsync(IStore store) =>
        new(await store.CreateLogAsync(Ship.Parse("~zod"), Position.Origin, new Dictionary<string, ReadOnlyMemory<byte>>(), Cancel), store.Capabilities);

    private static async Task<Lease> TakeAsync(EventLog log, Lease expected, TimeSpan? duration = null) =>
        Assert.IsType<LeaseOutcome.Done>(await log.Stored.CampaignAsync(expected, "somebody", duration ?? Duration, Cancel)).Lease;

    private static async Task UntilAsync(Func<bool> condition)
    {
        using CancellationTokenSource hang = new(TimeSpan.FromMinutes(1));
        while (!condition())
        {
            hang.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    /// <summary>Moves the clock on in small steps, with real work of the store in between, until the condition holds.</summary>
    private async Task PassTimeUntilAsync(Func<bool> condition)
    {
        for (int steps = 0; !condition(); steps++)
        {
            Assert.True(steps < 1_000_000, "it never happens");
            _time.Advance(Step);
            await _store!.ListLogsAsync(Cancel); // something to wait for that takes real time
        }
    }
    /// <summary>Knows how many timers were started, and so when somebody waits.</summary>
    private sealed class CountingTime : FakeTimeProvider
    {
        private int _timers;

        public int Timers => Volatile.Read(ref _timers);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            ITimer timer = base.CreateTimer(callback, state, dueTime, period);
            Interlocked.Increment(ref _timers);
            return timer;
        }
    }
}
