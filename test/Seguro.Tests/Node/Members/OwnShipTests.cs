using Seguro.Core;
using Seguro.Node.Members;
using Seguro.Piers;
using Seguro.Piers.LocalLogs;
using Seguro.Testing;
using Seguro.Tests.Piers.LocalLogs;
using Seguro.Vere.Running;

namespace Seguro.Tests.Node.Members;

/// <summary>What a member does around a ship that runs on a vere, without one.</summary>
public sealed class OwnShipTests : IDisposable
{
    private readonly TemporaryFolder _folder = new("own-ship");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(2, 2, 5)] // the log's own, and the next two
    [InlineData(1, 5, 3, "a gap")]
    [InlineData(2, 2, 3, "another in its place")]
    public async Task What_a_king_had_not_logged_follows_the_log_or_is_kept_aside(int own, int next, ulong end, string? stray = null)
    {
        OwnShipBed bed = await OwnShipBed.OpenAsync(_folder.Path);
        await using LocalLog log = bed.Log;
        List<Event> events = EventChain.After(Position.Origin, 5);
        await log.AppendAsync(events[..3], Cancel);
        using (PendingEvents pending = PendingEvents.Create(_folder.Path))
        {
            pending.Append([.. events[(3 - own)..3].Select(Made)]);
            if (stray == "another in its place")
                pending.Append([new PierEvent(new EventNumber(3), "another"u8.ToArray())]);
            else if (stray == "a gap")
                pending.Append([Made(events[4])]);
            else
                pending.Append([.. events[3..(3 + next)].Select(Made)]);
        }
        await OwnShip.PutPendingAsync(log, _folder.Path, bed.Options);
        Assert.Equal(end, log.Head.Number.Value);
        Assert.Equal(events[(int)end - 1].Chain, log.Head.Chain);
        Assert.False(File.Exists(_folder[PendingEvents.FileName]));
        if (stray is null)
        {
            Assert.False(Directory.Exists(log.QuarantinePath));
            return;
        }
        string kept = Assert.Single(Directory.GetDirectories(log.QuarantinePath));
        Assert.EndsWith("-pending", kept, StringComparison.Ordinal);
        Assert.Contains("did not follow the log, which ended at 3", await File.ReadAllTextAsync(Path.Combine(kept, "report.txt"), Cancel), StringComparison.Ordinal);
        Assert.NotEmpty(PendingEvents.Read(kept));
        Assert.Contains(bed.Notices, notice => notice.Contains(kept, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_run_begins_with_what_the_store_is_known_to_have_and_not_with_what_is_released()
    {
        OwnShipBed bed = await OwnShipBed.OpenAsync(_folder.Path);
        await using LocalLog log = bed.Log;
        await using OwnShip own = bed.NewShip(new VereOptions { Binary = "/bin/false", Seguro = [] });
        own.Commit(new EventNumber(5));
        Assert.Equal(new EventNumber(5), own.Options(new EventNumber(9)).Committed);
        Assert.Equal(new EventNumber(3), own.Options(new EventNumber(3)).Committed);
    }

    /// <summary>What comes before a run may take minutes (the log is rolled), and a cluster that is paused meanwhile is not to have its ship run all the same.</summary>
    [Fact]
    public async Task A_run_that_was_asked_to_end_before_it_began_does_not_begin()
    {
        OwnShipBed bed = await OwnShipBed.OpenAsync(_folder.Path);
        await using LocalLog log = bed.Log;
        await using OwnShip own = bed.NewShip(new VereOptions { Binary = "/bin/false", Seguro = [] });
        MemberOutput.RunShip run = new(new Term(1), log.Head);
        own.End(); // of a run that was over already
        own.Expect();
        Assert.DoesNotContain("before it began", await RunAsync(), StringComparison.Ordinal);
        own.Expect();
        own.End();
        Assert.Contains("before it began", await RunAsync(), StringComparison.Ordinal);
        await log.AppendAsync(EventChain.After(Position.Origin, 1), Cancel); // the log is the member's again

        async Task<string> RunAsync() => Assert.IsType<MemberInput.ShipEnded>(await own.RunAsync(run, Task.CompletedTask, CancellationToken.None)).Reason;
    }

    public void Dispose() => _folder.Dispose();

    private static PierEvent Made(Event made) => new(made.Number, made.Payload);
}
