using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Stores.RocksDb;

/// <summary>The conformance suite against real files.</summary>
public sealed class RocksDbConformanceTests(RocksDbHarness harness) : EngineConformanceSuite(harness), IClassFixture<RocksDbHarness>
{
    /// <inheritdoc/>
    protected override IReadOnlyDictionary<Faults, string> Excused => EngineHarness.ExcusedWithoutRoot;
}
