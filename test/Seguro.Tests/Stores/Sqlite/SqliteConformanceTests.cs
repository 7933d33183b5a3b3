using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Stores.Sqlite;

/// <summary>The conformance suite against real files.</summary>
public sealed class SqliteConformanceTests(SqliteHarness harness) : EngineConformanceSuite(harness), IClassFixture<SqliteHarness>
{
    /// <inheritdoc/>
    protected override IReadOnlyDictionary<Faults, string> Excused => EngineHarness.ExcusedWithoutRoot;
}
