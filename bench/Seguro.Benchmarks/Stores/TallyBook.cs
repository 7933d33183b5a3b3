namespace Seguro.Benchmarks;

/// <summary>The tallies of a part, in the order in which they were begun.</summary>
internal sealed class TallyBook(string part)
{
    private readonly Dictionary<(string Workload, string Subject, string Contestant), Tally> _tallies = [];
    private readonly List<Tally> _order = [];

    /// <summary>That contestant's tally; begun where there is none.</summary>
    public Tally Of(string workload, string subject, string contestant, IReadOnlyDictionary<string, double> parameters)
    {
        if (!_tallies.TryGetValue((workload, subject, contestant), out Tally? tally))
        {
            tally = new Tally(new Measurement { Part = part, Workload = workload, Subject = subject, Contestant = contestant, Parameters = parameters });
            _tallies.Add((workload, subject, contestant), tally);
            _order.Add(tally);
        }
        return tally;
    }

    /// <summary>Hands in all that was found.</summary>
    public void Report(BenchmarkRun run)
    {
        foreach (Tally tally in _order)
        {
            if (tally.ToMeasurement() is { } measurement)
                run.Add(measurement);
        }
    }
}
