using System.Diagnostics;
using Seguro.Core;

namespace Seguro.Benchmarks;

/// <summary>Cost against the length of the log: each store grows in steps of ten, and is measured at each.</summary>
/// <remarks>The last step is a million events, ten thousand where the run is quick, or what <see cref="BenchmarkOptions.Largest"/> says: ten million take 20 GB in each store of files.</remarks>
internal sealed partial class LengthPart : IBenchmarkPart
{
    private const int Group = 1000;
    private const int Read = 1000;

    /// <summary>Ten million events are 20 GB.</summary>
    private const int FileBytes = 2000;

    /// <summary>PostgreSQL holds everything three times.</summary>
    private const int PostgresBytes = 500;

    private static readonly Ship Ship = Ship.Parse("~zod");

    public string Name => "length";

    public string Description => "What appends, questions, reads and openings cost as the log gets longer; memory and disk.";

    public async Task RunAsync(BenchmarkRun run, CancellationToken cancel)
    {
        foreach (string engine in run.Options.Stores)
        {
            if (engine is "dqlite" or "etcd")
                await MoveWindowAsync(run, engine, cancel);
            else
                await GrowAsync(run, engine, cancel);
        }
    }

    private static async Task GrowAsync(BenchmarkRun run, string engine, CancellationToken cancel)
    {
        bool isPostgres = engine == "postgresql";
        PayloadSource payloads = new(isPostgres ? PostgresBytes : FileBytes);
        await using RunningDatabase database = await RunningDatabase.StartAsync(engine, cancel);
        long last = run.Options.Largest ?? run.Options.Pick(1_000_000, 10_000);
        long before = 0;
        for (long events = 1000; events <= last; events *= 10)
        {
            if (DiskRoom.WhyNot(database.Data, Needs(engine, events - before, payloads.Bytes)) is { } why)
            {
                run.Note($"length: {engine} was not grown to {events:N0} events of {payloads.Bytes} B: it {why}.");
                return;
            }
            run.Say($"length: {engine}, {events:N0} events");
            await MeasureAsync(run, database, payloads, events, cancel);
            before = events;
        }
    }

    // Rows beside the payload, pages that are not full, PostgreSQL's log and its three copies.
    private static long Needs(string engine, long events, int bytes) => engine switch
    {
        "postgresql" => (events * (bytes + 200) * 3) + (6L << 30),
        _ => events * bytes * 3 / 2,
    };

    private static async Task MeasureAsync(BenchmarkRun run, RunningDatabase database, PayloadSource payloads, long events, CancellationToken cancel)
    {
        StepFigures figures = new(run, "length", database.Engine, new Dictionary<string, double> { [Parameter.Events] = events, [Parameter.Bytes] = payloads.Bytes });
        TimeSpan longest = TimeSpan.FromSeconds(run.Options.Pick(4.0, 0.4));
        int few = run.Options.Pick(20, 3);
        await using (IStore store = await database.OpenAsync(cancel))
        {
            await using GrowingLog log = await GrowingLog.OpenAsync(store, Ship, payloads, cancel);
            long appended = events - (long)log.Head.Number.Value;
            Tally grown = new();
            grown.AddRound(appended, await log.GrowToAsync(events, Group, cancel));
            figures.Add("grow, groups of 1000", grown, more: new Dictionary<string, double> { ["events appended"] = appended });

            Tally one = new();
            long began = Stopwatch.GetTimestamp();
            long head = (long)log.Head.Number.Value;
            await one.RepeatAsync(run.Options.Pick(300, 50), longest, () => log.AppendOneAsync(cancel));
            one.AddRound((long)log.Head.Number.Value - head, Stopwatch.GetElapsedTime(began));
            figures.Add("append one", one);

            Tally state = new();
            await state.RepeatAsync(run.Options.Pick(100, 20), longest, async () => await log.Log.ReadStateAsync(cancel));
            figures.Add("read the state", state);

            await ReadAsync(log.Log, figures, few, longest, cancel);
            figures.AddSizes(database);
        }
        Tally opening = new();
        await opening.RepeatAsync(Math.Max(few / 2, 2), longest, async () =>
        {
            await using IStore store = await database.OpenAsync(cancel);
            await using EventLog log = new(await store.OpenLogAsync(Ship, cancel) ?? throw new InvalidOperationException("The log is gone."), store.Capabilities);
            await log.ReadStateAsync(cancel);
        });
        figures.Add("open and read the state", opening);
    }

    private static async Task ReadAsync(EventLog log, StepFigures figures, int times, TimeSpan longest, CancellationToken cancel)
    {
        LogState state = await log.ReadStateAsync(cancel);
        ulong span = Math.Min(Read, state.Count);
        ulong first = state.First.Value;
        ulong middle = first + ((state.Count - span) / 2);
        foreach ((string where, ulong from) in ((string, ulong)[])[("at the head", state.Head.Number.Value - span + 1), ("in the middle", middle)])
        {
            Tally tally = new();
            await tally.RepeatAsync(times, longest, async () =>
            {
                ulong count = 0;
                await foreach (Event _ in log.ReadAsync(state, new EventNumber(from), new EventNumber(from + span - 1), cancel))
                    count++;
                if (count != span)
                    throw new InvalidOperationException($"{count} events were read, not {span}.");
            });
            figures.Add($"read {Read} events {where}", tally);
        }
    }
}
