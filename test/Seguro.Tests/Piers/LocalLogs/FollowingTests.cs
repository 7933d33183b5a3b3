using Seguro.Core;
using Seguro.Piers;
using Seguro.Piers.LocalLogs;
using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Piers.LocalLogs;

/// <summary>A local log that another writes: what it is told to, or other than that.</summary>
public sealed class FollowingTests : IDisposable
{
    private static readonly Ship Zod = Ship.Parse("~zod");
    private readonly TemporaryFolder _folder = new("following");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string PierPath => _folder["pier"];

    [Fact]
    public async Task What_another_writes_is_the_logs_and_can_be_read_at_once_and_after_it_is_taken_back()
    {
        List<Event> events = EventChain.After(Position.Origin, 30);
        await using LocalLog log = await OpenAsync();
        await log.AppendAsync(events[..10], Cancel);
        await log.LendAsync(Cancel);
        await log.FollowAsync(WriteAsync);
        Assert.Equal(EventChain.At(events, 20), await log.AppendAsync(events[10..20], Cancel));
        Assert.Equal(10, log.Followed);
        Assert.Equal(events[4].Chain, await log.ReadChainAsync(new(5), Cancel));
        Assert.Equal(events[14].Chain, await log.ReadChainAsync(new(15), Cancel));
        IReadOnlyList<Event> read = (await log.ReadAsync(EventChain.At(events, 8), new(20), 100, long.MaxValue, Cancel))!;
        Assert.Equal(events[8..20].Select(static one => one.Chain), read.Select(static one => one.Chain));
        Assert.Equal(12, (await log.ReadAsync(EventChain.At(events, 8), new(20), 100, long.MaxValue, Cancel))!.Count);
        Assert.Empty((await log.ReadAsync(EventChain.At(events, 20), new(20), 100, long.MaxValue, Cancel))!);
        Assert.Equal(6, (await log.ReadAsync(EventChain.At(events, 14), new(20), 100, long.MaxValue, Cancel))!.Count);
        await log.ReclaimAsync();
        await log.ReclaimAsync();
        Assert.Equal(EventChain.At(events, 20), log.Head);
        Assert.Equal(EventChain.At(events, 30), await log.AppendAsync(events[20..], Cancel));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(4, 0)]
    [InlineData(10, 0)]
    [InlineData(3, 1)]
    [InlineData(0, 2)]
    [InlineData(10, 1)]
    public async Task What_another_did_not_write_is_appended_and_what_it_wrote_instead_is_kept_aside(int right, int wrong)
    {
        List<Event> events = EventChain.After(Position.Origin, 20);
        await using (LocalLog log = await OpenAsync())
        {
            await log.AppendAsync(events[..10], Cancel);
            await log.LendAsync(Cancel);
            await log.FollowAsync(async given =>
            {
                List<Event> others = [.. given.Take(right)];
                others.AddRange(EventChain.After(right == 0 ? EventChain.At(events, 10) : EventChain.At(events, (ulong)(10 + right)), wrong, "other"));
                if (others.Count > 0)
                    await WriteAsync(others);
                return false;
            });
            Assert.Equal(EventChain.At(events, 20), await log.AppendAsync(events[10..], Cancel));
            Assert.Equal(wrong > 0, Directory.Exists(log.QuarantinePath));
            if (wrong > 0)
                Assert.Equal(wrong, QuarantineFolder.Read(Assert.Single(Directory.GetDirectories(log.QuarantinePath))).Count());
        }
        await using LocalLog again = await OpenAsync();
        Assert.Equal(EventChain.At(events, 20), again.Head);
        IReadOnlyList<Event> read = (await again.ReadAsync(Position.Origin, new(20), 100, long.MaxValue, Cancel))!;
        Assert.Equal(events.Select(static one => one.Payload.ToArray()), read.Select(static one => one.Payload.ToArray()));
    }

    [Fact]
    public async Task A_log_that_is_followed_can_be_lent_anew_without_its_writer_letting_go()
    {
        List<Event> events = EventChain.After(Position.Origin, 12);
        await using LocalLog log = await OpenAsync();
        await log.AppendAsync(events[..5], Cancel);
        await log.LendAsync(Cancel);
        await log.FollowAsync(WriteAsync);
        await log.AppendAsync(events[5..8], Cancel);
        await log.LendAsync(Cancel);
        await WriteAsync(events[8..10]);
        await log.TakeBackAsync();
        Assert.Equal(EventChain.At(events, 10), log.Head);
        Assert.Equal(EventChain.At(events, 12), await log.AppendAsync(events[10..], Cancel));
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>Writes as a vere does: only the events.</summary>
    private ValueTask<bool> WriteAsync(IReadOnlyList<Event> events)
    {
        ForeignEvents.Append(Path.Combine(PierPath, ".urb/log/0i0"), [.. events.Select(static one => (one.Number.Value, one.Payload))]);
        return ValueTask.FromResult(true);
    }

    private Task<LocalLog> OpenAsync() => LocalLog.OpenAsync(
        PierPath,
        Zod,
        static _ => ValueTask.FromResult<IReadOnlyDictionary<string, ReadOnlyMemory<byte>>>(
            new Dictionary<string, ReadOnlyMemory<byte>> { [MetadataKey.Who] = default, [MetadataKey.Fake] = default, [MetadataKey.Life] = new byte[] { 1 } }),
        "test",
        TimeProvider.System,
        Cancel);
}
