using Seguro.Benchmarks;
using Seguro.Testing;

namespace Seguro.Tests.Benchmarks;

/// <summary>The parts that need no server, run for real; and how parts are chosen.</summary>
public sealed class BenchmarkPartsTests
{
    private const int Bytes = 2_000_000;

    [Fact]
    public async Task A_pier_goes_in_and_out_of_each_store()
    {
        using TemporaryFolder folder = new();
        SyntheticPier.Make(folder["pier"], Bytes);
        BenchmarkResult result = SampleResult.With();
        string[] stores = ["lmdb", "sqlite"];

        await new ImportPart().RunAsync(
            new BenchmarkRun(new BenchmarkOptions(true, 1, stores, folder["pier"]), result, TextWriter.Null), TestContext.Current.CancellationToken);

        foreach (string store in stores)
        {
            Measurement[] import = [.. result.Measurements.Where(one => one.Subject == store && one.Workload.StartsWith("import", StringComparison.Ordinal))];
            Assert.Equal([Measurement.Bare, Measurement.Seguro], import.Select(static one => one.Contestant).Order(StringComparer.OrdinalIgnoreCase));
            Assert.Contains(result.Measurements, one => one.Subject == store && one.Contestant == Measurement.Seguro && one.Workload.StartsWith("export", StringComparison.Ordinal));
        }
        Assert.All(result.Measurements, static one => Assert.True(one is { Part: "import", BytesPerSecond: > 0, EventsPerSecond: > 0 }));
        Assert.Equal(2, Bars.All.Single(static bar => bar.What == "import of a pier").Read(result).Count());
    }

    [Fact]
    public void All_parts_run_where_none_is_named() => Assert.Contains("cluster", BenchmarkParts.Choose([]).Select(static part => part.Name));

    [Fact]
    public void Works_of_a_cluster_share_one()
    {
        IBenchmarkPart[] parts = [.. BenchmarkParts.Choose(["takeover", "import", "latency"])];

        Assert.Equal(["import", "cluster"], parts.Select(static part => part.Name));
        Assert.Equal(["cluster"], BenchmarkParts.Choose(["cluster", "takeover"]).Select(static part => part.Name));
    }

    [Fact]
    public void Only_what_is_asked_for_has_to_be_installed()
    {
        Assert.Equal(["node"], BenchmarkParts.NeedsOf(["nouns"], ["postgresql", "etcd"]));
        Assert.Equal(["postgresql"], BenchmarkParts.NeedsOf(["import"], ["postgresql", "lmdb"]));
        Assert.Empty(BenchmarkParts.NeedsOf(["import", "takeover"], ["dqlite"]));
    }
}
