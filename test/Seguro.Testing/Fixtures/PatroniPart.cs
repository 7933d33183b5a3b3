namespace Seguro.Testing;

/// <summary>What of a <see cref="PatroniNode"/> freezes.</summary>
public enum PatroniPart
{
    /// <summary>All of it, as a virtual machine that is paused.</summary>
    Machine,

    /// <summary>PostgreSQL, as on a disk that hangs: Patroni waits for it.</summary>
    Server,

    /// <summary>Patroni: PostgreSQL goes on as a primary that nobody manages.</summary>
    Manager,
}
