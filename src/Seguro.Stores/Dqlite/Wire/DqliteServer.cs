namespace Seguro.Stores.Dqlite;

/// <summary>A node of a dqlite cluster, as the cluster knows it.</summary>
/// <param name="Id">Its number, never 0.</param>
/// <param name="Address">Where clients and other nodes reach it: <c>HOST:PORT</c>.</param>
/// <param name="Role">What it does; <see cref="DqliteRole.Voter"/> where the answer does not say (a leader always votes).</param>
public sealed record DqliteServer(ulong Id, string Address, DqliteRole Role);
