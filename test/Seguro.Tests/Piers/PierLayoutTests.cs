using Seguro.Core;
using Seguro.Piers;
using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Piers;

public sealed class PierLayoutTests : IDisposable
{
    private readonly TemporaryFolder _folder = new("pier");

    [Theory]
    [InlineData(1UL)]
    [InlineData(501UL)]
    public void Reads_a_flat_log_and_keeps_its_base(ulong first)
    {
        using Pier pier = Pier.Open(PierBuilder.Flat(_folder["pier"], first, 700), PierAccess.Offline);

        Assert.Equal((PierLayout.Flat, 1), (pier.Info.Layout, pier.Info.MetaVersion));
        Assert.Equal((first, 700UL, first - 1), (pier.Info.First.Value, pier.Info.Last.Value, pier.Info.Base.Value));
        Assert.True(PierBuilder.HoldsItsEvents(pier));
    }

    [Fact]
    public void Reads_across_epochs_by_number_not_by_name()
    {
        // "0i90" comes after "0i1000" by name; names that are not epochs do not count.
        string path = PierBuilder.Epochs(_folder["pier"], [3], (1000, "2", 1001, 1100), (0, "1", 1, 90), (90, "2", 91, 1000));
        foreach (string name in new[] { "tmp", "0i", "0i01", "0i5x", "0i99999999999999999999999", "i1000" })
            Directory.CreateDirectory(Path.Combine(PierFiles.LogOf(path), name));
        using Pier pier = Pier.Open(path, PierAccess.Offline);

        Assert.Equal(PierLayout.EpochsV4, pier.Info.Layout);
        Assert.Equal([0UL, 90, 1000], pier.Info.Epochs.Select(static epoch => epoch.Start.Value));
        Assert.Equal([1, 2, 2], pier.Info.Epochs.Select(static epoch => epoch.Format));
        Assert.Equal("4.6", pier.Info.VereVersion);
        Assert.Equal((1UL, 1100UL), (pier.Info.First.Value, pier.Info.Last.Value));
        Assert.True(PierBuilder.HoldsItsEvents(pier));
        Assert.Equal([89UL, 90, 91], pier.Read(new(89), new(91)).Select(static read => read.Number.Value));
    }

    [Fact]
    public void A_chopped_pier_keeps_its_base()
    {
        using Pier pier = Pier.Open(PierBuilder.Epochs(_folder["pier"], [3], (90, "2", 91, 200), (200, "2", 201, 200)), PierAccess.Offline);

        Assert.Equal((91UL, 200UL, 90UL), (pier.Info.First.Value, pier.Info.Last.Value, pier.Info.Base.Value));
        Assert.True(pier.Info.Epochs[^1].IsEmpty);
        Assert.True(PierBuilder.HoldsItsEvents(pier));
        Assert.Equal(ErrorCode.Trimmed, Assert.Throws<SeguroException>(() => pier.Read(new(90), new(95))).Code);
        Assert.Equal(ErrorCode.BeyondHead, Assert.Throws<SeguroException>(() => pier.Read(new(95), new(201))).Code);
    }

    [Fact]
    public void Vere_3_may_lack_the_top_META()
    {
        using Pier pier = Pier.Open(PierBuilder.Epochs(_folder["pier"], null, (0, "1", 1, 30)), PierAccess.Offline);

        Assert.Equal(PierLayout.EpochsV3, pier.Info.Layout);
        Assert.Equal(PierBuilder.Zod, pier.Info.Identity);
    }

    [Fact]
    public void Passes_over_a_newest_epoch_that_was_never_finished()
    {
        string path = PierBuilder.Epochs(_folder["pier"], [3], (0, "2", 1, 30), (30, null, 31, 30));
        using Pier pier = Pier.Open(path, PierAccess.Offline);

        Assert.Equal(30UL, pier.Info.Last.Value);
        Assert.Single(pier.Info.Epochs);
    }

    [Fact]
    public void Refuses_an_epoch_with_events_that_vere_would_delete() =>
        Refuses(ErrorCode.NotAPier, "epoc.txt", PierBuilder.Epochs(_folder["pier"], [3], (0, "2", 1, 30), (30, null, 31, 40)));

    [Fact]
    public void Refuses_a_gap_in_an_epoch() => RefusesEvents(ErrorCode.Gap, "event 17 is missing", static n => n == 17 ? null : [1, 2, 3, 4, 5]);

    [Fact]
    public void Refuses_a_gap_of_many() => RefusesEvents(ErrorCode.Gap, "events 17 to 25 are missing", static n => n is >= 17 and <= 25 ? null : new byte[3000]);

