using System.Globalization;
using System.Text;
using Seguro.Core;

namespace Seguro.Testing;

/// <summary>Runs a cluster under one seed, on one thread: first everything goes wrong that the plan says, then all is healed and the cluster must serve.</summary>
internal static class Simulation
{
    /// <summary>How often a probe is sent and looked for.</summary>
    private const long Probe = Schedule.Second / 4;

    /// <summary>Runs a plan.</summary>
    public static SimulationResult Run(SimulationPlan plan)
    {
        if (plan.Fleet == 0)
        {
            using SimulatedCluster single = new(plan);
            return Run(plan, [single]);
        }
        using SimulatedFleet fleet = new(plan);
        return Run(plan, fleet.Ships);
    }

    private static SimulationResult Run(SimulationPlan plan, IReadOnlyList<SimulatedCluster> ships)
    {
        SimulatedCluster cluster = ships[0];
        string? failure = null;
        Invariant? violated = null;
        try
        {
            List<Chaos> all = [.. ships.Select(static ship => new Chaos(ship))];
            all.ForEach(static chaos => chaos.Begin());
            cluster.Schedule.RunUntil(plan.Chaos.Ticks);
            all.ForEach(static chaos => chaos.Heal());
            foreach (SimulatedCluster ship in ships)
            {
                cluster = ship;
                CheckServed(ship);
            }
        }
        catch (InvariantException broken)
        {
            violated = broken.Invariant;
            failure = broken.Message;
        }
        catch (Exception thrown) when (IsOfTheMachine(thrown))
        {
            violated = Invariant.Contract;
            failure = $"invariant 0 (Contract): a member's machine threw {thrown}";
        }
        return new SimulationResult
        {
            Plan = plan,
            Violated = violated,
            Failure = failure,
            Report = failure is null ? "" : Describe(cluster, failure),
            TraceHash = ships.Aggregate(0UL, static (hash, ship) => (hash * 31) + ship.TraceHash),
            Steps = cluster.Schedule.Count,
            Committed = ships.Sum(static ship => ship.History.Committed),
            Effects = ships.Sum(static ship => ship.History.Effects),
            Answered = ships.Sum(static ship => ship.History.Answered),
            Phantoms = ships.Sum(static ship => ship.History.Phantoms),
            Takeovers = ships.Sum(static ship => ship.Takeovers),
            Virtual = TimeSpan.FromTicks(cluster.Schedule.Now),
        };
    }

    private static void CheckServed(SimulatedCluster cluster)
    {
        RequireServed(cluster);
        if (cluster.Plan.Fleet == 0 && MinorityAway.Check(cluster))
            RequireServed(cluster);
        foreach (SimulatedMember member in cluster.Members)
        {
            ClusterHistory.Require(
                Invariant.Ingress, member.FindUnheeded() is null, () => $"{member.Candidate}, the master, heard datagram {member.FindUnheeded()}, which became no event");
        }
        cluster.History.CheckEnd();
    }

    private static bool IsOfTheMachine(Exception thrown) =>
        thrown is ArgumentException or InvalidOperationException or NullReferenceException or IndexOutOfRangeException or OverflowException
            or KeyNotFoundException or SeguroException or NotImplementedException or InvalidCastException;

    private static void RequireServed(SimulatedCluster cluster)
    {
        string? missing = WaitUntilServed(cluster);
        ClusterHistory.Require(Invariant.Liveness, missing is null, () => $"{missing}, {cluster.Schedule.Now / (double)Schedule.Second:0.#} s after the start");
    }

    /// <summary>Says what is missing, or <see langword="null"/> once all is well.</summary>
    private static string? WaitUntilServed(SimulatedCluster cluster)
    {
        // What is left of slow events and late writes, then some leases for a change of master.
        long end = cluster.Schedule.Now + (20 * Schedule.Second) + (cluster.Plan.Lease.Ticks * 20);
        if (cluster.History.HasGoneBack)
            end += cluster.Plan.Lease.Ticks * 60; // its user has some things to do first
        long last = cluster.Schedule.Now + (600 * Schedule.Second);
        SimulatedOperator user = new(cluster);
        List<ulong> probes = [];
        string? missing = "nothing was tried";
        ulong slowest = 0;
        while (cluster.Schedule.Now < end && missing is not null)
        {
            // Who is slow and goes on is no fault; who stands still is.
            ulong reached = cluster.Members
                .Where(member => !member.IsTwin && cluster.CurrentMembers.Contains(member.Name, StringComparer.Ordinal))
                .Min(static member => member.Ship?.Number.Value ?? 0);
            if (reached != slowest)
                (slowest, end) = (reached, Math.Min(last, Math.Max(end, cluster.Schedule.Now + (20 * Schedule.Second) + (cluster.Plan.Lease.Ticks * 20))));
            probes.Add(cluster.SendDatagram(ShipRules.Kind.Answer, 8));
            cluster.Schedule.RunUntil(cluster.Schedule.Now + Probe);
            missing = FindMissing(cluster, user, probes);
        }
        return missing;
    }

