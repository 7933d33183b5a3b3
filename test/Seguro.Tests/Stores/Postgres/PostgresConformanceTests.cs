using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Stores.Postgres;

/// <summary>The contract, against a primary with two synchronous standbys.</summary>
public sealed class PostgresConformanceTests(PostgresHarness harness) : ServerConformanceSuite(harness), IClassFixture<PostgresHarness>
{
    /// <inheritdoc/>
    protected override int ModelSequences => 20; // more than a second each; the other stores run more

    /// <inheritdoc/>
    protected override IReadOnlyDictionary<Faults, string> Excused { get; } = PostgresCluster.CanFillDisks
        ? new Dictionary<Faults, string>()
        : new Dictionary<Faults, string> { [Faults.FillDisk] = "filling a disk needs a file system of its own, and only root may mount one: run the tests as root" };
}
