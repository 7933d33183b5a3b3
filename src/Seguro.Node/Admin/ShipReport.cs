using Seguro.Core;

namespace Seguro.Node.Admin;

/// <summary>How one ship of a node stands, in a line of <c>GET /ships</c>; all of it is in <c>GET /ships/NAME/status</c>.</summary>
/// <param name="Ship">The ship.</param>
/// <param name="Number">Its number on its cluster's nodes: added to the port of <c>member:udp</c>, and to the balancer's.</param>
/// <param name="Role">As in <see cref="StatusReport.Role"/>; <c>failed</c> where its member failed, and is started again after a pause, or where this node can't hold it.</param>
/// <param name="Term">The highest term that its member knows.</param>
/// <param name="Master">Which node is master; empty where none is, as far as its member knows.</param>
/// <param name="Event">Where the ship stands.</param>
/// <param name="Committed">What is known to be committed.</param>
/// <param name="Healthy">As <c>GET /ships/NAME/health</c> has it.</param>
/// <param name="Replicas">On its master: how many replicas are healthy.</param>
/// <param name="Udp">Where its datagrams come in on this node; <see langword="null"/> where none do.</param>
/// <param name="Stopped">Why it stands still, or failed.</param>
/// <param name="Warnings">How many warnings its status has.</param>
/// <param name="Failures">How often its member failed since the node started.</param>
public sealed record ShipReport(
    string Ship, int Number, string Role, ulong Term, string Master, ulong Event, ulong Committed, bool Healthy, int Replicas, string? Udp, string? Stopped, int Warnings, int Failures)
{
    /// <summary>Makes a line of a ship that can't be held here.</summary>
    internal static ShipReport Refused(string ship, int number, SeguroException why) =>
        new(ship, number, "failed", 0, "", 0, 0, false, 0, null, $"{why.Message} ({why.CodeText}). {why.NextStep}", 0, 0);

    /// <summary>Makes a line of a status.</summary>
    public static ShipReport Of(StatusReport status, int number, string? udp, int failures)
    {
        ArgumentNullException.ThrowIfNull(status);
        return new ShipReport(
            status.Ship, number, status.Role, status.Term, status.Master, status.Processed.Event, status.Committed.Event, status.IsHealthy,
            status.Replicas.Count(static replica => replica.Healthy), udp, status.Stopped ?? status.Hindrance, status.Warnings.Count, failures);
    }
}
