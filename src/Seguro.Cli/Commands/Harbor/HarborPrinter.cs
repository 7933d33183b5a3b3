using Seguro.Cli.Commands.Mirror;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Harbor.Writing;

namespace Seguro.Cli.Commands.Harbor;

/// <summary>What backups print.</summary>
internal static class HarborPrinter
{
    /// <summary>The status as JSON has it.</summary>
    public static object Summary(BackupStatus status) => new
    {
        target = status.Target,
        archived = status.Archived.Value,
        head = status.Head.Value,
        lagSeconds = Math.Round(status.Lag.TotalSeconds, 3),
        segments = status.Segments,
        bytes = status.Bytes,
        degraded = status.IsDegraded,
        warning = status.Warning,
    };

    /// <summary>How the targets stand.</summary>
    public static void Status(Terminal terminal, Ship ship, IEnumerable<HarborBackup> backups, bool json)
    {
        BackupStatus[] all = [.. backups.Select(static backup => backup.Status)];
        if (json)
        {
            terminal.Json(new { ship = ship.Name, targets = all.Select(Summary) });
            return;
        }
        foreach (BackupStatus status in all)
            terminal.Output.WriteLine(Line(ship, status));
    }

    /// <summary>One target in one line.</summary>
    public static string Line(Ship ship, BackupStatus status) =>
        $"{ship} in {status.Target}: event {status.Archived} of {status.Head}{(status.Lag > TimeSpan.Zero ? $", behind for {status.Lag.TotalSeconds:0} s" : "")}; "
        + $"{status.Segments:N0} segments made, {ByteSize.Format(status.Bytes)}{(status.Warning is null ? "" : $"; {status.Warning}")}";

    /// <summary>Something that people should know.</summary>
    public static void Notice(Terminal terminal, bool isWarning, string text)
    {
        lock (terminal)
            terminal.Errors.WriteLine($"{MirrorPrinter.Time(DateTimeOffset.UtcNow)} {(isWarning ? "warning: " : "")}{text}");
    }
}
