using System.Globalization;
using System.Text;
using System.Text.Json;
using Seguro.Core;
using Seguro.Stores;

namespace Seguro.Node.Configuration;

/// <summary>Writes a member's <c>seguro.json</c>, with comments, as <c>seguro cluster init</c> makes it.</summary>
public sealed record ConfigurationWriter
{
    /// <summary>The cluster's name.</summary>
    public required string Cluster { get; init; }

    /// <summary>The ship; <see langword="null"/> for a node that holds those of its cluster's list.</summary>
    public required Ship? Ship { get; init; }

    /// <summary>What computes it.</summary>
    public required ShipKind Kind { get; init; }

    /// <summary>The ship is a fake one.</summary>
    public required bool Fake { get; init; }

    /// <summary>Where a new ship's log comes from, as <c>ship:kernel</c>.</summary>
    public required string Kernel { get; init; }

    /// <summary>All members.</summary>
    public required IReadOnlyList<MemberAddresses> Members { get; init; }

    /// <summary>The store: its URL, or <see cref="NodeConfiguration.EmbeddedStore"/>.</summary>
    public required string Store { get; init; }

    /// <summary>The optimism of the new cluster.</summary>
    public required int Optimism { get; init; }

    /// <summary>The client that is let into the members' own dqlite.</summary>
    public const string Client = "operator";

    /// <summary>The balancer's inner address; <see langword="null"/> where there is none.</summary>
    public HostAddress? Balancer { get; init; }

    /// <summary>The vere of a ship that runs on one; <see langword="null"/> for every other ship.</summary>
    public string? VereBinary { get; init; }

    /// <summary>What its king is given.</summary>
    public string VereArguments { get; init; } = "";

    /// <summary>The text for a member.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="udp">Where its datagrams come in; <see langword="null"/> where none do.</param>
    public string Write(string name, HostAddress? udp)
    {
        StringBuilder text = new();
        text.Append("// A member of a Seguro cluster. All keys are in docs/reference.md; `seguro run -c` prints what is in force.\n{\n");
        Line($"  \"cluster\": {Quote(Cluster)},");
        if (Ship is not { } ship)
            Line("  \"ships\": \"many\",");
        else
            Line($"  \"ship\": {{ \"name\": {Quote(ship.Name)}, \"kind\": {Quote(Word(Kind))}{(Kind is ShipKind.Opaque ? "" : $", \"kernel\": {Quote(Kernel)}")}, \"fake\": {(Fake ? "true" : "false")} }},");
        if (VereBinary is { } binary)
            Line($"  \"vere\": {{ \"binary\": {Quote(binary)}, \"arguments\": {Quote(VereArguments)} }},");
        Line($"  \"member\": {{ \"name\": {Quote(name)}, \"folder\": \"data\"{(udp is null ? "" : $", \"udp\": {Quote(udp.ToString()!)}")} }},");
        Line("  // The same on every member. A dqlite node that lost its disk gets an id that was never used.");
        Line("  \"members\": {");
        for (int index = 0; index < Members.Count; index++)
        {
            MemberAddresses member = Members[index];
            string dqlite = member.Dqlite is { } address ? $", \"dqlite\": {Quote(address.ToString())}" : "";
            string id = member.Id > 0 ? string.Create(CultureInfo.InvariantCulture, $", \"id\": {member.Id}") : "";
            Line($"    {Quote(member.Name)}: {{ \"links\": {Quote(member.Links.ToString())}{dqlite}{id} }}{(index < Members.Count - 1 ? "," : "")}");
        }
        Line("  },");
        Line($"  \"store\": {Quote(Store)},");
        Line("  \"certificates\": \"certificates\",");
        if (Store == NodeConfiguration.EmbeddedStore)
            Line($"  \"clients\": {Quote(Client)},");
        if (Balancer is { } balancer)
            Line($"  \"balancer\": {{ \"address\": {Quote(balancer.ToString())}, \"key\": \"balancer.key\" }},");
        Line("  // Of a new cluster; later: seguro cluster optimism N.");
        Line($"  \"optimism\": {Optimism.ToString(CultureInfo.InvariantCulture)}");
        text.Append("}\n");
        return text.ToString();

        void Line(string line) => text.Append(line).Append('\n');
    }

    private static string Word(ShipKind kind) => kind switch
    {
        ShipKind.Nock => "nock",
        ShipKind.Vere => "vere",
        _ => "opaque",
    };

    private static string Quote(string text) => JsonSerializer.Serialize(text, JsonStrings.Default.String);
}
