using Seguro.Benchmarks;

namespace Seguro.Tests.Benchmarks;

/// <summary>The bars of the design are read from measurements: met, not met, or not measured.</summary>
public sealed class BarsTests
{
    private const string OneAtATime = "one event at a time, commit latency p50, postgresql";

    [Theory]
    [InlineData(1.04, true)]
    [InlineData(1.20, false)]
    public void A_ratio_decides(double mine, bool isMet)
    {
        BenchmarkResult result = SampleResult.With(
            SampleResult.Append("postgresql", Measurement.Seguro, mine), SampleResult.Append("postgresql", Measurement.Bare, 1),
            // Other databases, groups and contestants don't count.
            SampleResult.Append("postgresql", Measurement.Seguro, 9, group: 100), SampleResult.Append("postgresql", Measurement.Bare, 1, group: 100),
            SampleResult.Append("lmdb", Measurement.Seguro, 9), SampleResult.Append("lmdb", Measurement.Bare, 1));

        BarReading reading = Assert.Single(Read(OneAtATime, result));

        Assert.Equal(isMet, reading.IsMet);
        Assert.StartsWith(isMet ? "1.04 ×" : "1.20 ×", reading.Measured, StringComparison.Ordinal);
        Assert.Contains("postgresql", reading.Subject, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("requests to a ship on vere, gated, optimism 0", "vere", VereRequests.Together, "stand-in", VereRequests.Alone, 0.91, 0.89)]
    [InlineData("batches, dqlite", "prototype", "batches, 500 B", "dqlite", "go-dqlite", 15.1, 14.9)]
    public void A_ratio_of_rates_decides(string what, string part, string workload, string subject, string other, double enough, double little)
    {
        foreach ((double rate, bool isMet) in ((double, bool)[])[(enough, true), (little, false)])
        {
            BenchmarkResult result = SampleResult.With(Rate(part, workload, subject, Measurement.Seguro, rate * 1000), Rate(part, workload, subject, other, 1000));
            Assert.Equal(isMet, Assert.Single(Read(what, result)).IsMet);
        }
    }

    [Fact]
    public void The_slowest_takeovers_decide()
    {
        const string What = "takeover after kill -9 of the master, first answer";
        // The longest of these is a tenth longer than said.
        BenchmarkResult result = SampleResult.With(SampleResult.Takeover("dqlite", 1100), SampleResult.Takeover("postgresql", 1900));

        Assert.Equal([("dqlite", true), ("postgresql", false)], Read(What, result).Select(static reading => (reading.Subject, reading.IsMet!.Value)));
    }

    [Fact]
    public void What_was_not_measured_is_said_to_be_so()
    {
        string nothing = Bars.Of(SampleResult.With());
        string one = Bars.Of(SampleResult.With(SampleResult.Takeover("dqlite", 1100)));

        Assert.StartsWith("Not measured in this run: ", nothing, StringComparison.Ordinal);
        Assert.All(Bars.All, bar => Assert.Contains($"{bar.What} (beside {bar.Beside})", nothing, StringComparison.Ordinal));
        Assert.Contains("| takeover after kill -9 of the master, first answer |", one, StringComparison.Ordinal);
        Assert.DoesNotContain("takeover after kill -9 of the master, first answer (beside", one, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pair_without_the_figure_says_nothing()
    {
        Measurement[] pair = [SampleResult.Append("postgresql", Measurement.Seguro, 1), SampleResult.Append("postgresql", Measurement.Bare, 1) with { Latency = null }];

        Assert.Empty(Read(OneAtATime, SampleResult.With(pair)));
    }

    [Fact]
    public void Optimism_is_reported_against_none()
    {
        BenchmarkResult result = SampleResult.With(Optimism(0, 1), Optimism(1, 2), Optimism(2, 3));

        BarReading[] readings = [.. Read("optimism m", result)];

        Assert.Equal(["dqlite, optimism 1", "dqlite, optimism 2"], readings.Select(static reading => reading.Subject));
        Assert.All(readings, static reading => Assert.Null(reading.IsMet));
        Assert.StartsWith("p50 3.00 ×", readings[1].Measured, StringComparison.Ordinal);
    }

    [Fact]
    public void The_largest_member_decides_about_memory()
    {
        BenchmarkResult result = SampleResult.With(Memory("member m1, master", 49, 60, 82.8), Memory("member m2, replica", 20, 30, 31), Memory("m1's dqlite node", 900, 900, 900));

        BarReading idle = Assert.Single(Read("memory of a member that idles", result));
        BarReading growth = Assert.Single(Read("memory after many events", result));

        Assert.True(idle.IsMet);
        Assert.Equal("49.0 MB; after some load 60.0 MB", idle.Measured);
        Assert.False(growth.IsMet);
        Assert.Equal("1.38 ×", growth.Measured);
    }

    [Theory]
    [InlineData(0.7, 1.09, true)] // the replica takes the master's processor, not the master's work
    [InlineData(1.0, 1.11, false)]
    public void A_replica_that_catches_up_may_cost_the_master_a_tenth(double rate, double cost, bool isMet)
    {
        BenchmarkResult result = SampleResult.With(new Measurement
        {
            Part = "catchup",
            Workload = ClusterCatchUp.During,
            Subject = "dqlite",
            Contestant = Measurement.Seguro,
            More = new Dictionary<string, double> { ["ratio to before"] = rate, [ClusterCatchUp.Cost] = cost },
        });

        Assert.Equal(isMet, Assert.Single(Read("a replica far behind catches up: the master's answers a second", result)).IsMet);
    }

    private static Measurement Memory(string process, double idle, double before, double after) => new()
    {
        Part = "memory",
        Workload = process,
        Subject = "dqlite",
        Contestant = Measurement.Seguro,
        More = new Dictionary<string, double> { [ClusterMemory.Idle] = idle, [ClusterMemory.Before] = before, [ClusterMemory.After] = after },
    };

    private static IEnumerable<BarReading> Read(string what, BenchmarkResult result) => Assert.Single(Bars.All, bar => bar.What == what).Read(result);

    private static Measurement Rate(string part, string workload, string subject, string contestant, double rate) => new()
    {
        Part = part,
        Workload = workload,
        Subject = subject,
        Contestant = contestant,
        Parameters = new Dictionary<string, double> { [Parameter.Bytes] = 500, [Parameter.InFlight] = 64, [Parameter.Group] = 5 },
        EventsPerSecond = rate,
    };

    private static Measurement Optimism(int replicas, double milliseconds) => new()
    {
        Part = "latency",
        Workload = "one after the other",
        Subject = "dqlite",
        Contestant = Measurement.Seguro,
        Parameters = new Dictionary<string, double> { [Parameter.Optimism] = replicas },
        Latency = SampleResult.Latency(milliseconds),
    };
}
