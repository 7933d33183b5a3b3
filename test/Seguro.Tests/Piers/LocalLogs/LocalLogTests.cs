using System.Text;
using Seguro.Core;
using Seguro.Piers;
using Seguro.Piers.LocalLogs;
using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Piers.LocalLogs;

public sealed class LocalLogTests : IDisposable
{
    private static readonly Ship Zod = Ship.Parse("~zod");
    private readonly TemporaryFolder _folder = new("local");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string PierPath => _folder["pier"];

    [Fact]
    public async Task What_was_appended_is_there_after_opening_again()
    {
        List<Event> events = EventChain.After(Position.Origin, 20);
        await using (LocalLog log = await OpenAsync())
        {
            Assert.Equal(Position.Origin, log.Head);
            await log.AppendAsync(events[..7], Cancel);
            Assert.Equal(EventChain.At(events, 20), await log.AppendAsync(events[7..], Cancel));
        }
        await using LocalLog again = await OpenAsync();
        Assert.Equal(EventChain.At(events, 20), again.Head);
        AssertSame(events[5..9], await again.ReadAsync(EventChain.At(events, 5), new(9), 100, long.MaxValue, Cancel));
        AssertSame(events[5..8], await again.ReadAsync(EventChain.At(events, 5), new(20), 3, long.MaxValue, Cancel));
        AssertSame(events[5..6], await again.ReadAsync(EventChain.At(events, 5), new(20), 100, 1, Cancel));
        Assert.Empty((await again.ReadAsync(again.Head, new(30), 100, 1, Cancel))!);
        Assert.Null(await again.ReadAsync(new(new(5), EventChain.At(events, 6).Chain), new(20), 100, 1, Cancel));
        Assert.Null(await again.ReadChainAsync(new(21), Cancel));
    }

    [Fact]
    public async Task Events_that_go_to_quarantine_are_kept_and_reported_and_others_take_their_place()
    {
        List<Event> events = EventChain.After(Position.Origin, 10);
        Position fork = EventChain.At(events, 6);
        List<Event> others = EventChain.After(fork, 3, "other");
        await using (LocalLog log = await OpenAsync())
        {
            await log.AppendAsync(events, Cancel);
            AssertSame(events[6..], await log.QuarantineAsync(fork, ["reason: a test"], Cancel));
            Assert.Equal(fork, log.Head);
            Assert.Null(await log.ReadChainAsync(new(7), Cancel));

            string kept = Assert.Single(Directory.GetDirectories(log.QuarantinePath));
            Assert.EndsWith("-7-10", kept, StringComparison.Ordinal);
            AssertSame(events[6..], [.. QuarantineFolder.Read(kept)]);
            string report = await File.ReadAllTextAsync(Path.Combine(kept, "report.txt"), Cancel);
            Assert.Contains("reason: a test", report, StringComparison.Ordinal);
            Assert.Contains($"10\t{events[9].Payload.Length}\t{events[9].Chain}", report, StringComparison.Ordinal);

            await log.AppendAsync(others, Cancel);
        }
        await using LocalLog again = await OpenAsync();
        Assert.Equal(EventChain.At(others, 9), again.Head);
        AssertSame([.. events[..6], .. others], await again.ReadAsync(Position.Origin, new(99), 100, long.MaxValue, Cancel));
    }

    [Fact]
    public async Task It_stays_a_pier_after_events_were_removed()
    {
        List<Event> events = EventChain.After(Position.Origin, 10);
        await using (LocalLog log = await OpenAsync())
        {
            await log.AppendAsync(events, Cancel);
            await log.QuarantineAsync(EventChain.At(events, 4), [], Cancel);
        }
        using Pier pier = Pier.Open(PierPath, PierAccess.Offline);
        Assert.Equal(4UL, pier.Info.Last.Value);
        Assert.True(pier.Read(new(4), new(4)).Single().Payload.Span.SequenceEqual(events[3].Payload.Span));
    }

