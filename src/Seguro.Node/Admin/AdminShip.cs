using Seguro.Node.Members;
using Seguro.Node.Ships;

namespace Seguro.Node.Admin;

/// <summary>What the admin API has of one ship.</summary>
/// <param name="Status">How its member stands.</param>
/// <param name="History">What changed in its cluster, as its member saw it.</param>
/// <param name="Actions">What can be changed.</param>
public sealed record AdminShip(Func<StatusReport> Status, Func<IReadOnlyList<HistoryEntry>> History, AdminActions Actions)
{
    /// <summary>Of a ship that this node holds.</summary>
    internal static AdminShip Of(HostedShip ship) => new(() => ship.Status, () => ship.History, ship.Actions);
}
