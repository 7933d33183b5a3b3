using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Files;
using Seguro.Node.Configuration;
using Seguro.Vere.Rehearsal;
using Spectre.Console;

namespace Seguro.Cli.Commands.Veres;

/// <summary><c>seguro vere rehearse</c>: a new runtime on a copy of the pier, where nothing can leave.</summary>
internal static class VereRehearseCommand
{
    /// <summary>The verdict's file in a member's folder.</summary>
    public const string VerdictFile = "rehearsal.json";

    private static readonly Option<string> Binary = new("--binary") { Description = "The new vere.", HelpName = "PATH", Required = true };
    private static readonly Option<string?> Pier = new("--pier") { Description = "A pier, in place of a member's.", HelpName = "PIER" };
    private static readonly Option<string?> Old = new("--old") { Description = "The vere that the pier is for; the member's, or the pier's own .run, where left out.", HelpName = "PATH" };
    private static readonly Option<string?> Work = new("--work") { Description = "Where the copies are made, and removed again; beside the pier where left out.", HelpName = "FOLDER" };
    private static readonly Option<string> Time = new("--time") { Description = "How long each step may take, such as 30m or 4h.", HelpName = "TIME", DefaultValueFactory = static _ => "30m" };
    private static readonly Option<string> Memory = new("--memory") { Description = "How much memory it may use.", HelpName = "SIZE", DefaultValueFactory = static _ => "8GiB" };
    private static readonly Option<string> Disk = new("--disk") { Description = "How large a copy may become.", HelpName = "SIZE", DefaultValueFactory = static _ => "64GiB" };
    private static readonly Option<bool> NoReplay = new("--no-replay") { Description = "Don't compute the newest epoch's events again: that takes as long as the ship took to make them." };

    public static Command Create(Terminal terminal) =>
        new Command("rehearse", "Try a new vere on a copy of the ship, in a network namespace without a way out: does it take the pier over, compute the same, start? Exit code 3 where it does not.")
        {
            Binary, Pier, Old, Work, Time, Memory, Disk, NoReplay, AdminTarget.Configuration,
        }.Does(terminal, async (parse, cancel) =>
        {
            NodeConfiguration? member = parse.GetValue(Pier) is null ? AdminTarget.ReadConfiguration(parse) : null;
            string pier = Path.GetFullPath(parse.GetValue(Pier) ?? Path.Combine(member!.Folder, "pier"));
            string binary = Path.GetFullPath(parse.GetRequiredValue(Binary));
            bool json = parse.GetValue(CommonOptions.Json);
            RehearsalVerdict verdict = await VereRehearsal.RunAsync(
                new RehearsalOptions
                {
                    Pier = pier,
                    Binary = binary,
                    OldBinary = parse.GetValue(Old) ?? member?.VereBinary ?? OwnOf(pier),
                    Folder = Path.Combine(Path.GetFullPath(parse.GetValue(Work) ?? Path.GetDirectoryName(pier)!), $".rehearsal-{Environment.ProcessId.ToString(CultureInfo.InvariantCulture)}"),
                    Limits = new RehearsalLimits(
                        DurationOf(parse.GetRequiredValue(Time)), SizeOf("--memory", parse.GetRequiredValue(Memory)), SizeOf("--disk", parse.GetRequiredValue(Disk))),
                    Replays = !parse.GetValue(NoReplay),
                    Notice = text =>
                    {
                        if (!json)
                            terminal.Note(text);
                    },
                },
                cancel);
            if (member is not null)
                DurableFile.Write(Path.Combine(member.Folder, VerdictFile), JsonSerializer.SerializeToUtf8Bytes(Summary(verdict), Terminal.JsonForm), UnixFileMode.UserRead | UnixFileMode.UserWrite);
            if (json)
                terminal.Json(Summary(verdict));
            else
                Print(terminal, verdict);
            if (verdict.HasPassed)
                return 0;
            if (json)
                return 3;
            RehearsalStep failed = verdict.Steps.First(static step => !step.IsGood);
            throw new SeguroException(
                ErrorCode.RehearsalFailed, $"{binary} must not have {verdict.Ship}: {failed.Name}: {failed.What}",
                $"The ship and its pier were not touched. What it printed last: {failed.LastLines.Trim().Split('\n')[^1]}. Stay with the vere that it has; or repeat with other limits (--time, --memory, --disk).");
        });

    private static string? OwnOf(string pier) => Path.Combine(pier, ".run") is var run && File.Exists(run) ? run : null;

    private static TimeSpan DurationOf(string text) => Quantity.TryParseDuration(text, out TimeSpan time) && time > TimeSpan.Zero
        ? time : throw new SeguroException(ErrorCode.BadValue, $"--time {text}", "Write it like 90s, 30m or 4h.");

    private static long SizeOf(string option, string text) => Quantity.TryParseSize(text, out long size) && size > 0
        ? size : throw new SeguroException(ErrorCode.BadValue, $"{option} {text}", "Write it like 512MiB or 8GiB.");

    private static object Summary(RehearsalVerdict verdict) => new
    {
        passed = verdict.HasPassed,
        ship = verdict.Ship.Name,
        binary = verdict.Binary,
        sha256 = verdict.Digest,
        from = verdict.From,
        to = verdict.To,
        head = verdict.Head.Value,
        at = verdict.At,
        steps = verdict.Steps.Select(static step => new
        {
            name = step.Name,
            outcome = step.Outcome.ToString().ToLowerInvariant(),
            what = step.What,
            command = step.Command,
            exitCode = step.ExitCode,
            seconds = step.Seconds,
            cpuSeconds = step.CpuSeconds,
            peakMemory = step.PeakMemory,
            diskBytes = step.DiskBytes,
            lastLines = step.LastLines,
        }),
    };

    private static void Print(Terminal terminal, RehearsalVerdict verdict)
    {
        foreach (RehearsalStep step in verdict.Steps)
        {
            terminal.Output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{step.Name,-9} {step.Outcome.ToString().ToLowerInvariant(),-8} {(step.ExitCode is null ? "" : $"{step.Seconds,8:0.0} s {step.CpuSeconds,8:0.0} s cpu {ByteSize.Format(step.PeakMemory),10} {ByteSize.Format(step.DiskBytes),10} disk  ")}{step.What}"));
        }
        if (verdict.HasPassed)
            terminal.Out.MarkupLineInterpolated($"[green]ok[/] {verdict.Ship}: {verdict.Binary} took over a copy at event {verdict.Head}, from vere {verdict.From} to {verdict.To}");
    }
}
