using Seguro.Core;

namespace Seguro.Node.Ships;

/// <summary>A node's store, open: the same for all its ships.</summary>
/// <param name="Store">The store; the node's own to close.</param>
/// <param name="Identity">Which store it is.</param>
/// <param name="CommitMeans">What a commit is worth there.</param>
sealed record SharedStore(IStore Store, StoreIdentity Identity, string CommitMeans);
