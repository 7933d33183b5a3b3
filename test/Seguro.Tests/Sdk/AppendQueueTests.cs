using Seguro.Core;
using Seguro.Sdk;
using Seguro.Testing;
using static Seguro.Tests.Sdk.SeguroLogTests;

namespace Seguro.Tests.Sdk;

/// <summary>Appends of many at once, and what happens to those behind one that fails. The store is the model, which fails when it is told to.</summary>
public sealed class AppendQueueTests
{
    private static readonly Ship Zod = Ship.Parse("~zod");

    private readonly ModelDatabase _model = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Many_threads_append_each_its_own_in_order_and_no_number_twice()
    {
        const int threads = 8;
        const int each = 200;
        await using SeguroLog log = await OpenAsync();
        await using SeguroWriter writer = await log.CampaignAsync(cancel: Cancel);
        ulong[][] numbers = await Task.WhenAll(Enumerable.Range(0, threads).Select(thread => Task.Run(async () =>
        {
            List<ulong> got = [];
            for (int i = 0; i < each; i++)
                got.Add(await writer.AppendAsync(new[] { (byte)thread, (byte)i }));
            return got.ToArray();
        }, Cancel)));
        Assert.All(numbers, static one => Assert.Equal(one.Order(), one));
        Assert.Equal(Enumerable.Range(1, threads * each).Select(static n => (ulong)n), numbers.SelectMany(static one => one).Order());
        await foreach (LogEvent read in log.ReadAsync(cancel: Cancel))
            Assert.Equal(read.Number, numbers[read.Payload.Span[0]][read.Payload.Span[1]]);
    }

    [Fact]
    public async Task What_comes_while_a_piece_is_awaited_waits_and_goes_in_together()
    {
        await using SeguroLog log = await OpenAsync();
        await using SeguroWriter writer = await log.CampaignAsync(cancel: Cancel);
        TaskCompletionSource<byte[]> piece = new();
        Task<ulong> slow = writer.AppendAsync(2, AwaitedAsync(piece.Task));
        Task<ulong>[] behind = [.. Enumerable.Range(0, 20).Select(i => writer.AppendAsync((ulong)i + 2, [new[] { (byte)i }]))];
        await AssertCode(ErrorCode.Conflict, () => writer.AppendAsync(21, [new byte[1]]));
        Assert.DoesNotContain(behind, static task => task.IsCompleted);
        piece.SetResult([7, 7]);
        Assert.Equal(1UL, await slow);
        Assert.Equal(Enumerable.Range(2, 20).Select(static n => (ulong)n), await Task.WhenAll(behind));
    }

    [Fact]
    public async Task Pieces_that_fail_leave_nothing_and_the_writer_goes_on()
    {
        await using SeguroLog log = await OpenAsync();
        await using SeguroWriter writer = await log.CampaignAsync(cancel: Cancel);
        await Assert.ThrowsAsync<InvalidOperationException>(() => writer.AppendAsync(5, PiecesAsync([1, 2])));
        await Assert.ThrowsAsync<InvalidOperationException>(() => writer.AppendAsync(1, PiecesAsync([1, 2])));
        TaskCompletionSource<byte[]> piece = new();
        Task<ulong> failing = writer.AppendAsync(2, AwaitedAsync(piece.Task));
        Task<ulong> behind = writer.AppendAsync(new byte[] { 9 });
        piece.SetException(new IOException("the source is gone"));
        Assert.Equal("the source is gone", (await Assert.ThrowsAsync<IOException>(() => failing)).Message);
        await AssertCode(ErrorCode.Conflict, () => behind);
        Assert.Equal(1UL, await writer.AppendAsync(1, [new byte[] { 1 }]));
        Assert.Equal(1UL, (await log.ReadHeadAsync(Cancel)).Number);
    }

    [Fact]
    public async Task More_than_the_bound_is_refused_and_nothing_of_it_written()
    {
        await using SeguroLog log = await OpenAsync(new SeguroLogOptions { Create = true, MostWaiting = 2, MostWaitingBytes = 10 });
        await using SeguroWriter writer = await log.CampaignAsync(cancel: Cancel);
        TaskCompletionSource<byte[]> piece = new();
        Task<ulong> slow = writer.AppendAsync(2, AwaitedAsync(piece.Task));
        Task<ulong> large = writer.AppendAsync(new byte[20]); // a single one may be larger
        await AssertCode(ErrorCode.QueueFull, () => writer.AppendAsync(new byte[1]));
        piece.SetResult([7, 7]);
        await Task.WhenAll(slow, large);
        Assert.Equal(3UL, await writer.AppendAsync(new byte[1]));
    }

    [Theory]
    [InlineData(WriteFate.UnknownApplied)]
    [InlineData(WriteFate.UnknownLost)]
    public async Task An_outcome_that_is_unknown_is_found_out(WriteFate fate)
    {
        await using SeguroLog log = await OpenAsync();
        await using SeguroWriter writer = await log.CampaignAsync(cancel: Cancel);
        _model.Faults.NextWrites(fate, fate);
        Assert.Equal(1UL, await writer.AppendAsync(new byte[] { 1 }));
        Assert.Equal(2UL, await writer.AppendAsync(new byte[] { 2 }));
    }

    [Fact]
    public async Task After_a_failure_nothing_behind_it_is_written_until_a_new_campaign()
    {
        await using SeguroLog log = await OpenAsync();
        SeguroWriter writer = await log.CampaignAsync(cancel: Cancel);
        Assert.Equal(1UL, await writer.AppendAsync(new byte[] { 1 }));
        TaskCompletionSource<byte[]> piece = new();
        Task<ulong> failing = writer.AppendAsync(2, AwaitedAsync(piece.Task));
        Task<ulong> behind = writer.AppendAsync(new byte[] { 3 });
        _model.Faults.UnavailableAfter(0);
        piece.SetResult([2, 2]);
        await AssertCode(ErrorCode.StoreUnavailable, () => failing);
        _model.Faults.Heal();
        await AssertCode(ErrorCode.StoreUnavailable, () => behind);
        await AssertCode(ErrorCode.StoreUnavailable, () => writer.AppendAsync(new byte[] { 4 }));
        await writer.DisposeAsync();
        await using SeguroWriter again = await log.CampaignAsync(wait: true, Cancel);
        Assert.Equal((1UL, 2UL), (again.Head, await again.AppendAsync(new byte[] { 2 })));
    }

    [Fact]
    public async Task The_end_waits_for_what_was_begun()
    {
        await using SeguroLog log = await OpenAsync();
        SeguroWriter writer = await log.CampaignAsync(cancel: Cancel);
        TaskCompletionSource<byte[]> piece = new();
        Task<ulong> slow = writer.AppendAsync(2, AwaitedAsync(piece.Task));
        Task end = writer.DisposeAsync().AsTask();
        Assert.False(end.IsCompleted);
        piece.SetResult([7, 7]);
        await end;
        Assert.Equal(1UL, await slow);
    }

    private static async IAsyncEnumerable<ReadOnlyMemory<byte>> AwaitedAsync(Task<byte[]> piece)
    {
        yield return await piece;
    }

    private Task<SeguroLog> OpenAsync(SeguroLogOptions? options = null) =>
        SeguroLog.OpenAsync(_model.Open(), "model", Zod, options ?? new SeguroLogOptions { Create = true }, Cancel);
}