    [Fact]
    public async Task All_of_a_log_may_go()
    {
        List<Event> events = EventChain.After(Position.Origin, 3);
        await using LocalLog log = await OpenAsync();
        await log.AppendAsync(events, Cancel);
        await log.QuarantineAsync(Position.Origin, [], Cancel);
        Assert.Equal(Position.Origin, log.Head);
        await log.AppendAsync(events, Cancel);
        Assert.Equal(EventChain.At(events, 3), log.Head);
    }

    [Fact]
    public async Task Does_not_go_back_to_where_it_never_was()
    {
        List<Event> events = EventChain.After(Position.Origin, 3);
        await using LocalLog log = await OpenAsync();
        await log.AppendAsync(events, Cancel);
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(
            async () => await log.QuarantineAsync(new(new(2), EventChain.At(events, 1).Chain), [], Cancel));
        Assert.Equal(ErrorCode.Diverged, error.Code);
        Assert.Equal(EventChain.At(events, 3), log.Head);
        Assert.False(Directory.Exists(log.QuarantinePath));
    }

    [Fact]
    public async Task Refuses_the_pier_of_another_ship()
    {
        await (await OpenAsync()).DisposeAsync();
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(
            () => LocalLog.OpenAsync(PierPath, Ship.Parse("~nec"), NoIdentity, "other@1", TimeProvider.System, Cancel));
        Assert.Equal(ErrorCode.ForeignShip, error.Code);
    }

    public void Dispose() => _folder.Dispose();

    private static ValueTask<IReadOnlyDictionary<string, ReadOnlyMemory<byte>>> NoIdentity(CancellationToken cancel) =>
        ValueTask.FromResult<IReadOnlyDictionary<string, ReadOnlyMemory<byte>>>(new Dictionary<string, ReadOnlyMemory<byte>>
        {
            [MetadataKey.Who] = default,
            [MetadataKey.Fake] = default,
            [MetadataKey.Life] = new byte[] { 1 },
        });

    private static void AssertSame(IReadOnlyList<Event> expected, IReadOnlyList<Event>? actual) => Assert.Equal(
        expected.Select(static one => (one.Number, one.Chain, Encoding.ASCII.GetString(one.Payload.Span))),
        actual?.Select(static one => (one.Number, one.Chain, Encoding.ASCII.GetString(one.Payload.Span))));

    [Fact]
    public async Task What_a_vere_wrote_while_it_had_the_pier_is_there_when_it_is_given_back()
    {
        List<Event> events = EventChain.After(Position.Origin, 3);
        await using LocalLog log = await OpenAsync();
        await log.AppendAsync(events, Cancel);
        await log.LendAsync(Cancel);
        Assert.False(Pier.FindHolder(PierPath).IsHeld);
        ulong last;
        await using (PierWritingProcess vere = PierWritingProcess.Start(PierPath, 7, TimeSpan.FromMilliseconds(1)))
        {
            await vere.ReachAsync(10, Cancel);
            AssertSame(events[1..], (await log.ReadAsync(EventChain.At(events, 1), new(100), 100, long.MaxValue, Cancel))!);
            Assert.Equal(events[1].Chain, await log.ReadChainAsync(new(2), Cancel));
            last = vere.Last;
        }
        using CancellationTokenSource given = new(0);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await log.AppendAsync(EventChain.After(EventChain.At(events, 3), 1), given.Token));
        await log.TakeBackAsync();
        Assert.True(log.Head.Number.Value >= last, $"{log.Head.Number} after {last}");
        Assert.Equal(3, (await log.ReadAsync(EventChain.At(events, 3), new(6), 100, long.MaxValue, Cancel))!.Count);
        await log.AppendAsync(EventChain.After(log.Head, 1), Cancel);
    }

    private Task<LocalLog> OpenAsync() => LocalLog.OpenAsync(PierPath, Zod, NoIdentity, "one@1", TimeProvider.System, Cancel);
}
