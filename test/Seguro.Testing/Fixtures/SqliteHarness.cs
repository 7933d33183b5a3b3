namespace Seguro.Testing;

/// <summary>An SQLite file on a disk of its own, where this user may mount one.</summary>
public sealed class SqliteHarness : EngineHarness
{
    /// <summary>Prepares the disk.</summary>
    public SqliteHarness()
        : base("sqlite", "log.db")
    {
    }
}
