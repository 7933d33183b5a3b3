namespace Seguro.Benchmarks;

/// <summary>A bar that Seguro's speed must clear.</summary>
/// <param name="What">What is measured.</param>
/// <param name="Beside">The thing it is compared with.</param>
/// <param name="Limit">The bar, in words.</param>
/// <param name="Read">What a result says of it; nothing where the run did not measure it.</param>
internal sealed record Bar(string What, string Beside, string Limit, Func<BenchmarkResult, IEnumerable<BarReading>> Read);
