using System.Text.Json.Serialization;
using Seguro.Core;

namespace Seguro.Node.Admin;

/// <summary>How a member stands, in the form of the admin API: <c>GET /status</c>. Field names are the JSON's, in camel case.</summary>
public sealed record StatusReport
{
    /// <summary>The ship.</summary>
    public required string Ship { get; init; }

    /// <summary>The member that says this.</summary>
    public required string Name { get; init; }

    /// <summary><c>rejoining</c>, <c>replica</c>, <c>candidate</c>, <c>master</c>, <c>stopped</c>; <c>starting</c> before it takes part.</summary>
    public required string Role { get; init; }

    /// <summary>The highest term that it knows.</summary>
    public required ulong Term { get; init; }

    /// <summary>Who is master; empty where nobody is, as far as it knows.</summary>
    public required string Master { get; init; }

    /// <summary>Why it stands still, where it does.</summary>
    public string? Stopped { get; init; }

    /// <summary>On the master: why nothing has gone on for longer than a lease, though something waits.</summary>
    public string? Hindrance { get; init; }

    /// <summary>Why the cluster computes nothing, where it is paused.</summary>
    public string? Pause { get; init; }

    /// <summary>What it knows is in its log and its ship; on a master: all that it computed is committed, and its effects are out.</summary>
    public bool Quiet { get; init; }

    /// <summary>What shows that the store lost what it confirmed, where the member stands still for that.</summary>
    public string? Loss { get; init; }

    /// <summary>The last event that the member ever knew to be committed, here or elsewhere.</summary>
    public ulong EverCommitted { get; init; }

    /// <summary>On the master of a store with a window: payload bytes in use.</summary>
    public long? WindowUsed { get; init; }

    /// <summary>The end of the local log.</summary>
    public required PlaceReport Durable { get; init; }

    /// <summary>Where the ship stands.</summary>
    public required PlaceReport Processed { get; init; }

    /// <summary>On a replica of a ship that runs on vere: what it has done with the events: <c>recorded</c>, <c>replayed to N</c>, <c>computed at N</c>, <c>hot at N</c>.</summary>
    public string? Level { get; init; }

    /// <summary>What it knows to be committed in the store.</summary>
    public required PlaceReport Committed { get; init; }

    /// <summary>All effects up to here are out.</summary>
    public required ulong Released { get; init; }

    /// <summary>
    /// Up to which event the ship computes again, or for the first time, what was in the log when the member joined; 0 where that is done.
    /// <see cref="Processed"/> says how far it is.
    /// </summary>
    public ulong Replaying { get; init; }

    /// <summary>The optimism in force.</summary>
    public required OptimismRequest Optimism { get; init; }

    /// <summary>Who belongs to the cluster.</summary>
    public required IReadOnlyList<string> Members { get; init; }

    /// <summary>The master's view of its replicas.</summary>
    public required IReadOnlyList<ReplicaReport> Replicas { get; init; }

    /// <summary>How many events wait at the gate.</summary>
    public required int Gated { get; init; }

    /// <summary>How many ova wait.</summary>
    public required int Ingress { get; init; }

    /// <summary>What was dropped since the member started, by reason: datagrams that are no packets, ova and messages for which there was no room.</summary>
    public IReadOnlyDictionary<string, long> Dropped { get; init; } = new Dictionary<string, long>();

    /// <summary>With whom there is a link.</summary>
    public required IReadOnlyList<string> Links { get; init; }

    /// <summary>Of which Seguro this member is.</summary>
    public string Version { get; init; } = "";

    /// <summary>Of which Seguro the others are, as far as they were heard.</summary>
    public IReadOnlyDictionary<string, string> Versions { get; init; } = new Dictionary<string, string>();

    /// <summary>Who asks to be let in, and is no member yet.</summary>
    public IReadOnlyList<string> Asking { get; init; } = [];

    /// <summary>How many connections and requests were refused, by door: <c>links</c>, <c>dqlite</c>, <c>admin</c>.</summary>
    public IReadOnlyDictionary<string, long> Refused { get; init; } = new Dictionary<string, long>();

    /// <summary>When the first of this member's certificates expires.</summary>
    public DateTimeOffset? CertificatesUntil { get; init; }

    /// <summary>The store, without password.</summary>
    public required string Store { get; init; }

    /// <summary>What a commit is worth there; empty before it was opened.</summary>
    public string CommitMeans { get; init; } = "";

    /// <summary>This process.</summary>
    public required int Process { get; init; }

    /// <summary>What the user should know now.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <summary>The list of members has this one's name. A configuration always has it; the store's record lacks it where the member was not let in, or left.</summary>
    [JsonIgnore]
    public bool IsMember => Members.Contains(Name, StringComparer.Ordinal);

    /// <summary>It is a member, and replica, or master and what it computes goes on; it stands in the way of nothing.</summary>
    [JsonIgnore]
    public bool IsHealthy => Stopped is null && Hindrance is null && IsMember && Role is "master" or "replica";

    /// <summary>Makes a report of what a member says of itself.</summary>
    public static StatusReport Of(MemberStatus status, string ship, string store, string commitMeans, IReadOnlyList<string> links, IReadOnlyList<string> warnings)
    {
        ArgumentNullException.ThrowIfNull(status);
        return new StatusReport
        {
            Ship = ship,
            Name = status.Name,
            Role = status.Role.ToString().ToLowerInvariant(),
            Term = status.Term.Value,
            Master = NameIn(status.Master),
            Stopped = status.Stopped,
            Loss = status.Loss,
            Pause = string.IsNullOrEmpty(status.Pause) ? null : status.Pause,
            Quiet = status.IsQuiet,
            Hindrance = status.Hindrance,
            EverCommitted = status.EverCommitted.Number.Value,
            WindowUsed = status.WindowUsed,
            Durable = PlaceReport.Of(status.Durable),
            Processed = PlaceReport.Of(status.Processed),
            Committed = PlaceReport.Of(status.Committed),
            Released = status.Released.Value,
            Replaying = status.Replaying.Value,
            Optimism = OptimismRequest.Of(status.Optimism),
            Members = status.Members,
            Replicas = [.. status.Replicas.Select(static replica => new ReplicaReport(
                replica.Name, replica.Healthy, replica.Received.Value, replica.Durable.Value, replica.Processed.Value, replica.Stopped))],
            Gated = status.Gated,
            Ingress = status.Ingress,
            Links = links,
            Store = store,
            CommitMeans = commitMeans,
            Process = Environment.ProcessId,
            Warnings = [.. status.Warnings, .. warnings],
        };
    }

    /// <summary>The member in a lease holder's name, <c>NAME@LIFE</c>.</summary>
    public static string NameIn(string holder)
    {
        ArgumentNullException.ThrowIfNull(holder);
        int at = holder.IndexOf('@', StringComparison.Ordinal);
        return at < 0 ? holder : holder[..at];
    }
}
