using System.Diagnostics;

namespace Seguro.Benchmarks;

/// <summary>Runs parts one after the other and writes, after each, all that is known: an end without warning keeps it.</summary>
/// <param name="folder">Where <c>result.json</c>, <c>tables.md</c> and the plots go.</param>
/// <param name="progress">Is told what is being done.</param>
internal sealed class BenchmarkSession(string folder, TextWriter progress)
{
    /// <summary>The name of the file with all figures.</summary>
    public const string FileName = "result.json";

    /// <summary>Runs them. A part that fails is remembered in the result, and the others run.</summary>
    public async Task<BenchmarkResult> RunAsync(string command, BenchmarkOptions options, IReadOnlyList<IBenchmarkPart> parts, CancellationToken cancel)
    {
        Directory.CreateDirectory(folder);
        long start = Stopwatch.GetTimestamp();
        BenchmarkResult result = new() { Command = BenchmarkRun.WithoutPlaces(command), Began = DateTimeOffset.UtcNow, Machine = MachineFacts.Read(), LoadBefore = MachineFacts.Load() };
        BenchmarkRun run = new(options, result, progress, Keep);
        foreach (IBenchmarkPart part in parts)
        {
            run.Say($"{part.Name}: {part.Description}");
            try
            {
                await part.RunAsync(run, cancel);
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                run.Fail(part.Name, new OperationCanceledException("ended before it was complete, as was asked."));
            }
            catch (Exception error)
            {
                await progress.WriteLineAsync(error.ToString());
                run.Fail(part.Name, error);
            }
            run.Keep();
            if (cancel.IsCancellationRequested)
                break;
        }
        return result;

        void Keep()
        {
            result.Took = Stopwatch.GetElapsedTime(start);
            result.LoadAfter = MachineFacts.Load();
            result.Write(Path.Combine(folder, FileName));
        }
    }
}
