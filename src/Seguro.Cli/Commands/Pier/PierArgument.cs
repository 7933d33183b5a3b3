using System.CommandLine;
using Seguro.Cli.Output;
using Seguro.Piers;
using Seguro.Piers.Transfer;

namespace Seguro.Cli.Commands.Pier;

/// <summary>What the verbs of <c>seguro pier</c> share.</summary>
internal static class PierArgument
{
    /// <summary>The pier that is read.</summary>
    public static Argument<string> Source() => new("PIER") { Description = "The ship's folder, in which there is .urb/log." };

    /// <summary><c>--live</c>.</summary>
    public static Option<bool> Live() => new("--live")
    {
        Description = "Read a pier that a running vere holds: what is committed at this moment. Nothing is written to it.",
    };

    /// <summary>How a pier is opened that is only read: without leaving a trace in it, not even a lock.</summary>
    public static PierAccess Access(bool live) => live ? PierAccess.Live : PierAccess.Offline;

    /// <summary>Runs a transfer behind one progress bar, whatever its steps.</summary>
    /// <param name="terminal">Where the bar is drawn.</param>
    /// <param name="what">What is written beside it.</param>
    /// <param name="total">All bytes that will be looked at.</param>
    /// <param name="transfer">The transfer.</param>
    public static async Task<T> WithProgressAsync<T>(Terminal terminal, string what, long total, Func<IProgress<TransferProgress>, Task<T>> transfer)
    {
        T? result = default;
        await WorkProgress.InBytesAsync(terminal, what, total, async report => result = await transfer(new Bar(report, total)));
        return result!;
    }

    /// <summary>Copying is the last step: what it has to do is what is left of the whole.</summary>
    private sealed class Bar(Action<long> report, long total) : IProgress<TransferProgress>
    {
        public void Report(TransferProgress value)
        {
            if (value.Step is TransferStep.Copying)
                report(total - value.TotalBytes + value.Bytes);
            else if (value.Step is TransferStep.Comparing)
                report(value.Bytes);
        }
    }
}
