namespace Seguro.Testing;

/// <summary>What a <see cref="StoreHarness"/> can do to its database.</summary>
[Flags]
public enum Faults
{
    /// <summary>Nothing.</summary>
    None = 0,
    /// <summary><see cref="StoreHarness.CrashServerAsync"/>.</summary>
    Crash = 1,
    /// <summary><see cref="StoreHarness.CutConnectionsAsync"/>.</summary>
    CutConnections = 2,
    /// <summary><see cref="StoreHarness.ChangeLeaderAsync"/>.</summary>
    ChangeLeader = 4,
    /// <summary><see cref="StoreHarness.DeposeLeaderAsync"/>.</summary>
    DeposeLeader = 8,
    /// <summary><see cref="StoreHarness.FillDiskAsync"/>.</summary>
    FillDisk = 16,
    /// <summary><see cref="StoreHarness.FlipByteAsync"/>.</summary>
    FlipByte = 32,
}
