using Seguro.Core;
using Seguro.Node.Members;
using Seguro.Piers;
using Seguro.Piers.LocalLogs;
using Seguro.Testing;
using Seguro.Tests.Vere.Standby;
using Seguro.Tests.Vere.StandIn;
using Seguro.Vere.Running;

namespace Seguro.Tests.Node.Members;

/// <summary>A replica that computed an event otherwise than the log says stands still, whatever starts it again, until its owner lets it go on.</summary>
public sealed class DifferenceTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void The_mark_says_what_was_found_and_a_damaged_one_is_no_mark_that_is_passed_over()
    {
        using TemporaryFolder folder = new("difference");
        Assert.Null(DifferenceMark.Read(folder.Path));
        DifferenceMark mark = new(new EventNumber(4_311_199_133), "hot", "another byte, kept in /srv/größe\nand more", IsAccepted: false);
        mark.Write(folder.Path);
        Assert.Equal(mark, DifferenceMark.Read(folder.Path));
        (mark with { IsAccepted = true }).Write(folder.Path);
        Assert.True(DifferenceMark.Read(folder.Path)!.IsAccepted);
        string file = folder[DifferenceMark.FileName];
        File.WriteAllText(file, File.ReadAllText(file).Replace("accepted", "accepteD", StringComparison.Ordinal));
        Assert.Equal(ErrorCode.Corrupt, Assert.Throws<SeguroException>(() => DifferenceMark.Read(folder.Path)).Code);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)] // the event was passed while the machine caught up
    public async Task A_machine_that_differs_is_not_forgotten_by_a_restart(bool isBehind)
    {
        await using ComputedBed bed = await ComputedBed.OpenAsync();
        await bed.AppendAsync(await bed.MakeAsync(20));
        Event other = ComputedBed.WithOtherMug((await bed.MakeAsync(1))[0], bed.Log.Head.Chain);
        await using (OwnShip own = bed.NewShip())
        {
            if (!isBehind)
                await ComputeAsync(own);
            await bed.AppendAsync([other]);
            if (isBehind)
            {
                await own.Recorded.ApplyAsync(other.Number, other.Payload, Cancel);
                await ComputeAsync(own);
            }
            else
            {
                await DiffersAsync(own, other);
            }
        }
        await StandsStillAsync(bed.NewShip, other);
        await StandsStillAsync(bed.NewShip, other);

        (DifferenceMark.Read(bed.Folder)! with { IsAccepted = true }).Write(bed.Folder);
        await using OwnShip again = bed.NewShip();
        Assert.Equal(other.Number, (await again.Recorded.RestoreAsync(other.Number, Cancel)).Number);
        IReadOnlyList<Event> more = await bed.MakeAsync(1);
        await bed.AppendAsync(more);
        await again.Recorded.ApplyAsync(more[0].Number, more[0].Payload, Cancel);
        // The machine has no state after that event, and does not find the difference anew.
        await ComputeAsync(again);
        Assert.Contains("which was accepted", again.Warning, StringComparison.Ordinal);
        Assert.Equal(StandbyLevel.Recorded, again.At);
    }

    [Fact]
    public async Task A_worker_that_differs_is_not_forgotten_by_a_restart()
    {
        await using StandbyBed standby = new();
        IReadOnlyList<PierEvent> made = await standby.MakeAsync([StandInPier.Ovum("one")], [new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero)]);
        OwnShipBed bed = await OwnShipBed.OpenAsync(Path.GetDirectoryName(standby.ReplicaPier)!);
        await using LocalLog log = bed.Log;
        VereRunOptions run = standby.Options(null);
        VereOptions vere = new()
        {
            Binary = run.Binary,
            Seguro = run.Seguro,
            Arguments = run.Arguments,
            Level = StandbyLevel.Hot,
            KeepsKing = false,
            StandbyPatience = TimeSpan.FromMinutes(2),
        };
        PierEvent wrong = StandbyBed.WithOtherMug(made[0]);
        Event other = new(wrong.Number, wrong.Payload, ChainHasher.Of(log.Head.Chain, wrong.Number, wrong.Payload.Span));
        await using (OwnShip own = bed.NewShip(vere))
        {
            await own.StandByAsync(Cancel);
            if (own.Warning is { } below && below.Contains("SG4026", StringComparison.Ordinal))
                Assert.Skip(below); // a clock that can't be steered here
            Assert.Null(own.Warning);
            Assert.Equal(StandbyLevel.Hot, own.At);
            await log.AppendAsync([other], Cancel);
            await DiffersAsync(own, other);
            await own.EndStandbyAsync();
        }
        await StandsStillAsync(() => bed.NewShip(vere), other);
        (DifferenceMark.Read(bed.Folder)! with { IsAccepted = true }).Write(bed.Folder);
        await using OwnShip again = bed.NewShip(vere);
        Assert.Equal(other.Number, (await again.Recorded.RestoreAsync(other.Number, Cancel)).Number);
        Assert.Null(again.Warning);
    }

    private static async Task ComputeAsync(OwnShip own)
    {
        Assert.True(own.SeeComputed(Replica));
        await own.ComputeAsync(Cancel);
    }

    private static async Task StandsStillAsync(Func<OwnShip> start, Event other)
    {
        await using OwnShip own = start();
        Assert.Equal(other.Number.Previous, (await own.Recorded.RestoreAsync(other.Number, Cancel)).Number);
        Assert.False(own.See(Replica));
        await DiffersAsync(own, other);
        Assert.Contains("SG3026", own.Warning, StringComparison.Ordinal);
        Assert.Contains($"seguro vere accept --event {other.Number}", own.Warning, StringComparison.Ordinal);
        Assert.Contains("quarantine", own.Warning, StringComparison.Ordinal);
    }

    private static async Task DiffersAsync(OwnShip own, Event other) =>
        Assert.Equal(ErrorCode.StandbyDiffers, (await Assert.ThrowsAsync<SeguroException>(async () => await own.Recorded.ApplyAsync(other.Number, other.Payload, Cancel))).Code);

    private static MemberStatus Replica => new()
    {
        Name = "one",
        Role = Role.Replica,
        Term = new Term(1),
        Master = "two",
        Durable = new Position(new EventNumber(1), default),
        Processed = Position.Origin,
        Committed = new Position(new EventNumber(1), default),
        Released = EventNumber.None,
        Optimism = new Optimism(1, ReplicaLossPolicy.Wait),
        Members = ["one", "two"],
    };
}