    private static string? FindMissing(SimulatedCluster cluster, SimulatedOperator user, List<ulong> probes)
    {
        LogState state = cluster.Store.Log.State;
        List<SimulatedMember> core = [.. cluster.Members.Where(member => !member.IsTwin && cluster.CurrentMembers.Contains(member.Name, StringComparer.Ordinal))];
        // Changes of membership may still be carried out: whoever came to belong is started.
        // And a ship that differed when the faults ended, or had not the memory for an event, is mended by its user, by a restart.
        bool mends = (cluster.Plan.Nemeses & (Nemesis.ShipDiffers | Nemesis.Memory)) is not Nemesis.None;
        foreach (SimulatedMember member in core.Where(member => !member.IsUp || (member.Role is Role.Stopped && mends && member.Machine!.Status.Loss is null)))
        {
            member.EndProcess();
            member.Start(cluster.CurrentMembers);
        }
        if (user.Look(core) is { } waits)
            return waits;
        int masters = core.Count(static member => member.Role is Role.Master);
        if (masters != 1)
            return string.Create(CultureInfo.InvariantCulture, $"there are {masters} masters: {string.Join(", ", core.Select(static member => $"{member.Candidate} {member.Role}"))}");
        SimulatedMember master = core.First(static member => member.Role is Role.Master);
        if (NodeEpoch.CandidateOf(state.Lease.Holder) != master.Candidate)
            return $"the master is {master.Candidate}, but the lease says {state.Lease}";
        if (!probes.Exists(cluster.History.IsAnswered))
            return "no probe was answered";
        // The newest probes may still be on their way: an older one is enough for these.
        foreach (SimulatedMember member in core)
        {
            if (member.Machine!.Status.Stopped is { } stopped)
                return $"{member.Candidate} stands still: {stopped}";
            if (state.Head.Number.Value - Math.Min(state.Head.Number.Value, member.Disk.Durable.Number.Value) > 4 || !cluster.History.IsCommitted(member.Disk.Durable))
                return $"{member.Candidate}, {member.Role}, has {member.Disk.Durable} on disk; the log ends at {state.Head.Position}";
            if (member.Ship!.Number.Next < member.Disk.Durable.Number || member.DiffersFrom is not null)
                return $"the ship of {member.Candidate} stands at {member.Ship.Number} (differs from: {member.DiffersFrom}); the log ends at {state.Head.Number}";
        }
        return cluster.History.FindMissingEffect();
    }

    private static string Describe(SimulatedCluster cluster, string failure)
    {
        StringBuilder text = new();
        text.Append(failure).Append('\n');
        text.Append(CultureInfo.InvariantCulture, $"at {cluster.Schedule.Now / (double)Schedule.Millisecond:0.000} ms; {cluster.Plan}\n");
        text.Append(CultureInfo.InvariantCulture, $"store: head {cluster.Store.Log.State.Head}, base {cluster.Store.Log.State.Base.Number}, {cluster.Store.Log.State.Lease}; ");
        text.Append(CultureInfo.InvariantCulture, $"settings {cluster.Shared.StoredOptimism}, {string.Join(' ', cluster.CurrentMembers)}, released {cluster.Shared.StoredSettings.Released}\n");
        foreach (SimulatedMember member in cluster.Members)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n{member.Candidate} ({member.Role}, disk {member.Disk.Durable}, ship {member.Ship?.Number}, paused {member.IsPaused})");
            if (member.Machine?.Status is { } status)
                text.Append(CultureInfo.InvariantCulture, $" term {status.Term} committed {status.Committed.Number} released {status.Released} gated {status.Gated} ingress {status.Ingress} {status.Stopped}");
            text.Append('\n');
            member.Ring.WriteTo(text);
        }
        ulong seed = cluster.Fleet?.Plan.Seed ?? cluster.Plan.Seed;
        text.Append(CultureInfo.InvariantCulture, $"\n{failure}\nreplay: ./seguro simulate --seed {seed} --seeds 1{PlantedArguments(cluster.Plan)}\n");
        return text.ToString();
    }

    private static string PlantedArguments(SimulationPlan plan) =>
        (plan.Fleet > 0 ? " --fleet" : "") + (plan.ShellBug is ShellBug.None ? "" : $" --shell-bug {plan.ShellBug}");
}
