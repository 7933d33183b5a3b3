namespace Seguro.Testing;

/// <summary>What stores that live in the process that opens them must do, beyond <see cref="StoreConformanceSuite"/>: the process may be killed.</summary>
/// <param name="harness">The database.</param>
public abstract partial class EngineConformanceSuite(StoreHarness harness) : StoreConformanceSuite(harness)
{
    /// <inheritdoc/>
    protected override Faults Needs => Faults.FillDisk;
}
