using Seguro.Core;

namespace Seguro.Stores.Etcd;

sealed partial class EtcdStoredLog
{
    /// <inheritdoc/>
    public ValueTask<LeaseOutcome> CampaignAsync(Lease expected, string candidate, TimeSpan duration, CancellationToken cancel)
    {
        LeaseRules.CheckCandidate(candidate, duration);
        return ChangeLeaseAsync(
            state =>
            {
                (Lease lease, bool won) = LeaseRules.Campaign(state.Lease, expected, candidate, duration);
                if (!won)
                    return (null, new LeaseOutcome.Lost(lease));
                EtcdChange? change = lease == state.Lease ? null : new EtcdChange(state.WithoutStaged() with { Lease = lease }, [], AllStaged(state));
                return (change, new LeaseOutcome.Done(lease));
            },
            cancel);
    }

    /// <inheritdoc/>
    public ValueTask<LeaseOutcome> RenewAsync(Lease held, CancellationToken cancel) => MoveLeaseAsync(current => LeaseRules.Renew(current, held), cancel);

    /// <inheritdoc/>
    public ValueTask<LeaseOutcome> ResignAsync(Lease held, CancellationToken cancel) => MoveLeaseAsync(current => LeaseRules.Resign(current, held), cancel);

    private ValueTask<LeaseOutcome> MoveLeaseAsync(Func<Lease, (Lease Lease, bool Done)> rule, CancellationToken cancel) => ChangeLeaseAsync(
        state =>
        {
            (Lease lease, bool done) = rule(state.Lease);
            if (!done)
                return (null, new LeaseOutcome.Lost(lease));
            return (lease == state.Lease ? null : new EtcdChange(state with { Lease = lease }), new LeaseOutcome.Done(lease));
        },
        cancel);

    private async ValueTask<LeaseOutcome> ChangeLeaseAsync(Func<EtcdState, (EtcdChange? Change, LeaseOutcome Answer)> decide, CancellationToken cancel)
    {
        try
        {
            return await writer.ChangeAsync(decide, null, cancel);
        }
        catch (UnknownOutcomeException unknown)
        {
            return new LeaseOutcome.Unknown(unknown.Message);
        }
    }
}
