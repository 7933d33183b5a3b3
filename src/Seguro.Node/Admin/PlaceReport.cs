using Seguro.Core;

namespace Seguro.Node.Admin;

/// <summary>A position, in JSON.</summary>
/// <param name="Event">The event's number.</param>
/// <param name="Chain">The chain there, 64 hexadecimal digits.</param>
public sealed record PlaceReport(ulong Event, string Chain)
{
    /// <summary>Makes a report of a position.</summary>
    public static PlaceReport Of(Position position) => new(position.Number.Value, position.Chain.ToString());
}
