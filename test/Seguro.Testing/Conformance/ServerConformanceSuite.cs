namespace Seguro.Testing;

/// <summary>What stores behind servers must do, beyond <see cref="StoreConformanceSuite"/>: crash, lost connections, change of leader.</summary>
/// <param name="harness">The database.</param>
public abstract partial class ServerConformanceSuite(StoreHarness harness) : StoreConformanceSuite(harness)
{
    /// <inheritdoc/>
    protected override Faults Needs => Faults.Crash | Faults.CutConnections | Faults.ChangeLeader | Faults.DeposeLeader | Faults.FillDisk;
}
