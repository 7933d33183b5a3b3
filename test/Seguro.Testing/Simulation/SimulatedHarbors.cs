using Seguro.Core;

namespace Seguro.Testing;

/// <summary>The targets that the masters of one log fill, whoever is master: fast ones, slow ones, ones that are away for long, or for good.</summary>
/// <remarks>What each has is known here, whatever a member was told of it.</remarks>
internal sealed class SimulatedHarbors
{
    private readonly Schedule _schedule;
    private readonly Target[] _targets;

    public SimulatedHarbors(SimulationPlan plan, Schedule schedule, string name)
    {
        _schedule = schedule;
        SimulationRandom random = new(plan.Seed, name + "'s harbors");
        _targets = [.. Enumerable.Range(0, plan.Harbors).Select(_ => Target.Draw(random, plan))];
    }

    /// <summary>How many there are.</summary>
    public int Count => _targets.Length;

    /// <summary>What every one of them has.</summary>
    public EventNumber Archived => _targets.Min(static target => target.Archived);

    /// <summary>A master that works now puts what it may, as far as it comes; how far the target is then, or <see langword="null"/> where it can't be reached.</summary>
    public EventNumber? Fill(int place, EventNumber end)
    {
        Target target = _targets[place];
        if (target.IsAway(_schedule.Now))
            return null;
        if (end > target.Archived)
            target.Archived = new EventNumber(Math.Min(end.Value, target.Archived.Value + target.Pace));
        return target.Archived;
    }

    private sealed class Target
    {
        private readonly List<(long From, long Until)> _absences = [];

        /// <summary>How many events it takes at a time.</summary>
        public ulong Pace { get; private init; }

        public EventNumber Archived { get; set; }

        public static Target Draw(SimulationRandom random, SimulationPlan plan)
        {
            Target target = new() { Pace = random.Of(1UL, 3UL, 1000UL, 1000UL) };
            long chaos = plan.Chaos.Ticks;
            for (int i = random.Below(4); i > 0; i--)
            {
                long from = random.Between(0, chaos);
                target._absences.Add((from, from + random.Between(plan.Lease.Ticks, chaos)));
            }
            if (random.Chance(0.3))
                target._absences.Add((random.Between(0, chaos), long.MaxValue)); // also when all faults are over: the ship does not wait for it
            return target;
        }

        public bool IsAway(long now) => _absences.Exists(absence => now >= absence.From && now < absence.Until);
    }
}
