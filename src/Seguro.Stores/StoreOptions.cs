using Seguro.Identity;
using Seguro.Stores.Dqlite;

namespace Seguro.Stores;

/// <summary>What opening a store may need beside its URL.</summary>
public sealed record StoreOptions
{
    /// <summary>May the database's files or tables be made where they are missing? Reading commands say no, so that a slip of the pen makes nothing.</summary>
    public bool Create { get; init; }

    /// <summary>The folder with the cluster's certificates (<c>ca.crt</c>, <c>member.crt</c>, <c>member.key</c>), for <c>dqlite</c> and <c>etcd</c>.</summary>
    public string? Certificates { get; init; }

    /// <summary>Which of the cluster's members <c>dqlite</c> is spoken with; left out: every one that its certificate calls a member of the same cluster.</summary>
    public AccessList? Access { get; init; }

    /// <summary>How long a call may wait for a leader, a connection or a lock before it gives up.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Take unsafe database settings with a warning instead of refusing them.</summary>
    public bool AllowUnsafeSettings { get; init; }

    /// <summary>The cap of the window of <c>dqlite</c> and <c>etcd</c>, in payload bytes over all ships.</summary>
    public long Window { get; init; } = 512L << 20;

    /// <summary>The clock for waiting; never for deciding.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
