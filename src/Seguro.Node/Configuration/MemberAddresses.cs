using Seguro.Core;

namespace Seguro.Node.Configuration;

/// <summary>Where a member of the cluster is reached.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Links">Its links with the other members.</param>
/// <param name="Dqlite">Its dqlite node; <see langword="null"/> where the store is another.</param>
/// <param name="Id">Its dqlite node's number, never used before in this cluster; 0 where the store is another.</param>
public sealed record MemberAddresses(string Name, HostAddress Links, HostAddress? Dqlite, ulong Id);
