using Microsoft.Extensions.Logging;
using Seguro.Core;

namespace Seguro.Node.Members;

/// <summary>What <see cref="MemberHarbors"/> needs.</summary>
internal sealed record MemberHarborsOptions
{
    /// <summary>The ship.</summary>
    public required Ship Ship { get; init; }

    /// <summary>The member's own log: a pier's folder.</summary>
    public required string Pier { get; init; }

    /// <summary>The targets' URLs.</summary>
    public required IReadOnlyList<string> Targets { get; init; }

    /// <summary>The host's key file.</summary>
    public required string Key { get; init; }

    /// <summary>How old an event may be before it is on its way.</summary>
    public required TimeSpan Within { get; init; }

    /// <summary>The member is master now.</summary>
    public required Func<bool> IsMaster { get; init; }

    /// <summary>What the cluster has committed, as the member knows it now.</summary>
    public required Func<Position> Committed { get; init; }

    /// <summary>The cluster's store, for what the member's own log has no more. Not disposed of.</summary>
    public IStoredLog? Store { get; init; }

    /// <summary>Told what every target has, when that changes, while the member is master. It may not block.</summary>
    public Action<EventNumber> Archived { get; init; } = static _ => { };

    /// <summary>What the metrics are tagged with: member, ship, cluster.</summary>
    public IReadOnlyList<KeyValuePair<string, object?>> Labels { get; init; } = [];

    /// <summary>Hears what happens.</summary>
    public required ILogger Log { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
