using System.CommandLine;
using Seguro.Cli.Output;
using Seguro.Core;
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

    /// <summary><c>--vere VERSION</c>.</summary>
    public static Option<string?> Vere() => new("--vere", "--for")
    {
        Description = "The version of vere that is to open the pier: its format goes by it, and vere.txt says it. By default that of the pier which was imported.",
        HelpName = "VERSION",
    };

    /// <summary>The vere that a pier is for: the one that was named, or that of the pier which was imported, or the newest that is known.</summary>
    public static async ValueTask<string> VereOfAsync(string? named, EventLog log, CancellationToken cancel) =>
        named ?? PierMetadata.ReadVere(await log.Stored.ReadMetadataAsync(cancel)) ?? VereVersion.Newest.ToString();

    /// <summary>Opens a pier that is only read: without leaving a trace in it, not even a lock. What it is opened in spite of is said.</summary>
    public static Seguro.Piers.Pier Open(Terminal terminal, ParseResult parse, string path, bool live)
    {
        Seguro.Piers.Pier pier = Seguro.Piers.Pier.Open(path, live ? PierAccess.Live : PierAccess.Offline, PierEvidence.Parse(CommonOptions.DespiteOf(parse)));
        foreach (PierEvidence evidence in pier.Info.Evidence)
            terminal.Warn($"taken in spite of this: {evidence.What}");
        return pier;
    }

    /// <summary>Says what a pier that was made of a mirrored log may lack.</summary>
    public static async Task WarnOfMirrorAsync(Terminal terminal, EventLog log, CancellationToken cancel)
    {
        if (Custody.Read(await log.Stored.ReadMetadataAsync(cancel)) is not { Kind: CustodyKind.Mirrored } custody)
            return;
        terminal.Warn(
            $"the log of {log.Ship} is a mirror's: what its ship computed after {Mirror.MirrorPrinter.Time(custody.At)} on {custody.Place}, and perhaps in the moments before, is not in it. "
            + "Where that disk can still be read, mirror it once more (--once) first; and make sure that the ship never runs there again.");
    }

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
