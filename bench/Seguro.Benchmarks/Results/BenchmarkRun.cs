using System.Globalization;
using Seguro.Testing;

namespace Seguro.Benchmarks;

/// <summary>A run under way: what the parts are told, and where they put what they found.</summary>
/// <param name="options">How much is measured.</param>
/// <param name="result">Where figures go.</param>
/// <param name="progress">Is told what is being done.</param>
/// <param name="keep">Writes the result as it is now.</param>
internal sealed class BenchmarkRun(BenchmarkOptions options, BenchmarkResult result, TextWriter progress, Action? keep = null)
{
    private readonly long _start = TimeProvider.System.GetTimestamp();

    public BenchmarkOptions Options => options;

    public BenchmarkResult Result => result;

    /// <summary>Adds figures.</summary>
    public void Add(Measurement measurement) => result.Measurements.Add(measurement);

    /// <summary>Notes what could not be measured, and why.</summary>
    public void Note(string note)
    {
        note = WithoutPlaces(note);
        if (!result.Notes.Contains(note, StringComparer.Ordinal))
            result.Notes.Add(note);
    }

    /// <summary>Says what a database's settings are, as its server told; the first time counts.</summary>
    public void Describe(string name, string value) => result.Machine.TryAdd(name, value);

    /// <summary>Remembers that a part, or what it does with one store, ended in an error. The run goes on, and fails at its end.</summary>
    public void Fail(string what, Exception error)
    {
        string failure = WithoutPlaces($"{what}: {error.Message}");
        result.Failures.Add(failure);
        Say($"FAILED {failure}");
    }

    /// <summary>Writes what is known by now, so that an end without warning keeps it; the session does it after each part, and a part of many works after each of them.</summary>
    public void Keep() => keep?.Invoke();

    /// <summary>Says on standard error what is being done now.</summary>
    public void Say(string what) =>
        progress.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{TimeProvider.System.GetElapsedTime(_start).TotalSeconds,6:0.0} s  {what}"));

    /// <summary>Results are published: folders of one machine mean nothing elsewhere.</summary>
    public static string WithoutPlaces(string text) => text.ReplaceLineEndings(" ").Replace(SharedData.Repository, ".").Replace(Path.GetTempPath(), "$TMPDIR/");
}
