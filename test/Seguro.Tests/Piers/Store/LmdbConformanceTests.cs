using Seguro.Core;
using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Piers.Store;

/// <summary>The conformance suite against real piers.</summary>
public sealed class LmdbConformanceTests(LmdbHarness harness) : EngineConformanceSuite(harness), IClassFixture<LmdbHarness>
{
    /// <inheritdoc/>
    protected override IReadOnlyDictionary<Faults, string> Excused => EngineHarness.ExcusedWithoutRoot;

    /// <inheritdoc/>
    protected override string WriterUrl(Ship ship) => $"{Harness.Url}/{ship.Name[1..]}";
}
