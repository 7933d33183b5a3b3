using Seguro.Core;
using Seguro.Node.Links;
using Seguro.Node.Members;
using Seguro.Nouns;
using Seguro.Piers;
using Seguro.Piers.LocalLogs;
using Seguro.Piers.Transfer;
using Seguro.Testing;
using Seguro.Tests.Vere.StandIn;
using Seguro.Vere.Disk;
using Seguro.Vere.Protocol;

namespace Seguro.Tests.Node.Members;

/// <summary>A pier's disk for ever: its log is rolled and chopped within a budget, and never below what others need.</summary>
public sealed class DiskTests : IDisposable
{
    private const int Scale = 2_500; // bytes of the month for one of the test
    private const long Budget = 5_000_000_000 / Scale;
    private const int BytesADay = 1_000_000_000 / Scale;
    private const int Days = 30;
    private const int OvaADay = 8;

    private readonly TemporaryFolder _folder = new("disk");
    private readonly StandInPier _master = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_month_of_a_gigabyte_a_day_fits_into_five_and_nothing_goes_that_somebody_needs()
    {
        await _master.BootAsync();
        await Tool.RunAsync(["cp", "-a", "--sparse=always", _master.Path, _folder["pier"]]);
        OwnShipBed bed = await OwnShipBed.OpenAsync(_folder.Path);
        LocalLog log = bed.Log;
        EventNumber needed = EventNumber.None;
        bool isWaiting = true;
        await using OwnShip own = bed.NewShip(new VereOptions
        {
            Binary = StandInVere.Program,
            Seguro = [],
            Level = StandbyLevel.Recorded,
            Disk = Budget,
            Need = _ => Task.FromResult(new LogNeed(needed, "two has not all of it")),
        });
        long most = 0;
        await using (StandInWorker worker = StandInWorker.Start(_master.Path, _master.Version))
        {
            Assert.IsType<VereGift.Ripe>(await worker.GiftAsync(Cancel));
            for (int day = 0; day < Days; day++)
            {
                await MakeAsync(worker, day);
                await FollowAsync(log);
                own.Commit(log.Head.Number);
                await own.Recorded.SnapshotAsync(log.Head, Cancel);
                most = Math.Max(most, PierFolderCopy.Measure(Path.Combine(bed.Options.Pier, ".urb")));
                if (isWaiting && own.DiskWarnings.Count > 0)
                {
                    Assert.Contains(own.DiskWarnings, static warning => warning.Contains("two has not all of it", StringComparison.Ordinal));
                    Assert.Equal(EventNumber.None, log.Base.Number);
                    Assert.True(PierEpochs.Starts(bed.Options.Pier).Count > 2);
                    isWaiting = false;
                }
                if (!isWaiting)
                    needed = log.Head.Number;
            }
        }
        Assert.False(isWaiting, "nothing was ever in the way");
        Assert.True(most <= Budget, $"{most} bytes of {Budget}");
        Assert.Empty(own.DiskWarnings);
        Assert.Equal(2, PierEpochs.Starts(bed.Options.Pier).Count);
        Assert.Equal(PierEpochs.Starts(bed.Options.Pier)[0], log.Base.Number);
        Assert.True(log.Head.Number - log.Base.Number < OvaADay * 6, $"{log.Base.Number} to {log.Head.Number}");
        // What is there is what was made, and a vere goes on with it.
        IReadOnlyList<Event> kept = (await log.ReadAsync(log.Base, log.Head.Number, int.MaxValue, long.MaxValue, Cancel))!;
        using (Pier made = Pier.Open(_master.Path, PierAccess.Live))
            Assert.Equal(made.Read(log.Base.Number.Next, log.Head.Number).Select(static one => one.Payload.ToArray()), kept.Select(static one => one.Payload.ToArray()));
        (Position first, Position last) = (log.Base, log.Head);
        await log.DisposeAsync();
        (int code, string text) = await StandInVere.RunAsync(["play", bed.Options.Pier], Cancel, _master.Version);
        Assert.True(code == 0, text);
        await using LocalLog again = (await OwnShipBed.OpenAsync(_folder.Path)).Log;
        Assert.Equal((first, last), (again.Base, again.Head));
    }

