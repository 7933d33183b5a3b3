namespace Seguro.Identity;

/// <summary>
/// Who is let in: to links, to the database, to what members ask of each other. A certificate of the cluster's authority says who somebody is; this
/// list says whether that is enough.
/// </summary>
/// <remarks>For any thread. A change takes effect at once: what stays connected is broken off by those who listen to <see cref="Changed"/>.</remarks>
public sealed class AccessList
{
    private volatile AccessRecord _record;

    /// <summary>Makes a list.</summary>
    /// <param name="cluster">The cluster's name, as its certificates say it.</param>
    /// <param name="record">Who is let in at first.</param>
    public AccessList(string cluster, AccessRecord record)
    {
        ArgumentException.ThrowIfNullOrEmpty(cluster);
        ArgumentNullException.ThrowIfNull(record);
        Cluster = cluster;
        _record = record;
    }

    /// <summary>Called after each change, by the thread that made it.</summary>
    public event EventHandler? Changed;

    /// <summary>The cluster's name.</summary>
    public string Cluster { get; }

    /// <summary>Who is let in now.</summary>
    public AccessRecord Record => _record;

    /// <summary>Another list is in force from now on.</summary>
    public void Set(AccessRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        _record = record;
        Changed?.Invoke(this, EventArgs.Empty);
    }

    /// <summary>Why somebody may not be spoken with as a member; <see langword="null"/>: may.</summary>
    public string? RefuseMember(ClusterIdentity identity)
    {
        ArgumentNullException.ThrowIfNull(identity);
        if (RefuseForeigner(identity) is { } foreign)
            return foreign;
        AccessRecord record = _record;
        if (record.Left.Contains(identity.Name))
            return $"{identity.Name} has left the cluster";
        return record.Members is { } members && !members.Contains(identity.Name) ? $"{identity.Name} is not a member of the cluster" : null;
    }

    /// <summary>Why somebody may not be let into the database; <see langword="null"/>: may.</summary>
    public string? RefuseConnection(ClusterIdentity identity)
    {
        ArgumentNullException.ThrowIfNull(identity);
        if (!identity.IsClient)
            return RefuseMember(identity);
        if (identity.Cluster != Cluster)
            return Foreign(identity);
        return _record.Clients is { } clients && !clients.Contains(identity.Name) ? $"client {identity.Name} is not among those that are let in" : null;
    }

    /// <summary>Why somebody may not even ask to be let in: no member of this cluster by its certificate; <see langword="null"/>: may.</summary>
    public string? RefuseForeigner(ClusterIdentity identity)
    {
        ArgumentNullException.ThrowIfNull(identity);
        if (identity.Cluster != Cluster)
            return Foreign(identity);
        return identity.IsClient ? $"{identity.Name} is a client, and no member" : null;
    }

    /// <summary>It was a member, and left.</summary>
    public bool HasLeft(string name) => _record.Left.Contains(name);

    private string Foreign(ClusterIdentity identity) => $"{identity} belongs to another cluster than '{Cluster}'";
}
