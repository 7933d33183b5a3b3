using System.Diagnostics;
using Spectre.Console;

namespace Seguro.Cli.Output;

/// <summary>A progress bar in events on standard error, with events a second and time left; where that is no terminal, nothing.</summary>
internal static class EventProgressBar
{
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(80);

    /// <summary>Runs work that reports how many of <paramref name="total"/> events are done.</summary>
    public static async Task RunAsync(Terminal terminal, string what, ulong total, Func<Action<ulong>, Task> work)
    {
        if (!terminal.IsInteractive)
        {
            await work(static _ => { });
            return;
        }
        await terminal.Err.Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
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
                    task.Description = Markup.Escape($"{what}  {done:N0} of {total:N0} events, {done / Math.Max(Stopwatch.GetElapsedTime(start, now).TotalSeconds, 1e-6):N0}/s");
                    task.Value = done;
                });
                task.Value = task.MaxValue;
            });
    }
}