    [Fact]
    public async Task What_the_harbors_lack_is_kept_while_there_is_room_and_then_goes_and_that_is_said()
    {
        await _master.BootAsync();
        await Tool.RunAsync(["cp", "-a", "--sparse=always", _master.Path, _folder["pier"]]);
        OwnShipBed bed = await OwnShipBed.OpenAsync(_folder.Path);
        LocalLog log = bed.Log;
        EventNumber archived = new(7);
        await using OwnShip own = bed.NewShip(new VereOptions
        {
            Binary = StandInVere.Program,
            Seguro = [],
            Level = StandbyLevel.Recorded,
            Disk = Budget,
            Need = _ => Task.FromResult(new LogNeed(log.Head.Number, "") { Harbors = new LogNeed(archived, "the harbors have not all of it") }),
        });
        bool hasWaited = false;
        await using (StandInWorker worker = StandInWorker.Start(_master.Path, _master.Version))
        {
            Assert.IsType<VereGift.Ripe>(await worker.GiftAsync(Cancel));
            for (int quarter = 0; quarter < Days * 4 && log.Base.Number == EventNumber.None; quarter++)
            {
                await MakeAsync(worker, quarter, OvaADay / 4);
                await FollowAsync(log);
                own.Commit(log.Head.Number);
                bool hasRoom = PierFolderCopy.Measure(Path.Combine(bed.Options.Pier, ".urb")) <= Budget / 10 * 9;
                await own.Recorded.SnapshotAsync(log.Head, Cancel);
                Assert.True(log.Base.Number == EventNumber.None || !hasRoom, "it was chopped while there was room");
                hasWaited |= own.DiskWarnings.Any(static warning => warning.Contains("can't be removed yet: the harbors have not all of it", StringComparison.Ordinal));
            }
        }
        Assert.True(hasWaited, "the harbors were never waited for");
        Assert.NotEqual(EventNumber.None, log.Base.Number);
        Assert.Contains(own.DiskWarnings, warning => warning.Contains($"events up to {log.Base.Number} were removed", StringComparison.Ordinal) && warning.Contains("SG3095", StringComparison.Ordinal));
        Assert.DoesNotContain(own.DiskWarnings, static warning => warning.Contains("can't be removed yet", StringComparison.Ordinal));
        await log.DisposeAsync();
    }

    [Fact]
    public void What_others_need_bounds_what_may_go()
    {
        NeedAsker.Word Has(ulong durable, ulong? archived = null) => new(new EventNumber(durable), archived is { } number ? new EventNumber(number) : null);
        ulong Through(NeedAsker.Word own, bool storeHasAll, bool hasHarbors, params (string, NeedAsker.Word?)[] others) => NeedAsker.Decide(own, others, storeHasAll, hasHarbors).Through.Value;
        ulong? Archived(NeedAsker.Word own, params (string, NeedAsker.Word?)[] others) => NeedAsker.Decide(own, others, storeHasAll: true, hasHarbors: true).Harbors?.Through.Value;

        Assert.Equal(9UL, Through(Has(9), false, false));
        Assert.Equal(7UL, Through(Has(9), false, false, ("two", Has(7)), ("three", Has(9))));
        Assert.Equal(0UL, Through(Has(9), false, false, ("two", Has(7)), ("three", null))); // away
        Assert.Equal(0UL, Through(Has(9), false, false, ("two", Has(0)))); // it finds out where it stands
        Assert.Equal(9UL, Through(Has(9), true, false, ("two", Has(7)), ("three", null))); // the store has it
        Assert.Equal(7UL, Through(Has(9, archived: 8), false, true, ("two", Has(7))));
        // What the harbors need is said beside it: they are waited for only while there is room.
        Assert.Equal(9UL, Through(Has(9), true, true, ("two", Has(7))));
        Assert.Equal(0UL, Archived(Has(9), ("two", Has(7)))); // nobody says
        Assert.Equal(5UL, Archived(Has(9), ("two", Has(9, archived: 5)), ("three", Has(9))));
        Assert.Equal(4UL, Archived(Has(9, archived: 4), ("two", Has(9))));
        Assert.Null(NeedAsker.Decide(Has(9), [], true, false).Harbors);
    }

    public void Dispose()
    {
        _master.Dispose();
        _folder.Dispose();
    }

    private static async Task MakeAsync(StandInWorker worker, int day, int ova = OvaADay)
    {
        for (int i = 0; i < ova; i++)
        {
            byte[] large = new byte[BytesADay / OvaADay];
            new Random((day * OvaADay) + i).NextBytes(large);
            large[^1] = 1;
            await worker.SendAsync(new VereTask.Poke(0, Cell.Of(NounList.Path("a", "ames"), "hear", new Cell(1, 0x1234_7f00_0001), Atom.Of(large))), Cancel);
            VereGift gift = await worker.GiftAsync(Cancel);
            while (gift is VereGift.Slog)
                gift = await worker.GiftAsync(Cancel);
        }
    }

    private async Task FollowAsync(LocalLog log)
    {
        using Pier made = Pier.Open(_master.Path, PierAccess.Live);
        List<Event> events = [];
        Position end = log.Head;
        foreach (PierEvent next in made.Read(end.Number.Next, made.ReadLast()))
        {
            byte[] payload = next.Payload.ToArray();
            end = new Position(next.Number, ChainHasher.Of(end.Chain, next.Number, payload));
            events.Add(new Event(next.Number, payload, end.Chain));
        }
        await log.AppendAsync(events, Cancel);
    }
}
