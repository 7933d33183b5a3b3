using System.Diagnostics;
using System.Globalization;
using HdrHistogram;
using Seguro.Nock;
using Seguro.Nouns;

namespace Seguro.Benchmarks;

/// <summary>Jam, cue and mug of a pill, and programs in plain Nock, by Seguro and by nockjs turn about; and what Seguro allocates for them.</summary>
internal sealed class NounPart : IBenchmarkPart
{
    private const string Theirs = "nockjs";

    private readonly Dictionary<string, (LongHistogram Mine, LongHistogram Theirs, List<double> Allocated)> _measured = [];

    public string Name => "nouns";

    public string Description => "Jam, cue and mug of a pill, and programs in plain Nock, beside npm's @urbit/nockjs.";

    public async Task RunAsync(BenchmarkRun run, CancellationToken cancel)
    {
        if (RealData.Find("brass-2023-02-08.pill") is not { } path)
        {
            run.Note("nouns: not measured, for want of a pill in ../shared/data (or where SEGURO_SHARED_DATA says).");
            return;
        }
        _measured.Clear();
        int repeats = run.Options.Pick(5, 3);
        byte[] bytes = await File.ReadAllBytesAsync(path, cancel);
        await using Nockjs nockjs = await Nockjs.StartAsync(cancel);
        await nockjs.RunAsync($"load {Path.GetFullPath(path)}", cancel);
        NockMachine machine = new();
        Noun noun = Atom.Zero;
        (NockProgram Program, Noun Core, Noun Formula)[] programs =
        [
            // Ackermann's function keeps nockjs busy for nine seconds.
            .. NockProgram.All.Where(program => !run.Options.IsQuick || !program.Name.StartsWith("Ackermann", StringComparison.Ordinal))
                .Select(static program => (program, NockProgram.Parse(program.Core), NockProgram.Parse(program.Formula))),
        ];
        // Round 0 only warms up.
        for (int round = run.Options.Pick(0, 1); round <= run.Options.Rounds; round++)
        {
            run.Say($"nouns: round {round} of {run.Options.Rounds}");
            bool counts = round > 0;
            await Compare("cue", nockjs, "cue", null, null, () => noun = Cue.From(bytes), static _ => "noun");
            // A mug is kept, so each time it is that of a new noun.
            await Compare("mug", nockjs, "mug", null, () => noun = Cue.From(bytes), () => noun.Mug, static mug => mug.ToString("x8"));
            await Compare("jam", nockjs, "jam", null, null, () => Jam.ToBytes(noun), jam => jam.AsSpan().SequenceEqual(bytes) ? "same" : "other");
            foreach ((NockProgram program, Noun core, Noun formula) in programs)
            {
                await Compare(program.Name, nockjs, "nock", $"{program.Core}|{program.Formula}", null, () => machine.Run(core, formula, cancel), static product => NockProgram.Sum(product).ToString());
            }

            Task Compare<T>(string name, Nockjs other, string verb, string? text, Action? prepare, Func<T> mine, Func<T, string> result) =>
                CompareAsync(name, other, verb, text, prepare, mine, result, repeats, counts, cancel);
        }
        run.Note(string.Create(CultureInfo.InvariantCulture, $"nouns: of {Path.GetFileName(path)}, {bytes.Length:N0} bytes, {NounSize.Of(noun).Objects:N0} atoms and cells; Seguro and nockjs come to the same result each time."));
        Report(run, bytes, noun);
    }

    /// <summary>One thing by both; they must come to the same.</summary>
    private async Task CompareAsync<T>(string name, Nockjs nockjs, string verb, string? text, Action? prepare, Func<T> mine, Func<T, string> result, int repeats, bool counts, CancellationToken cancel)
    {
        List<TimeSpan> times = [];
        T product = default!;
        long allocated = 0;
        for (int i = 0; i < repeats; i++)
        {
            prepare?.Invoke();
            long before = GC.GetAllocatedBytesForCurrentThread();
            long start = Stopwatch.GetTimestamp();
            product = mine();
            TimeSpan taken = Stopwatch.GetElapsedTime(start);
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            times.Add(taken);
        }
        (double theirs, string expected) = await nockjs.RunAsync(text is null ? verb : $"{verb} {text}", cancel);
        string got = result(product);
        if (got != expected)
            throw new InvalidOperationException($"{name}: Seguro came to {got}, nockjs to {expected}.");
        if (!counts)
            return;
        if (!_measured.TryGetValue(name, out (LongHistogram Mine, LongHistogram Theirs, List<double> Allocated) known))
            _measured[name] = known = (LatencyFigures.NewHistogram(), LatencyFigures.NewHistogram(), []);
        foreach (TimeSpan taken in times)
            known.Mine.Add(taken);
        known.Theirs.Add(TimeSpan.FromMilliseconds(theirs));
        known.Allocated.Add(allocated);
    }

    private void Report(BenchmarkRun run, byte[] bytes, Noun noun)
    {
        Dictionary<string, long> results = new() { ["cue"] = NounSize.Of(noun).Bytes, ["mug"] = 0, ["jam"] = bytes.Length };
        foreach ((string name, (LongHistogram mine, LongHistogram theirs, List<double> allocated)) in _measured)
        {
            Dictionary<string, double> more = new() { ["allocated, bytes"] = Median.Of(allocated) };
            if (results.TryGetValue(name, out long result))
                more["of that the result, bytes"] = result;
            bool isNoun = results.ContainsKey(name);
            foreach ((string contestant, LongHistogram times) in ((string, LongHistogram)[])[(Measurement.Seguro, mine), (Theirs, theirs)])
            {
                LatencyFigures latency = LatencyFigures.From(times)!;
                run.Add(new Measurement
                {
                    Part = Name,
                    Workload = name,
                    Subject = isNoun ? "pill" : "Nock",
                    Contestant = contestant,
                    Latency = latency,
                    BytesPerSecond = isNoun ? bytes.Length * 1000.0 / latency.P50 : null,
                    More = contestant == Measurement.Seguro ? more : new Dictionary<string, double>(),
                });
            }
        }
    }
}
