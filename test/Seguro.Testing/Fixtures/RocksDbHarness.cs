namespace Seguro.Testing;

/// <summary>A RocksDB folder on a disk of its own, where this user may mount one.</summary>
public sealed class RocksDbHarness : EngineHarness
{
    /// <summary>Prepares the disk.</summary>
    public RocksDbHarness()
        : base("rocksdb", "log")
    {
    }
}
