using System.Diagnostics;
using Seguro.Testing;
using Seguro.Urbit.Nock;
using Seguro.Urbit.Nouns;

namespace Seguro.Benchmarks;

/// <summary>Jam, cue and mug of a pill, and programs in plain Nock, by Seguro and by nockjs turn about; and what Seguro allocates for them.</summary>
internal sealed class NounBenchmark(string? file, int rounds, int repeats)
{
    private readonly Dictionary<string, (List<double> Mine, List<double> Theirs, List<long> Allocated)> _measured = [];

    public async Task RunAsync(TextWriter output, CancellationToken cancel)
    {
        string path = file ?? Directory.EnumerateFiles(SharedData.Path, "*.pill").MaxBy(static pill => new FileInfo(pill).Length)
            ?? throw new FileNotFoundException($"There is no pill in {SharedData.Path}; name a file with a jammed noun by --file.");
        byte[] bytes = await File.ReadAllBytesAsync(path, cancel);
        await using Nockjs nockjs = await Nockjs.StartAsync(cancel);
        await nockjs.RunAsync($"load {Path.GetFullPath(path)}", cancel);
        NockMachine machine = new();
        Noun noun = Atom.Zero;
        (NockProgram Program, Noun Core, Noun Formula)[] programs = [.. NockProgram.All.Select(static program => (program, NockProgram.Parse(program.Core), NockProgram.Parse(program.Formula)))];
        // Round 0 only warms up.
        for (int round = 0; round <= rounds; round++)
        {
            bool counts = round > 0;
            await Compare("cue", nockjs, "cue", null, null, () => noun = Cue.From(bytes), static _ => "noun", counts, cancel);
            // A mug is kept, so each time it is that of a new noun.
            await Compare("mug", nockjs, "mug", null, () => noun = Cue.From(bytes), () => noun.Mug, static mug => mug.ToString("x8"), counts, cancel);
            await Compare("jam", nockjs, "jam", null, null, () => Jam.ToBytes(noun), jam => jam.AsSpan().SequenceEqual(bytes) ? "same" : "other", counts, cancel);
            foreach ((NockProgram program, Noun core, Noun formula) in programs)
            {
                await Compare(program.Name, nockjs, "nock", $"{program.Core}|{program.Formula}", null, () => machine.Run(core, formula, cancel), static product => NockProgram.Sum(product).ToString(), counts, cancel);
            }
        }
        await ReportAsync(output, path, bytes, noun);
    }

    /// <summary>One thing by both; they must come to the same.</summary>
    private async Task Compare<T>(string name, Nockjs nockjs, string verb, string? text, Action? prepare, Func<T> mine, Func<T, string> result, bool counts, CancellationToken cancel)
    {
        List<double> times = [];
        T product = default!;
        long allocated = 0;
        for (int i = 0; i < repeats; i++)
        {
            prepare?.Invoke();
            long before = GC.GetAllocatedBytesForCurrentThread();
            long start = Stopwatch.GetTimestamp();
            product = mine();
            double taken = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            times.Add(taken);
        }
        (double theirs, string expected) = await nockjs.RunAsync(text is null ? verb : $"{verb} {text}", cancel);
        string got = result(product);
        if (got != expected)
            throw new InvalidOperationException($"{name}: Seguro came to {got}, nockjs to {expected}.");
        if (!counts)
            return;
        if (!_measured.TryGetValue(name, out (List<double> Mine, List<double> Theirs, List<long> Allocated) lists))
            _measured[name] = lists = ([], [], []);
        lists.Mine.AddRange(times);
        lists.Theirs.Add(theirs);
        lists.Allocated.Add(allocated);
    }

    private async Task ReportAsync(TextWriter output, string path, byte[] bytes, Noun noun)
    {
        double megabytes = bytes.Length / 1e6;
        (long objects, long size) = NounSize.Of(noun);
        await output.WriteLineAsync($"{Path.GetFileName(path)}, {bytes.Length:N0} bytes, {objects:N0} atoms and cells; {rounds} rounds, Seguro ({repeats} times) and nockjs (once) turn about; medians; load {Load()}\n");
        await output.WriteLineAsync("| | Seguro, ms | MB/s | nockjs, ms | MB/s | ratio |\n|---|---:|---:|---:|---:|---:|");
        foreach ((string name, (List<double> mine, List<double> theirs, _)) in _measured)
        {
            bool isNoun = name is "cue" or "mug" or "jam";
            (double a, double b) = (ImportBenchmark.Median(mine), ImportBenchmark.Median(theirs));
            await output.WriteLineAsync($"| {name} | {a:0.0} | {Rate(a)} | {b:0} | {Rate(b)} | {b / a:0} |");

            string Rate(double milliseconds) => isNoun ? (megabytes * 1000 / milliseconds).ToString("0.0") : "";
        }
        await output.WriteLineAsync("\n| | allocated, bytes | of that the result | rest |\n|---|---:|---:|---:|");
        foreach ((string name, long result) in ((string, long)[])[("cue", size), ("mug", 0), ("jam", bytes.Length)])
        {
            List<long> allocated = _measured[name].Allocated;
            allocated.Sort();
            long median = allocated[allocated.Count / 2];
            await output.WriteLineAsync($"| {name} | {median:N0} | {result:N0} | {median - result:N0} |");
        }
    }

    private static string Load() => File.ReadAllText("/proc/loadavg").Split(' ')[0];
}
