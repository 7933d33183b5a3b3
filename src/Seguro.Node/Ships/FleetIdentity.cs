namespace Seguro.Node.Ships;

/// <summary>Whose a list of ships is: a cluster of nodes has a name, which others may have, too, and an authority, which nobody else has.</summary>
/// <param name="Cluster">The cluster's name.</param>
/// <param name="Authorities">Its authorities (<see cref="Seguro.Identity.ClusterCertificates.AuthorityIds"/>): the first issues, and one is enough to be the same.</param>
sealed record FleetIdentity(string Cluster, IReadOnlyList<string> Authorities)
{
    /// <summary>As the list's log has it: the name, a blank, and the authority.</summary>
    public string Text => $"{Cluster} {Authorities[0]}";

    /// <summary>That text is of this very cluster.</summary>
    public bool Is(string text) => Authorities.Any(authority => text == $"{Cluster} {authority}");
}
