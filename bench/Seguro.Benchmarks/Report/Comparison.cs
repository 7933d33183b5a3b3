namespace Seguro.Benchmarks;

/// <summary>Seguro beside somebody else who did the same.</summary>
/// <param name="Mine">Seguro's.</param>
/// <param name="Theirs">The other's, of the same part, workload and subject.</param>
internal sealed record Comparison(Measurement Mine, Measurement Theirs)
{
    /// <summary>Every measurement of Seguro with each other contestant's.</summary>
    public static IEnumerable<Comparison> All(IReadOnlyCollection<Measurement> measurements) =>
        from mine in measurements
        where mine.Contestant == Measurement.Seguro
        from theirs in measurements
        where theirs.Contestant != Measurement.Seguro && IsSame(mine, theirs)
        select new Comparison(mine, theirs);

    /// <summary>What the bare client did of the same; <see langword="null"/> where nobody measured it.</summary>
    public static Measurement? BareOf(Measurement measurement, IEnumerable<Measurement> all) =>
        all.FirstOrDefault(other => other.Contestant == Measurement.Bare && IsSame(measurement, other));

    private static bool IsSame(Measurement one, Measurement other) => one.Part == other.Part && one.Workload == other.Workload && one.Subject == other.Subject;
}
