using Seguro.Benchmarks;
using Seguro.Testing;

namespace Seguro.Tests.Benchmarks;

/// <summary>What is written is what is read again, and what is no result is refused.</summary>
public sealed class BenchmarkResultTests
{
    [Fact]
    public void Comes_back_from_its_file_as_it_was()
    {
        using TemporaryFolder folder = new();
        Measurement odd = new()
        {
            Part = "memory",
            Workload = "member m1, master",
            Subject = "dqlite",
            Contestant = Measurement.Seguro,
            More = new Dictionary<string, double> { ["own after, MB"] = 123.5, ["own before, MB"] = double.NaN },
        };
        BenchmarkResult written = SampleResult.With(SampleResult.Append("lmdb", Measurement.Seguro, 0.25), SampleResult.Takeover("dqlite", 900), odd);
        written.Failures.Add("cluster: it \"broke\" <here>");
        written.Write(folder["result.json"]);

        BenchmarkResult read = BenchmarkResult.Read(folder["result.json"]);

        written.Write(folder["again.json"]);
        read.Write(folder["read.json"]);
        Assert.Equal(File.ReadAllText(folder["again.json"]), File.ReadAllText(folder["read.json"]));
        Assert.Equal(written.Began, read.Began);
        Assert.Equal(written.Took, read.Took);
        Assert.Equal(written.Machine, read.Machine);
        Assert.Equal(written.Failures, read.Failures);
        Assert.Equal(written.Measurements[0].Latency!.P50, read.Measurements[0].Latency!.P50);
        Assert.Equal(written.Measurements[0].Latency!.Curve.Count, read.Measurements[0].Latency!.Curve.Count);
        Assert.Equal(written.Measurements[0].Parameters, read.Measurements[0].Parameters);
        Assert.Equal(written.Measurements[1].Timeline, read.Measurements[1].Timeline);
        Assert.Equal(odd.More, read.Measurements[2].More);
        Assert.Null(read.Measurements[2].Latency);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("{\"command\":\"x\"}")]
    [InlineData("{\"command\":\"x\",\"began\":\"2026-01-02T03:04:00Z\",\"machine\":{},\"measurements\":[{\"part\":\"a\",\"workload\":\"w\",\"subject\":\"s\",\"contestant\":\"c\",\"timeline\":[[1]]}]}")]
    public void Another_file_is_refused_by_name(string content)
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["other.json"], content);

        InvalidDataException error = Assert.Throws<InvalidDataException>(() => BenchmarkResult.Read(folder["other.json"]));

        Assert.Contains("other.json", error.Message, StringComparison.Ordinal);
    }
}
