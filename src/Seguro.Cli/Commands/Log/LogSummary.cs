using Seguro.Core;

namespace Seguro.Cli.Commands.Log;

/// <summary>What <c>log head --json</c> and <c>log verify --json</c> print.</summary>
internal sealed record LogSummary(
    string Ship, ulong First, ulong Head, ulong Term, string Chain, ulong Events, long Bytes, LogSummary.LeaseSummary Lease, string Store, int DurableCopies, string? Custody)
{
    public static LogSummary Of(EventLog log, LogState state, Custody? custody = null) => new(
        log.Ship.Name,
        state.First.Value,
        state.Head.Number.Value,
        state.Head.Term.Value,
        state.Head.Chain.ToString(),
        state.Count,
        state.Bytes,
        new LeaseSummary(state.Lease.Term.Value, state.Lease.IsHeld ? state.Lease.Holder : null),
        log.Capabilities.Engine,
        log.Capabilities.DurableCopies,
        custody?.ToString());

    internal sealed record LeaseSummary(ulong Term, string? Holder);
}
