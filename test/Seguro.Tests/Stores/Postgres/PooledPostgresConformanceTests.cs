using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Stores.Postgres;

/// <summary>The contract, through a pooler in transaction mode. Faults are given to the servers in <see cref="PostgresConformanceTests"/>.</summary>
public sealed class PooledPostgresConformanceTests(PooledPostgresHarness harness) : StoreConformanceSuite(harness), IClassFixture<PooledPostgresHarness>
{
    /// <inheritdoc/>
    protected override Faults Needs => Faults.None;

    /// <inheritdoc/>
    protected override IReadOnlyDictionary<Faults, string> Excused { get; } = PostgresCluster.CanFillDisks
        ? new Dictionary<Faults, string>()
        : new Dictionary<Faults, string> { [Faults.FillDisk] = "filling a disk needs a file system of its own, and only root may mount one: run the tests as root" };

    /// <inheritdoc/>
    protected override int LargeEvent => 48 << 20;

    /// <inheritdoc/>
    protected override int ManyEvents => 5_000;

    /// <inheritdoc/>
    protected override int ModelSequences => 10;
}
