using System.Globalization;
using Seguro.Core;

namespace Seguro.Testing;

/// <summary>
/// Once a simulated cluster serves again, fewer than half of its members go away and stay away, by a crash or cut off from the other members alone: it must serve on, for longer than the store's
/// window lasts.
/// Who is away may be the master.
/// </summary>
internal static class MinorityAway
{
    private const int Size = 200;
    private const int EachTime = 4;
    private const long Step = Schedule.Second / 4;

    // Where there is no window, what is away is worth a look only.
    private const int Enough = 20;

    /// <summary>Takes the minority away, sees the others serve, and brings it back.</summary>
    /// <returns>False: this plan is about something else, and nothing was done.</returns>
    /// <exception cref="InvariantException"><see cref="Invariant.Minority"/>: nobody was answered for too long.</exception>
    public static bool Check(SimulatedCluster cluster)
    {
        SimulationRandom random = new(cluster.Plan.Seed, "minority");
        List<SimulatedMember> core = [.. cluster.Members.Where(member => !member.IsTwin && cluster.CurrentMembers.Contains(member.Name, StringComparer.Ordinal))];
        int count = (core.Count - 1) / 2;
        Optimism optimism = cluster.Shared.StoredOptimism ?? cluster.Plan.Optimism;
        bool isMeant = optimism.Replicas < core.Count - count || optimism.OnReplicaLoss is ReplicaLossPolicy.Degrade;
        if (count == 0 || !isMeant || !random.Chance(cluster.Plan.Window is null ? 0.1 : 0.5))
            return false;
        List<SimulatedMember> away = [];
        for (int left = count; left > 0; left--)
        {
            SimulatedMember one = core[random.Below(core.Count)];
            core.Remove(one);
            away.Add(one);
        }
        bool isCut = random.Chance(0.5);
        foreach (SimulatedMember one in away)
        {
            if (isCut)
                Cut(cluster, one, core, open: false);
            else
                one.Crash();
        }
        Serve(cluster, () => string.Create(CultureInfo.InvariantCulture, $"{string.Join(" and ", away.Select(static one => one.Name))} {(isCut ? "cut off from the others" : "down")}"));
        foreach (SimulatedMember one in away)
        {
            Cut(cluster, one, core, open: true);
            if (!one.IsUp)
                one.Start(cluster.CurrentMembers);
        }
        return true;
    }

    private static void Serve(SimulatedCluster cluster, Func<string> describe)
    {
        long patience = (20 * Schedule.Second) + (cluster.Plan.Lease.Ticks * 20);
        ulong events = (ulong)Math.Max(Enough, (cluster.Plan.Window ?? 0) * 2 / Size);
        ulong wanted = cluster.Store.Log.State.Head.Number.Value + events;
        long answered = cluster.Schedule.Now;
        List<ulong> waiting = [];
        while (cluster.Store.Log.State.Head.Number.Value < wanted)
        {
            for (int sent = 0; sent < EachTime; sent++)
                waiting.Add(cluster.SendDatagram(ShipRules.Kind.Answer, Size));
            cluster.Schedule.RunUntil(cluster.Schedule.Now + Step);
            if (waiting.RemoveAll(cluster.History.IsAnswered) > 0)
                answered = cluster.Schedule.Now;
            ClusterHistory.Require(
                Invariant.Minority, cluster.Schedule.Now - answered < patience,
                () => string.Create(CultureInfo.InvariantCulture, $"with {describe()}, nobody was answered for {(cluster.Schedule.Now - answered) / (double)Schedule.Second:0} s; the log has {wanted - cluster.Store.Log.State.Head.Number.Value} events to go"));
        }
    }

    private static void Cut(SimulatedCluster cluster, SimulatedMember one, List<SimulatedMember> others, bool open)
    {
        foreach (SimulatedMember other in others)
        {
            cluster.Network.Set(one.Index, other.Index, open);
            cluster.Network.Set(other.Index, one.Index, open);
        }
    }
}
