using Seguro.Core;
using Seguro.Sdk;
using Seguro.Stores;
using Seguro.Testing;

namespace Seguro.Tests.Sdk;

/// <summary>The client library over a real file, as its users see it.</summary>
public sealed class SeguroLogTests : IDisposable
{
    private readonly TemporaryFolder _folder = new("sdk");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Url => $"sqlite:{_folder["log.db"]}";

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_is_appended_is_read_and_followed()
    {
        await using SeguroLog log = await OpenAsync();
        Assert.Equal("~zod", log.Ship);
        Assert.Equal("sqlite", log.Store.Engine);
        await using SeguroWriter writer = await log.CampaignAsync(cancel: Cancel);
        Assert.Equal(1UL, writer.Term);
        Assert.Equal(1UL, await writer.AppendAsync(new byte[] { 1 }));
        Assert.Equal(3UL, await writer.AppendAsync([new byte[] { 2 }, new byte[] { 3 }]));
        Assert.Equal(4UL, await writer.AppendAsync(3, PiecesAsync([4, 4], [4])));
        Assert.Equal(5UL, await writer.AppendAsync(5, [new byte[] { 5 }]));
        Assert.Equal(5UL, await writer.AppendAsync([]));
        Assert.Equal(5UL, writer.Head);
        LogHead head = await log.ReadHeadAsync(Cancel);
        Assert.Equal((1UL, 5UL, 1UL, 7L), (head.First, head.Number, head.Term, head.Bytes));
        Assert.StartsWith("sdk@", head.Writer, StringComparison.Ordinal);

        List<string> read = [];
        await foreach (LogEvent one in log.ReadAsync(cancel: Cancel))
        {
            read.Add($"{one.Number}:{Convert.ToHexString(one.Payload.Span)}");
            if (one.Number == head.Number)
                Assert.Equal(head.Chain, one.Chain);
        }
        Assert.Equal(["1:01", "2:02", "3:03", "4:040404", "5:05"], read);
        List<ulong> pieces = [];
        await foreach (LogPiece piece in log.StreamAsync(4, 5, Cancel))
            pieces.Add(piece.Number);
        Assert.Equal([4UL, 5UL], pieces);

        await using IAsyncEnumerator<LogEvent> tail = log.TailAsync(5, Cancel).GetAsyncEnumerator(Cancel);
        Assert.True(await tail.MoveNextAsync());
        ValueTask<bool> next = tail.MoveNextAsync();
        await writer.AppendAsync(new byte[] { 6 });
        Assert.True(await next);
        Assert.Equal(6UL, tail.Current.Number);
    }

    [Fact]
    public async Task Nothing_is_made_where_nothing_was_asked_for()
    {
        await AssertCode(ErrorCode.NotFound, () => SeguroLog.OpenAsync(Url, "~zod", cancel: Cancel));
        Assert.False(File.Exists(_folder["log.db"]));
        await (await OpenAsync()).DisposeAsync();
        await AssertCode(ErrorCode.NoSuchLog, () => SeguroLog.OpenAsync(Url, "~nec", cancel: Cancel));
        await AssertCode(ErrorCode.BadShipName, () => SeguroLog.OpenAsync(Url, "zod!", cancel: Cancel));
        await AssertCode(ErrorCode.BadStoreUrl, () => SeguroLog.OpenAsync("nothing", "~zod", cancel: Cancel));
        await AssertCode(ErrorCode.BadValue, () => SeguroLog.OpenAsync(Url, "~zod", new SeguroLogOptions { Name = "Two Words" }, Cancel));
    }

    [Fact]
    public async Task A_log_that_is_read_only_stays_as_it_is()
    {
        await using (SeguroLog log = await OpenAsync())
        await using (SeguroWriter writer = await log.CampaignAsync(cancel: Cancel))
            await writer.AppendAsync(new byte[] { 1 });
        byte[] before = await File.ReadAllBytesAsync(_folder["log.db"], Cancel);
        await using (SeguroLog log = await SeguroLog.OpenAsync(Url, "~zod", new SeguroLogOptions { ReadOnly = true }, Cancel))
        {
            await log.WaitAsync(1, SafetyLevel.Committed, Cancel);
            await AssertCode(ErrorCode.Unsupported, () => log.CampaignAsync(cancel: Cancel));
        }
        Assert.Equal(before, await File.ReadAllBytesAsync(_folder["log.db"], Cancel));
    }

