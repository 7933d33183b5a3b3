using Seguro.Core;
using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Stores.Dqlite;

/// <summary>The conformance suite against three real nodes.</summary>
[Collection("dqlite")]
public sealed class DqliteConformanceTests(DqliteHarness harness) : ServerConformanceSuite(harness), IClassFixture<DqliteHarness>
{
    /// <inheritdoc/>
    protected override IReadOnlyDictionary<Faults, string> Excused => DqliteHarness.ExcusedWithoutRoot;

    /// <inheritdoc/>
    protected override int NewStores => 2; // a cluster each

    /// <inheritdoc/>
    protected override int ModelSequences => 15; // two seconds each; the other stores run more

    /// <summary>A node ends when its disk is full, and a cluster whose nodes have ended can't be reached.</summary>
    protected override IReadOnlySet<ErrorCode> FullDiskErrors { get; } = new HashSet<ErrorCode> { ErrorCode.DiskFull, ErrorCode.StoreUnavailable };
}
