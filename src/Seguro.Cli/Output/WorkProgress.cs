using System.Diagnostics;
using Spectre.Console;

namespace Seguro.Cli.Output;

/// <summary>A progress bar on standard error, with rate and time left; where that is no terminal, nothing.</summary>
internal static class WorkProgress
{
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(80);

    /// <summary>Runs work that reports how many of <paramref name="total"/> bytes are done.</summary>
    public static Task InBytesAsync(Terminal terminal, string what, long total, Func<Action<long>, Task> work) =>
        RunAsync(terminal, what, total, [new DownloadedColumn(), new TransferSpeedColumn()], static (what, _, _) => what, work);

    /// <summary>Runs work that reports how many of <paramref name="total"/> events are done.</summary>
    public static Task InEventsAsync(Terminal terminal, string what, long total, Func<Action<long>, Task> work) =>
        RunAsync(terminal, what, total, [], (what, done, seconds) => $"{what}  {done:N0} of {total:N0} events, {done / Math.Max(seconds, 1e-6):N0}/s", work);

    private static async Task RunAsync(
        Terminal terminal, string what, long total, ProgressColumn[] rate, Func<string, long, double, string> describe, Func<Action<long>, Task> work)
    {
        if (!terminal.IsInteractive)
        {
            await work(static _ => { });
            return;
        }
        await terminal.Err.Progress()
            .AutoClear(true)
            .Columns([new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), .. rate, new RemainingTimeColumn()])
            .StartAsync(async context =>
            {
                ProgressTask task = context.AddTask(Markup.Escape(what), maxValue: Math.Max(total, 1));
                long start = Stopwatch.GetTimestamp();
                long last = 0;
                await work(done =>
                {
                    long now = Stopwatch.GetTimestamp();
                    if (done < total && Stopwatch.GetElapsedTime(last, now) < Between)
                        return;
                    last = now;
                    task.Description = Markup.Escape(describe(what, done, Stopwatch.GetElapsedTime(start, now).TotalSeconds));
                    task.Value = done;
                });
                task.Value = task.MaxValue;
            });
    }
}