    [Fact]
    public async Task A_second_writer_waits_and_the_first_one_is_fenced()
    {
        await using SeguroLog log = await OpenAsync(lease: 200);
        await using SeguroLog other = await OpenAsync("m2", 200);
        SeguroWriter first = await log.CampaignAsync(cancel: Cancel);
        await AssertCode(ErrorCode.LeaseHeld, () => other.CampaignAsync(cancel: Cancel));
        Task<SeguroWriter> waiting = other.CampaignAsync(wait: true, Cancel);
        await first.AppendAsync(new byte[] { 1 });
        Assert.False(waiting.IsCompleted);
        await first.DisposeAsync();
        await using SeguroWriter second = await waiting;
        Assert.Equal(2UL, second.Term);
        Assert.Equal(2UL, await second.AppendAsync(new byte[] { 2 }));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => first.AppendAsync(new byte[] { 9 }));
    }

    [Fact]
    public async Task Whoever_lost_the_lease_hears_of_it_and_appends_nothing()
    {
        await using SeguroLog log = await OpenAsync();
        await using SeguroWriter writer = await log.CampaignAsync(cancel: Cancel);
        await writer.AppendAsync(new byte[] { 1 });
        await TakeAwayAsync();
        SeguroException fenced = await AssertCode(ErrorCode.Fenced, () => writer.AppendAsync(new byte[] { 2 }));
        Assert.Contains("event 1", fenced.Message, StringComparison.Ordinal);
        await AssertCode(ErrorCode.Fenced, () => writer.AppendAsync(new byte[] { 3 }));
        await AssertCode(ErrorCode.Fenced, () => writer.SetMetadataAsync("life", new byte[] { 1 }, Cancel));
        TaskCompletionSource lost = new();
        await using (writer.Lost.Register(lost.SetResult))
            await lost.Task.WaitAsync(Cancel);
        Assert.Equal(1UL, (await log.ReadHeadAsync(Cancel)).Number);
    }

    [Fact]
    public async Task An_event_is_processed_when_enough_other_machines_say_so()
    {
        await using SeguroLog master = await OpenAsync("m1");
        await using SeguroLog second = await OpenAsync("m2");
        await using SeguroLog third = await OpenAsync("m3");
        await using SeguroWriter writer = await master.CampaignAsync(cancel: Cancel);
        await AssertCode(ErrorCode.BeyondHead, () => second.AcknowledgeAsync(1, Cancel));
        await writer.AppendAsync([new byte[] { 1 }, new byte[] { 2 }]);
        await master.AcknowledgeAsync(2, Cancel); // its own does not count
        await second.AcknowledgeAsync(2, Cancel);
        await second.AcknowledgeAsync(1, Cancel); // never goes back
        await master.WaitAsync(2, SafetyLevel.Processed(1), Cancel);
        Task two = master.WaitAsync(2, SafetyLevel.Processed(2), Cancel);
        await third.AcknowledgeAsync(1, Cancel);
        await master.WaitAsync(1, SafetyLevel.Processed(2), Cancel);
        Assert.False(two.IsCompleted);
        await third.AcknowledgeAsync(2, Cancel);
        await two;
        Assert.Throws<ArgumentOutOfRangeException>(() => SafetyLevel.Processed(0));
    }

    [Fact]
    public async Task A_replica_acknowledges_across_a_change_of_terms()
    {
        await using SeguroLog master = await OpenAsync("m1");
        await using SeguroLog replica = await OpenAsync("m2");
        await using (SeguroWriter writer = await master.CampaignAsync(cancel: Cancel))
        {
            await writer.AppendAsync(new byte[] { 1 });
            await replica.WaitAsync(1, SafetyLevel.Committed, Cancel);
        }
        await using SeguroWriter next = await master.CampaignAsync(cancel: Cancel);
        await replica.AcknowledgeAsync(1, Cancel);
        await master.WaitAsync(1, SafetyLevel.Processed(1), Cancel);
    }

    [Fact]
    public async Task What_was_released_is_known_to_the_next_writer()
    {
        await using SeguroLog log = await OpenAsync();
        await using (SeguroWriter writer = await log.CampaignAsync(cancel: Cancel))
        {
            await writer.AppendAsync([new byte[] { 1 }, new byte[] { 2 }]);
            await AssertCode(ErrorCode.BeyondHead, () => writer.ReleaseAsync(3, Cancel));
            Task waiting = log.WaitAsync(2, SafetyLevel.Released, Cancel);
            await writer.ReleaseAsync(2, Cancel);
            await writer.ReleaseAsync(1, Cancel);
            await waiting;
        }
        IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata = await log.ReadMetadataAsync(Cancel);
        Assert.Equal("2"u8.ToArray(), metadata["released"].ToArray());
    }

    [Fact]
    public async Task Metadata_is_set_and_Seguros_own_is_not()
    {
        await using SeguroLog log = await OpenAsync();
        await using SeguroWriter writer = await log.CampaignAsync(cancel: Cancel);
        await writer.SetMetadataAsync("kernel", new byte[] { 1, 2 }, Cancel);
        await writer.SetMetadataAsync("kernel", new byte[] { 3 }, Cancel);
        Assert.Equal([3], (await log.ReadMetadataAsync(Cancel))["kernel"].ToArray());
        foreach (string key in (string[])["optimism", "members", "released", "custody", "import", "history", "processed.m2", "No", ""])
            await AssertCode(ErrorCode.BadValue, () => writer.SetMetadataAsync(key, new byte[] { 1 }, Cancel));
        await AssertCode(ErrorCode.BadValue, () => writer.SetMetadataAsync("large", new byte[65_537], Cancel));
    }

    [Theory]
    [InlineData("custody", "gated", ErrorCode.OtherCustody)]
    [InlineData("members", "m1 m2 m3", ErrorCode.OtherCustody)]
    [InlineData("custody", "mirrored 4 2026-11-30T04:00:00.000Z up host:pier", ErrorCode.OtherCustody)]
    [InlineData("import", "incomplete 610", ErrorCode.HalfImported)]
    [InlineData("custody", "none", ErrorCode.OtherCustody)]
    [InlineData("import", "complete 610", null)]
    public async Task A_log_that_others_write_is_not_campaigned_for(string key, string value, ErrorCode? expected)
    {
        await using SeguroLog log = await OpenAsync();
        await SetRawAsync(key, value);
        if (expected is { } code)
        {
            await AssertCode(code, () => log.CampaignAsync(cancel: Cancel));
            Assert.Equal(0UL, (await log.ReadHeadAsync(Cancel)).Term);
        }
        else
        {
            await (await log.CampaignAsync(cancel: Cancel)).DisposeAsync();
        }
    }

    internal static async Task<SeguroException> AssertCode(ErrorCode code, Func<Task> act)
    {
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(act);
        Assert.Equal(code, error.Code);
        Assert.NotEmpty(error.NextStep);
        return error;
    }

    internal static async IAsyncEnumerable<ReadOnlyMemory<byte>> PiecesAsync(params byte[][] pieces)
    {
        foreach (byte[] piece in pieces)
        {
            await Task.Yield();
            yield return piece;
        }
    }

    private Task<SeguroLog> OpenAsync(string name = "sdk", int lease = 3000) => SeguroLog.OpenAsync(
        Url, "~zod", new SeguroLogOptions { Name = name, Create = true, LeaseDuration = TimeSpan.FromMilliseconds(lease) }, Cancel);

    /// <summary>Campaigns as somebody whose clock says that the holder is dead.</summary>
    private async Task TakeAwayAsync()
    {
        await using IStore store = await StoreConnection.OpenAsync(StoreUrl.Parse(Url), new StoreOptions(), Cancel);
        await using IStoredLog log = (await store.OpenLogAsync(Ship.Parse("~zod"), Cancel))!;
        Lease held = (await log.ReadStateAsync(Cancel)).Lease;
        while (await log.CampaignAsync(held, "thief", TimeSpan.FromHours(1), Cancel) is LeaseOutcome.Lost lost)
            held = lost.Current;
    }

    private async Task SetRawAsync(string key, string value)
    {
        await using IStore store = await StoreConnection.OpenAsync(StoreUrl.Parse(Url), new StoreOptions(), Cancel);
        await using IStoredLog log = (await store.OpenLogAsync(Ship.Parse("~zod"), Cancel))!;
        Assert.IsType<WriteOutcome.Committed>(await log.SetMetadataAsync(Term.None, key, null, System.Text.Encoding.ASCII.GetBytes(value), Cancel));
    }
}
