namespace Seguro.Benchmarks;

/// <summary>A run under way: what the parts are told, and where they put what they found.</summary>
internal sealed class BenchmarkRun(BenchmarkOptions options, BenchmarkResult result, TextWriter progress)
{
    public BenchmarkOptions Options => options;

    public BenchmarkResult Result => result;

    /// <summary>Adds figures.</summary>
    public void Add(Measurement measurement) => result.Measurements.Add(measurement);

    /// <summary>Notes what could not be measured, and why.</summary>
    public void Note(string note) => result.Notes.Add(note);

    /// <summary>Says on standard error what is being done now.</summary>
    public void Say(string what) => progress.WriteLine(what);
}