    [Fact]
    public void Refuses_a_gap_between_epochs() =>
        Refuses(ErrorCode.Gap, "events 31 to 40", PierBuilder.Epochs(_folder["pier"], [3], (0, "2", 1, 30), (40, "2", 41, 60)));

    [Fact]
    public void Refuses_an_epoch_that_does_not_begin_where_it_should() =>
        Refuses(ErrorCode.Gap, "event 31", PierBuilder.Epochs(_folder["pier"], [3], (0, "2", 1, 30), (30, "2", 32, 60)));

    [Fact]
    public void Refuses_epochs_that_overlap() =>
        Refuses(ErrorCode.Corrupt, "overlaps", PierBuilder.Epochs(_folder["pier"], [3], (0, "2", 1, 30), (20, "2", 21, 60)));

    [Fact]
    public void Refuses_an_event_without_a_noun() => RefusesEvents(ErrorCode.BadEvent, "event 3 ", static n => n == 3 ? [1, 2, 3, 4] : [1, 2, 3, 4, 5]);

    [Theory]
    [InlineData(2, ErrorCode.NotAPier, "migration")]
    [InlineData(4, ErrorCode.NewerSchema, "version 4")]
    [InlineData(0, ErrorCode.NotAPier, "never was")]
    public void Refuses_other_versions_of_the_log(byte version, ErrorCode code, string why) =>
        Refuses(code, why, PierBuilder.Flat(_folder["pier"], 1, 10, version == 0 ? [] : [version]));

    [Theory]
    [InlineData("3", ErrorCode.NewerSchema, "format 3")]
    [InlineData("two", ErrorCode.NotAPier, "'two'")]
    [InlineData("0", ErrorCode.NewerSchema, "format 0")]
    [InlineData("2000000", ErrorCode.NotAPier, "epoc.txt")]
    public void Refuses_other_formats_of_an_epoch(string format, ErrorCode code, string why) =>
        Refuses(code, why, PierBuilder.Epochs(_folder["pier"], [3], (0, format, 1, 10)));

    [Fact]
    public void Refuses_a_log_before_vere_1()
    {
        string log = Directory.CreateDirectory(PierFiles.LogOf(_folder["pier"])).FullName;
        using (LmdbEnvironment environment = LmdbEnvironment.Open(log, isAside: true))
        using (LmdbTransaction transaction = environment.Begin())
        {
            uint meta = transaction.Table(PierMeta.Table, integerKeys: false);
            transaction.Put(meta, "who", [2]);
            transaction.Put(meta, "is-fake", [2]);
            transaction.Commit();
        }
        Refuses(ErrorCode.NotAPier, "before 1.0", _folder["pier"]);
    }

    [Fact]
    public void Refuses_a_missing_META()
    {
        Refuses(ErrorCode.NotAPier, "META is missing", PierBuilder.Epochs(_folder["top"], null, (0, "2", 1, 30)));
        string path = PierBuilder.Epochs(_folder["epoch"], [3], (0, "2", 1, 30));
        string epoch = Path.Combine(PierFiles.LogOf(path), "0i0");
        File.Delete(Path.Combine(epoch, "data.mdb"));
        PierBuilder.WriteEnvironment(epoch, 1, 30, null, null);
        Refuses(ErrorCode.NotAPier, "'who'", path);
    }

    [Fact]
    public void Refuses_what_is_no_pier()
    {
        Refuses(ErrorCode.NotFound, "not there", _folder["nothing"]);
        Refuses(ErrorCode.NotAPier, ".urb/log", _folder.Path);
        File.WriteAllText(_folder["file"], "");
        Refuses(ErrorCode.NotAPier, "file", _folder["file"]);
        Directory.CreateDirectory(PierFiles.LogOf(_folder["empty"]));
        Refuses(ErrorCode.NotAPier, "neither META nor an epoch", _folder["empty"]);
    }

    public void Dispose() => _folder.Dispose();

    private void RefusesEvents(ErrorCode code, string what, Func<ulong, byte[]?> payload)
    {
        string path = PierBuilder.Epochs(_folder["pier"], [3], (0, "2", 1, 0));
        PierBuilder.WriteEnvironment(Path.Combine(PierFiles.LogOf(path), "0i0"), 1, 300, [3], PierBuilder.Zod, payload);
        Refuses(code, what, path);
    }

    private static void Refuses(ErrorCode code, string what, string path)
    {
        foreach (PierAccess access in Enum.GetValues<PierAccess>())
        {
            SeguroException refusal = Assert.Throws<SeguroException>(() => Pier.Open(path, access));
            Assert.Equal(code, refusal.Code);
            Assert.Contains(what, refusal.Message, StringComparison.Ordinal);
            Assert.EndsWith(".", refusal.NextStep, StringComparison.Ordinal);
        }
    }
}
