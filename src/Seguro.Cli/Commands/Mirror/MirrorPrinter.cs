using System.Globalization;
using Seguro.Cli.Commands.Harbor;
using Seguro.Cli.Output;
using Seguro.Vere.Mirror;

namespace Seguro.Cli.Commands.Mirror;

/// <summary>What <c>seguro mirror</c> prints, as text or as lines of JSON. From any thread.</summary>
internal sealed class MirrorPrinter(Terminal terminal, bool json)
{
    private readonly Lock _printing = new();

    /// <summary>The status as <c>--json</c> and <c>/status</c> give it.</summary>
    public static object Summary(MirrorStatus status, MirrorHarbors? harbors = null) => new
    {
        ship = status.Ship.Name,
        pier = status.Pier,
        store = status.Engine,
        state = NameOf(status.State),
        term = status.Term.Value,
        seen = status.Seen.Value,
        seenAt = Time(status.SeenAt),
        head = status.Head.Value,
        copied = status.Copied,
        copiedAt = status.CopiedAt is { } copied ? Time(copied) : null,
        lagEvents = status.LagEvents,
        lagSeconds = Math.Round(status.Lag.TotalSeconds, 3),
        silentSeconds = Math.Round(status.SilentFor.TotalSeconds, 3),
        vere = new { running = status.IsRunning, pid = status.ProcessId },
        degraded = status.IsDegraded,
        warning = status.Warning,
        harbors = harbors?.Statuses.Select(HarborPrinter.Summary),
    };

    /// <summary>A time for people and programs: UTC, to the millisecond.</summary>
    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>It follows from now on.</summary>
    public void Ready(MirrorStatus status, string? metrics)
    {
        if (json)
        {
            Print(() => terminal.Json(new { ready = true, metrics, status = Summary(status) }));
        }
        else
        {
            Line($"{status.Ship} is mirrored into {status.Engine}, up to event {status.Head}; {VereOf(status)}.{(metrics is null ? "" : $" Metrics: {metrics}/metrics")}");
        }
    }

    /// <summary>Something that people should know.</summary>
    public void Notice(MirrorNotice notice)
    {
        if (json)
            Print(() => terminal.Json(new { time = Time(DateTimeOffset.UtcNow), warning = notice.IsWarning, notice = notice.Text }));
        else
            Line($"{(notice.IsWarning ? "warning: " : "")}{notice.Text}");
    }

    /// <summary>How it stands.</summary>
    public void Status(MirrorStatus status)
    {
        if (json)
        {
            Print(() => terminal.Json(Summary(status)));
        }
        else
        {
            string lag = status.LagEvents == 0 ? "nothing is missing" : $"{status.LagEvents:N0} events behind, for {status.Lag.TotalSeconds:0.#} s";
            string silent = status.SilentFor > TimeSpan.Zero ? $"; not followed for {status.SilentFor.TotalSeconds:0} s" : "";
            Line($"{status.Ship}: pier {status.Seen}, store {status.Head}, {lag}; copied {status.Copied:N0}; {VereOf(status)}; {NameOf(status.State)}{silent}");
        }
    }

    /// <summary>How the harbors stand.</summary>
    public void Harbors(MirrorHarbors harbors)
    {
        if (json)
            Print(() => terminal.Json(new { harbors = harbors.Statuses.Select(HarborPrinter.Summary) }));
        else
            foreach (Seguro.Harbor.Writing.BackupStatus status in harbors.Statuses)
                Line(HarborPrinter.Line(harbors.Ship, status));
    }

    private static string VereOf(MirrorStatus status) =>
        !status.IsRunning ? "no vere runs" : status.ProcessId is { } process ? $"vere runs (process {process})" : "vere runs";

    private static string NameOf(MirrorState state) => state switch
    {
        MirrorState.Following => "following",
        MirrorState.CatchingUp => "catching up",
        MirrorState.PierAway => "pier away",
        _ => "store away",
    };

    private void Line(string text) => Print(() => terminal.Output.WriteLine($"{Time(DateTimeOffset.UtcNow)} {text}"));

    private void Print(Action print)
    {
        lock (_printing)
        {
            print();
            terminal.Output.Flush();
        }
    }
}
