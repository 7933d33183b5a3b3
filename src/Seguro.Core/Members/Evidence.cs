namespace Seguro.Core;

/// <summary>
/// What a member's folder says for certain of the cluster's log, durable beside its local log: a store that knows less has lost what it confirmed, and is not followed.
/// </summary>
/// <param name="Term">The highest term that was won, as far as the member knew. Nobody serves below it.</param>
/// <param name="Committed">
/// The last position of the local log that the store had confirmed. Only where <paramref name="MayBeAhead"/>: else all of the local log is confirmed.
/// </param>
/// <param name="MayBeAhead">The local log may end with what only this member had: it was master, or what it had was given up (<paramref name="Accepted"/>).</param>
/// <param name="Accepted">
/// The newest loss that the user accepted and this record takes into account (<see cref="ClusterSettings.Accepted"/>): what the member was told of before a newer one proves nothing.
/// </param>
/// <param name="Released">The watermark as the member knew it, a lease old at most: a database that is begun anew or was put right forgets its own.</param>
/// <param name="History">Likewise (<see cref="ClusterSettings.History"/>).</param>
public readonly record struct Evidence(
    Term Term, Position Committed, bool MayBeAhead, Term Accepted, EventNumber Released = default, EventNumber? History = null);
