namespace Seguro.Benchmarks;

/// <summary>The stores beside the bare databases. Each database is started once and serves all works that are chosen; all end with this part, so that idle servers don't disturb the next.</summary>
/// <param name="chosen">What to measure, of <see cref="Works"/>.</param>
internal sealed class StoresPart(IReadOnlyCollection<string> chosen) : IBenchmarkPart
{
    /// <summary>What can be measured, each with a line about it.</summary>
    public static IEnumerable<(string Name, string Description)> Works => Parts(new RunningDatabases()).Select(static part => (part.Name, part.Description));

    public string Name => "stores";

    public string Description => "Seguro on each store beside the bare databases: " + string.Join(", ", Works.Select(static work => work.Name).Where(chosen.Contains)) + ".";

    public async Task RunAsync(BenchmarkRun run, CancellationToken cancel)
    {
        await using RunningDatabases databases = new();
        foreach (IBenchmarkPart part in Parts(databases).Where(part => chosen.Contains(part.Name)))
        {
            try
            {
                await part.RunAsync(run, cancel);
            }
            catch (Exception error) when (!cancel.IsCancellationRequested)
            {
                run.Fail(part.Name, error);
            }
            run.Keep();
        }
    }

    private static IBenchmarkPart[] Parts(RunningDatabases databases) =>
        [new AppendPart(databases), new InFlightPart(databases), new ReplayPart(databases), new PrototypePart(databases)];
}
