namespace Seguro.Tests.Mutations;

/// <summary>Mistakes of leases by node, and of who relies on them.</summary>
internal static class NodeMutations
{
    private const string State = "Members/LeaseState.cs";
    private const string Tenure = "Members/NodeTenure.cs";
    private const string Leases = "Leases/NodeLeases.cs";
    private const string Seat = "Leases/NodeSeat.cs";
    private const string MemberState = "Members/MemberState.cs";

    public static IReadOnlyList<Mutation> All { get; } =
    [
        new("Node: a candidate does not wait for the end of the node's epoch", State,
            "return epoch.Node == self && epoch.Number == Node.Epoch || Node.HasEnded(epoch);",
            "return epoch.Node == self && epoch.Number == Node.Epoch || Node.HasEnded(epoch) || now - HeldBackUntil > TimeSpan.FromSeconds(3);",
            "Gate", Fleet: true),
        new("Node: an epoch is taken for ended, and nothing was written", Leases,
            "Decide(seat, lost.Current, now);",
            "Decide(seat, lost.Current with { Holder = \"\" }, now);",
            "Gate", Seed: 25, Fleet: true),
        new("Node: a master goes on though its node's epoch is over", Tenure,
            "public bool IsLive(TimeSpan now) => now < Deadline;",
            "public bool IsLive(TimeSpan now) => true;",
            "Gate", Fleet: true),
        new("Node: a renewal of another epoch counts for the one before", Tenure,
            "public TimeSpan Deadline => lease.Node.Epoch == epoch ?",
            "public TimeSpan Deadline => lease.Node.Epoch != Term.None ?",
            "Gate", Seed: 262, Fleet: true),
        new("Node: its epoch begins before another life of it was silent", Seat,
            "IsKnown && (!IsOwners(_newest) || _newest.Holder == life || _watch.MayCampaign(now));",
            "IsKnown;",
            "NodeLeasesTests.A_node_that_starts_again_waits_for_the_silence_of_its_former_life"),
        new("Node: what a plain read shows is taken for certain", Leases,
            "Answered(node).Sight(seen, now);",
            "Decide(Answered(node), seen, now);",
            "NodeLeasesTests.The_end_of_an_epoch_that_a_plain_read_shows_is_confirmed"),
        new("Node: whoever serves no more keeps the ship", MemberState,
            "if (Lease.Claim is null || Lease.IsGivingBack",
            "if (Now >= TimeSpan.Zero || Lease.Claim is null || Lease.IsGivingBack",
            "NodeMemberTests.A_master_that_is_none_any_more_gives_the_ship_back"),
    ];
}
