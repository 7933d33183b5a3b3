using System.Diagnostics;
using Spectre.Console;

namespace Seguro.Cli.Output;

/// <summary>A progress bar in bytes on standard error, with rate and time left; where that is no terminal, nothing.</summary>
internal static class TransferProgressBar
{
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(80);

    /// <summary>Runs work that reports how many of <paramref name="total"/> bytes are done.</summary>
    public static async Task RunAsync(Terminal terminal, string what, long total, Func<Action<long>, Task> work)
    {
        if (!terminal.IsInteractive)
        {
            await work(static _ => { });
            return;
        }
        await terminal.Err.Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new DownloadedColumn(), new TransferSpeedColumn(), new RemainingTimeColumn())
            .StartAsync(async context =>
            {
                ProgressTask task = context.AddTask(Markup.Escape(what), maxValue: Math.Max(total, 1));
                long last = 0;
                await work(done =>
                {
                    long now = Stopwatch.GetTimestamp();
                    if (done < total && Stopwatch.GetElapsedTime(last, now) < Between)
                        return;
                    last = now;
                    task.Value = done;
                });
                task.Value = task.MaxValue;
            });
    }
}
