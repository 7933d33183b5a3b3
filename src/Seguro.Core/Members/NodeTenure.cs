namespace Seguro.Core;

/// <summary>A ship's lease that names an epoch of this member's node: it holds for as long as the node holds that epoch, and nobody renews it.</summary>
/// <param name="lease">What the member knows: of its node, too.</param>
/// <param name="won">The ship's lease, as it was won.</param>
/// <param name="epoch">The epoch that it names.</param>
/// <param name="duration">How long the node's lease lasts.</param>
internal sealed class NodeTenure(LeaseState lease, Lease won, Term epoch, TimeSpan duration) : ITenure
{
    public Lease Lease => won;

    public CommitShortfall? Shortfall => lease.Node.Shortfall;

    // What the node renews is worth something only while it is the same epoch: a later one says that this one was over.
    public TimeSpan Deadline => lease.Node.Epoch == epoch ? lease.Node.Deadline : TimeSpan.MinValue / 2;

    public string Over => lease.Node.Epoch == epoch ? "the node's lease could not be renewed in time" : lease.Node.Lost.Length > 0 ? lease.Node.Lost : $"epoch {epoch} of this node is over";

    public bool IsLive(TimeSpan now) => now < Deadline;

    public bool IsFresh(TimeSpan now) => Deadline - now >= duration / 3;

    public bool MustRenew(TimeSpan now) => false;

    public string? Renewed(LeaseOutcome outcome, TimeSpan sent) => null;
}
