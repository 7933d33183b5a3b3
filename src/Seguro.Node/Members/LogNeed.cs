using Seguro.Core;

namespace Seguro.Node.Members;

/// <summary>Up to which event a member's own log is needed by nobody else: the members have it, or the store.</summary>
/// <param name="Through">The last such event; none where that can't be known now.</param>
/// <param name="Why">What stands in the way of more, for people.</param>
public sealed record LogNeed(EventNumber Through, string Why)
{
    /// <summary>The same of the harbors; <see langword="null"/> where there are none. They are waited for only as long as there is room: the ship goes first.</summary>
    public LogNeed? Harbors { get; init; }
}
