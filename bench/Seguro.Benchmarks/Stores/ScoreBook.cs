namespace Seguro.Benchmarks;

/// <summary>The scores of a part, in the order in which they were begun. Disposing hands them in: what was measured before an error is kept.</summary>
internal sealed class ScoreBook(string part, BenchmarkRun run) : IDisposable
{
    private readonly Dictionary<(string Workload, string Subject, string Contestant), Score> _scores = [];
    private readonly List<Score> _order = [];

    /// <summary>That contestant's score; begun where there is none.</summary>
    public Score Of(string workload, string subject, string contestant, IReadOnlyDictionary<string, double> parameters)
    {
        if (!_scores.TryGetValue((workload, subject, contestant), out Score? score))
        {
            score = new Score(new Measurement { Part = part, Workload = workload, Subject = subject, Contestant = contestant, Parameters = parameters });
            _scores.Add((workload, subject, contestant), score);
            _order.Add(score);
        }
        return score;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Score score in _order)
        {
            if (score.ToMeasurement() is { } measurement)
                run.Add(measurement);
        }
    }
}
