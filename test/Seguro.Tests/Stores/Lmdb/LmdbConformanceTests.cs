using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Stores.Lmdb;

/// <summary>The conformance suite against real piers.</summary>
public sealed class LmdbConformanceTests(LmdbHarness harness) : EngineConformanceSuite(harness), IClassFixture<LmdbHarness>
{
    /// <inheritdoc/>
    protected override IReadOnlyDictionary<Faults, string> Excused => EngineHarness.ExcusedWithoutRoot;
}
