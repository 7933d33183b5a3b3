using System.Globalization;
using System.Text;

namespace Seguro.Testing;

/// <summary>What a run of the nemesis did and found.</summary>
public sealed record NemesisResult
{
    /// <summary>What it was told.</summary>
    public required NemesisOptions Options { get; init; }

    /// <summary>How often each fault was made.</summary>
    public required IReadOnlyDictionary<NemesisFault, int> Faults { get; init; }

    /// <summary>How many of them while optimism 0 was in force.</summary>
    public required int AtZero { get; init; }

    /// <summary>Different datagrams sent.</summary>
    public required long Sent { get; init; }

    /// <summary>What the checkers counted; <see langword="null"/> where it did not come so far.</summary>
    public required NemesisCheck? Check { get; init; }

    /// <summary>How many events the final log has.</summary>
    public required int Events { get; init; }

    /// <summary>How many masterships there were after the first.</summary>
    public required int Takeovers { get; init; }

    /// <summary>The times for which the client heard nothing, of those above 300 ms, in milliseconds, the shortest first.</summary>
    public required IReadOnlyList<double> Silences { get; init; }

    /// <summary>What does not hold.</summary>
    public required IReadOnlyList<string> Violations { get; init; }

    /// <summary>Everything holds.</summary>
    public bool Holds => Violations.Count == 0;

    /// <summary>The command that does the same again.</summary>
    public string Command => string.Create(CultureInfo.InvariantCulture, $"./seguro nemesis --minutes {Options.Duration.TotalMinutes:0.##} --seed {Options.Seed} --store {Options.Store}{(Options.Ship == "demo" ? "" : $" --ship {Options.Ship} --replicas {Options.Replicas}")}{(Options.IsDirect ? " --direct" : "")}");

    /// <summary>A table of all that, then what is violated.</summary>
    public override string ToString()
    {
        StringBuilder text = new();
        foreach ((NemesisFault fault, int count) in Faults.OrderBy(static pair => pair.Key))
            text.Append(CultureInfo.InvariantCulture, $"  {fault,-24}{count,8:N0}\n");
        text.Append(CultureInfo.InvariantCulture, $"{"faults",-26}{Faults.Values.Sum(),8:N0}   ({AtZero} at optimism 0)\n");
        text.Append(CultureInfo.InvariantCulture, $"{"datagrams sent",-26}{Sent,8:N0}\n{"events in the log",-26}{Events,8:N0}\n{"takeovers",-26}{Takeovers,8:N0}\n");
        if (Check is not null)
        {
            text.Append(CultureInfo.InvariantCulture, $"{"acknowledged",-26}{Check.Acknowledged,8:N0}\n{"  lost",-26}{Check.Lost,8:N0}\n{"phantom effects",-26}{Check.Phantoms,8:N0}   ({Check.PhantomsAtZero} at optimism 0)\n");
            text.Append(CultureInfo.InvariantCulture, $"{"answers that came again",-26}{Check.Repeats,8:N0}\n{"datagrams as two events",-26}{Check.Doubled,8:N0}\n");
        }
        text.Append(CultureInfo.InvariantCulture, $"{"without service",-26}{Silences.Count,8:N0}   times; p50 {At(0.5):0} ms, p99 {At(0.99):0} ms, max {At(1):0} ms\n");
        foreach (string violation in Violations)
            text.Append(CultureInfo.InvariantCulture, $"VIOLATED {violation}\n");
        if (!Holds)
            text.Append(CultureInfo.InvariantCulture, $"evidence: {Options.Folder}\n");
        return text.Append(CultureInfo.InvariantCulture, $"again: {Command}\n").ToString();
    }

    private double At(double part) => Silences.Count == 0 ? 0 : Silences[Math.Min(Silences.Count - 1, (int)(part * Silences.Count))];
}
