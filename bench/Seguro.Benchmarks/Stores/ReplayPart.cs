using System.Diagnostics;
using Seguro.Piers;
using Seguro.Testing;

namespace Seguro.Benchmarks;

/// <summary>The events of a real ship's log, in their order and sizes: one at a time, and grouped as an import groups them.</summary>
internal sealed class ReplayPart(RunningDatabases databases) : IBenchmarkPart
{
    private const string OneByOne = "replay of a real log, one at a time";
    private const string Grouped = "replay of a real log, in groups";
    private const int QuickEvents = 150;

    public string Name => "replay";

    public string Description => "A real ship's log of 925 events appended again, one at a time and in groups, beside the bare databases.";

    public async Task RunAsync(BenchmarkRun run, CancellationToken cancel)
    {
        byte[][] events;
        try
        {
            using Pier pier = Pier.Open(Path.Combine(SharedData.Path, "zod"), PierAccess.Offline);
            events = [.. pier.Read(pier.Info.First, pier.Info.Last).Select(static read => read.Payload.ToArray())];
        }
        catch (DirectoryNotFoundException missing)
        {
            run.Note($"replay was left out: {missing.Message}");
            return;
        }
        using ScoreBook book = new(Name, run);
        foreach (string engine in run.Options.Stores.Intersect((string[])["dqlite", "etcd"]))
            run.Note($"replay: bare on {engine} cuts groups to its own limits, and an event above them goes in pieces, a commit each.");
        for (int round = 1; round <= run.Options.Rounds; round++)
        {
            run.Say($"replay: round {round} of {run.Options.Rounds}");
            foreach (string engine in run.Options.Stores)
            {
                byte[][] single = run.Options.IsQuick ? events[^QuickEvents..] : events;
                await OneByOneAsync(run, book, engine, single, cancel);
                await GroupedAsync(book, engine, events, isSeguroFirst: round % 2 == 1, cancel);
            }
        }
        if (!run.Options.IsQuick)
            await databases.ForgetAsync();
    }

    private static Dictionary<string, double> Parameters(byte[][] events) => new() { [Parameter.Events] = events.Length };

    /// <summary>Turn about, event by event.</summary>
    private async Task OneByOneAsync(BenchmarkRun run, ScoreBook book, string engine, byte[][] events, CancellationToken cancel)
    {
        await using ContestantSet set = new(databases, run);
        await set.OpenAsync(engine, cancel);
        IReadOnlyList<Contestant> contestants = set.Of(engine);
        Score[] scores = [.. contestants.Select(contestant => book.Of(OneByOne, engine, contestant.Name, Parameters(events)))];
        for (int index = 0; index < events.Length; index++)
        {
            for (int turn = 0; turn < contestants.Count; turn++)
            {
                int place = (index + turn) % contestants.Count;
                long taken = 0;
                foreach (ReadOnlyMemory<byte>[] commit in Cut([events[index]], contestants[place]))
                    taken += await contestants[place].CommitAsync(commit, cancel);
                scores[place].Add(taken, 1, events[index].Length);
            }
        }
        foreach (Score score in scores)
            score.EndRound();
        await set.CheckAsync(cancel);
    }

    /// <summary>One contestant after the other: Seguro fills a group while the one before is on its way, so there is no single commit to be timed.</summary>
    private async Task GroupedAsync(ScoreBook book, string engine, byte[][] events, bool isSeguroFirst, CancellationToken cancel)
    {
        RunningDatabase database = await databases.GetAsync(engine, cancel);
        await using SeguroContestant seguro = await SeguroContestant.OpenAsync(database, cancel);
        await using BareAppend bare = await BareAppend.OpenAsync(database, cancel);
        foreach (Contestant contestant in isSeguroFirst ? (Contestant[])[seguro, bare] : [bare, seguro])
        {
            long start = Stopwatch.GetTimestamp();
            if (contestant == seguro)
            {
                await seguro.ImportAsync(events, cancel);
            }
            else
            {
                foreach (ReadOnlyMemory<byte>[] commit in Cut(events, contestant))
                    await contestant.CommitAsync(commit, cancel);
            }
            book.Of(Grouped, engine, contestant.Name, Parameters(events))
                .AddRound(events.Length, events.Sum(static payload => (long)payload.Length), Stopwatch.GetElapsedTime(start).TotalSeconds);
            await contestant.CheckAsync(cancel);
        }
    }

    /// <summary>Commits within a contestant's limits.</summary>
    private static IEnumerable<ReadOnlyMemory<byte>[]> Cut(IEnumerable<byte[]> events, Contestant contestant)
    {
        List<ReadOnlyMemory<byte>> group = [];
        long bytes = 0;
        foreach (ReadOnlyMemory<byte> payload in events)
        {
            for (int from = 0; from < payload.Length; from += contestant.LargestEvent)
            {
                ReadOnlyMemory<byte> piece = payload.Slice(from, Math.Min(contestant.LargestEvent, payload.Length - from));
                if (group.Count > 0 && (group.Count == contestant.LargestGroup || bytes + piece.Length > contestant.LargestGroupBytes))
                {
                    yield return [.. group];
                    group.Clear();
                    bytes = 0;
                }
                group.Add(piece);
                bytes += piece.Length;
            }
        }
        if (group.Count > 0)
            yield return [.. group];
    }
}
