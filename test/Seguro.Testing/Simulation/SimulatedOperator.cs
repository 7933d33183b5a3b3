using System.Text;
using Seguro.Core;

namespace Seguro.Testing;

/// <summary>The user of a simulated cluster whose store went back in time: sees that all members stand still, then puts back what it lost, or gives it up.</summary>
internal sealed class SimulatedOperator(SimulatedCluster cluster)
{
    private const int Patience = 12; // leases: what a proof takes to reach all, and what they take to go on
    private readonly SimulationRandom _random = new(cluster.Plan.Seed, "operator");
    private long? _since;

    /// <summary>Looks at the members, and does what there is to do; says what is waited for, or <see langword="null"/> where all is well.</summary>
    public string? Look(IReadOnlyList<SimulatedMember> members)
    {
        SimulatedMember? witness = members.FirstOrDefault(static member => member.Machine?.Status.Loss is not null);
        if (witness is null)
        {
            _since = null;
            return null;
        }
        _since ??= cluster.Schedule.Now;
        string waits = $"{witness.Candidate} stands still: {witness.Machine!.Status.Loss}";
        if (cluster.Schedule.Now - _since < cluster.Plan.Lease.Ticks * Patience)
            return waits;
        foreach (SimulatedMember member in members)
        {
            ClusterHistory.Require(
                Invariant.StoreBack, member.Role is Role.Stopped || !cluster.Network.IsOpen(witness.Index, member.Index), () => $"{member.Candidate} is {member.Role}, though {waits}");
        }
        PutRight(members);
        _since = cluster.Schedule.Now;
        return waits;
    }

    private void PutRight(IReadOnlyList<SimulatedMember> members)
    {
        ModelLogData log = cluster.Store.Log;
        Position head = log.State.Head.Position;
        SimulatedMember best = members.MaxBy(static member => (Proven(member).Value, member.Disk.Durable.Number.Value))!;
        EventNumber end = best.Disk.Durable.Number;
        bool canPutBack = Proven(best) > head.Number && best.Disk.DurableChainAt(head.Number) == head.Chain
            && members.All(member => best.Disk.DurableChainAt(Proven(member)) == member.Disk.DurableChainAt(Proven(member)));
        Raise(log, members.Max(static member => Math.Max(member.Machine!.Status.Term.Value, member.Disk.Known?.Term.Value ?? 0)));
        if (canPutBack && _random.Chance(0.6))
        {
            IReadOnlyList<Event> events = best.Disk.Read(head.Number, end, int.MaxValue / 2);
            Append append = new(log.State.Lease.Term, head, [.. events.Select(static lost => new NewEvent(lost.Number, lost.Payload.Length, lost.Chain, lost.Payload))]);
            Require(LogModel.Append(cluster.Store.Database, log, append));
            cluster.History.Append(head, events);
            ClusterSettings known = new(null, null, best.Machine!.Status.Released, History: best.Machine.Status.History);
            foreach ((string key, ReadOnlyMemory<byte> value) in ClusterSettingsCodec.Write(known))
            {
                if (!log.Metadata.ContainsKey(key))
                    Require(LogModel.SetMetadata(cluster.Store.Database, log, log.State.Lease.Term, key, null, value.ToArray()));
            }
        }
        else
        {
            byte[] term = Encoding.ASCII.GetBytes(log.State.Lease.Term.ToString());
            byte[]? before = log.Metadata.GetValueOrDefault(MetadataKey.Accepted);
            Require(LogModel.SetMetadata(
                cluster.Store.Database, log, log.State.Lease.Term, MetadataKey.Accepted, before is null ? (ReadOnlyMemory<byte>?)null : before, term));
            cluster.History.AcceptsLoss();
        }
        LogModel.Resign(cluster.Store.Database, log, log.State.Lease);
    }

    private void Raise(ModelLogData log, ulong above)
    {
        do
        {
            LogModel.Campaign(cluster.Store.Database, log, log.State.Lease, "operator@1", cluster.Plan.Lease);
            cluster.History.Won(log.State);
        }
        while (log.State.Lease.Term.Value <= above);
    }

    private static EventNumber Proven(SimulatedMember member) => member.Disk.Known switch
    {
        null => EventNumber.None,
        { MayBeAhead: true } known => known.Committed.Number,
        _ => member.Disk.Durable.Number,
    };

    private static void Require(WriteOutcome outcome) =>
        ClusterHistory.Require(Invariant.Contract, outcome is WriteOutcome.Committed, () => $"the operator's write was answered with {outcome}");
}
