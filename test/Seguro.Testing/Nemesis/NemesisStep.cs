namespace Seguro.Testing;

/// <summary>One fault, with all that was drawn for it.</summary>
/// <param name="Number">Which of the run's steps, from 0.</param>
/// <param name="Fault">What happens.</param>
/// <param name="Replica">Which of the replicas, 0 or 1.</param>
/// <param name="Lasts">How long: until it is undone, or what was killed is started again.</param>
/// <param name="WithDatabase">The member's database node shares its fate.</param>
/// <param name="AtZero">Optimism 0 is in force meanwhile.</param>
/// <param name="Amount">An optimism, or a percentage.</param>
/// <param name="Rest">The pause afterwards.</param>
public sealed record NemesisStep(int Number, NemesisFault Fault, int Replica, TimeSpan Lasts, bool WithDatabase, bool AtZero, int Amount, TimeSpan Rest)
{
    private static readonly NemesisFault[] Often =
    [
        NemesisFault.KillMaster, NemesisFault.PauseMaster, NemesisFault.IsolateMaster, NemesisFault.KillMasterAndDatabase, NemesisFault.StepDown,
        NemesisFault.KillKing, NemesisFault.KillWorker, NemesisFault.KillRelay,
    ];

    /// <summary>Draws a step; the others of the run have no say in it.</summary>
    public static NemesisStep Draw(NemesisOptions options, int number)
    {
        ArgumentNullException.ThrowIfNull(options);
        ulong seed = options.Seed;
        IReadOnlyList<NemesisFault> all = options.Faults;
        SimulationRandom random = new(seed, $"step {number}");
        // Half of all steps meet the master's processes, which is what this is about.
        NemesisFault[] from = options.Only.Count == 0 && random.Chance(0.3) ? [.. Often.Where(all.Contains)] : [.. all];
        NemesisFault fault = random.Of<NemesisFault>(from);
        int replica = random.Below(2);
        TimeSpan lasts = TimeSpan.FromMilliseconds(random.Chance(0.25) ? random.Between(100, 1000) : random.Between(1000, 10_000));
        bool withDatabase = random.Chance(0.5);
        bool atZero = random.Chance(0.15);
        int amount = fault is NemesisFault.ChangeOptimism ? random.Below(2) + 1 : random.Of(2, 10, 30);
        return new NemesisStep(number, fault, replica, lasts, withDatabase, atZero, amount, TimeSpan.FromMilliseconds(random.Between(200, 2500)));
    }

    /// <inheritdoc/>
    public override string ToString() =>
        $"{Fault} {Lasts.TotalMilliseconds:0} ms{(WithDatabase ? " with its database node" : "")}{(AtZero ? " at optimism 0" : "")}{(Fault is NemesisFault.ChangeOptimism or NemesisFault.LoseDatagrams ? $" {Amount}" : "")}";
}
