using System.Text.Json.Serialization;

namespace Seguro.Node.Admin;

/// <summary>A node and its ships: <c>GET /ships</c>.</summary>
/// <param name="Node">The node.</param>
/// <param name="Cluster">Its cluster.</param>
/// <param name="Version">Of which Seguro it is.</param>
/// <param name="Warnings">What the user should know of the node itself.</param>
/// <param name="Ships">Its ships, by name.</param>
/// <param name="IsReady">It has read which ships it is to hold, and can read that now.</param>
public sealed record FleetReport(
    string Node, string Cluster, string Version, IReadOnlyList<string> Warnings, IReadOnlyList<ShipReport> Ships, [property: JsonPropertyName("ready")] bool IsReady = true)
{
    /// <summary>It knows its ships, and all of them are healthy.</summary>
    [JsonPropertyName("healthy")]
    public bool IsHealthy => IsReady && Ships.All(static ship => ship.Healthy);
}
