using Seguro.Benchmarks;
using Seguro.Testing;

namespace Seguro.Tests.Benchmarks;

/// <summary>What one part does, the others' figures survive.</summary>
public sealed class BenchmarkSessionTests
{
    private static readonly BenchmarkOptions Quick = new(true, 1, ["lmdb"]);

    [Fact]
    public async Task A_part_that_fails_is_named_and_the_others_are_kept()
    {
        using TemporaryFolder folder = new();
        IBenchmarkPart[] parts =
        [
            new Part("one", static run => run.Add(SampleResult.Append("lmdb", Measurement.Seguro, 1))),
            new Part("two", run => throw new InvalidOperationException($"broke in {folder.Path}")),
            new Part("three", static run => run.Add(SampleResult.Append("lmdb", Measurement.Bare, 1))),
        ];

        await new BenchmarkSession(folder["out"], TextWriter.Null).RunAsync("bench", Quick, parts, TestContext.Current.CancellationToken);

        BenchmarkResult kept = BenchmarkResult.Read(Path.Combine(folder["out"], BenchmarkSession.FileName));
        Assert.Equal([Measurement.Seguro, Measurement.Bare], kept.Measurements.Select(static one => one.Contestant));
        string failure = Assert.Single(kept.Failures);
        Assert.StartsWith("two: broke in", failure, StringComparison.Ordinal);
        // What is published names no folder of one machine.
        Assert.DoesNotContain(folder.Path, failure, StringComparison.Ordinal);
        Assert.NotEmpty(kept.Machine["processor"]);
    }

    [Fact]
    public async Task Each_part_finds_the_figures_of_those_before_it_on_the_disk()
    {
        using TemporaryFolder folder = new();
        int seen = -1;
        IBenchmarkPart[] parts =
        [
            new Part("one", static run => run.Add(SampleResult.Append("lmdb", Measurement.Seguro, 1))),
            new Part("two", _ => seen = BenchmarkResult.Read(folder[BenchmarkSession.FileName]).Measurements.Count),
        ];

        await new BenchmarkSession(folder.Path, TextWriter.Null).RunAsync("bench", Quick, parts, TestContext.Current.CancellationToken);

        Assert.Equal(1, seen);
    }

    [Fact]
    public async Task An_interrupt_ends_the_run_and_keeps_what_there_is()
    {
        using TemporaryFolder folder = new();
        using CancellationTokenSource stop = new();
        bool isReached = false;
        IBenchmarkPart[] parts =
        [
            new Part("one", run =>
            {
                run.Add(SampleResult.Append("lmdb", Measurement.Seguro, 1));
                stop.Cancel();
                stop.Token.ThrowIfCancellationRequested();
            }),
            new Part("two", _ => isReached = true),
        ];

        BenchmarkResult result = await new BenchmarkSession(folder.Path, TextWriter.Null).RunAsync("bench", Quick, parts, stop.Token);

        Assert.False(isReached);
        Assert.StartsWith("one:", Assert.Single(result.Failures), StringComparison.Ordinal);
        Assert.Single(BenchmarkResult.Read(folder[BenchmarkSession.FileName]).Measurements);
    }

    private sealed class Part(string name, Action<BenchmarkRun> run) : IBenchmarkPart
    {
        public string Name => name;

        public string Description => "A test's.";

        public Task RunAsync(BenchmarkRun benchmark, CancellationToken cancel)
        {
            run(benchmark);
            return Task.CompletedTask;
        }
    }
}
