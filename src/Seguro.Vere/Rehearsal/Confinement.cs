using System.Diagnostics;
using Seguro.Core;
using Seguro.Piers.Transfer;
using Seguro.Vere.Running;

namespace Seguro.Vere.Rehearsal;

/// <summary>
/// Runs programs where they can do no harm: in a network namespace that has a loopback and no way out (unshare(1)), within limits of time, memory and
/// disk that are watched five times a second.
/// </summary>
/// <remarks>As root, or as anybody where the kernel gives user namespaces to all. For one program at a time.</remarks>
internal sealed class Confinement
{
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan KillGlance = TimeSpan.FromMilliseconds(20);
    private const int MostKills = 500; // ten seconds: a process that the kernel does not let go of is left to it
    private static readonly string[] Inside = ["setpriv", "--pdeathsig", "KILL", "--", "sh", "-c", "ip link set lo up 2>/dev/null || ifconfig lo up; exec \"$@\"", "sh"];

    private readonly string[] _prefix;

    private Confinement(string[] prefix) => _prefix = prefix;

    /// <summary>Finds out how this user can have a network namespace.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.NotConfined"/>: not at all; nothing was run.</exception>
    public static async Task<Confinement> FindAsync()
    {
        foreach (string[] way in (string[][])[["--net", "--"], ["--map-root-user", "--net", "--"]])
        {
            ChildProcess tried = await ChildProcess.StartAsync("unshare", "unshare", [.. way, .. Inside, "sh", "-c", "grep -q '^ *lo:' /proc/net/dev && [ $(grep -c : /proc/net/dev) = 1 ]"]);
            _ = tried.Error.CopyToAsync(Stream.Null);
            if (await tried.Exited == 0)
                return new Confinement(way);
        }
        throw new SeguroException(
            ErrorCode.NotConfined, "no network namespace can be had here (unshare --net), and a copy of a ship must not be started where it can reach its peers",
            "Run the rehearsal as root; or install util-linux and iproute2, and allow user namespaces (sysctl kernel.unprivileged_userns_clone=1).");
    }

    /// <summary>Runs a program.</summary>
    /// <param name="name">The step's name.</param>
    /// <param name="folder">Where it works, which is measured.</param>
    /// <param name="limits">What it may use.</param>
    /// <param name="command">The program and its arguments.</param>
    /// <param name="isDone">Told of each line that it prints; once it says so the program is asked to end. <see langword="null"/> where it ends by itself.</param>
    /// <param name="cancel">Ends it.</param>
    public async Task<RehearsalStep> RunAsync(string name, string folder, RehearsalLimits limits, IReadOnlyList<string> command, Func<string, bool>? isDone, CancellationToken cancel)
    {
        long before = PierFolderCopy.Measure(folder);
        long start = Stopwatch.GetTimestamp();
        ChildProcess child = await ChildProcess.StartAsync(name, "unshare", [.. _prefix, .. Inside, .. command]);
        SessionUse use = new(child.Id);
        RehearsalPrints prints = new(isDone);
        Task printing = Task.WhenAll(prints.TakeAsync(child.Output), prints.TakeAsync(child.Error));
        RehearsalOutcome outcome;
        try
        {
            outcome = await WatchAsync(child, use, prints, folder, limits, start, cancel);
        }
        finally
        {
            // Ctrl-C too: who waits for this removes the folder next, and nobody may write there then.
            await EndAsync(child, use);
        }
        int code = await child.Exited;
        await printing;
        if (outcome is RehearsalOutcome.Ok && (code != 0 || (isDone is not null && !prints.IsDone)))
            outcome = RehearsalOutcome.Failed;
        return new RehearsalStep(name, outcome, Describe(outcome, code, limits))
        {
            Command = string.Join(' ', command),
            ExitCode = code,
            Seconds = Math.Round(Stopwatch.GetElapsedTime(start).TotalSeconds, 2),
            CpuSeconds = Math.Round(use.CpuSeconds, 2),
            PeakMemory = use.PeakMemory,
            DiskBytes = PierFolderCopy.Measure(folder) - before,
            LastLines = prints.Tail,
        };
    }

    /// <summary>Kills all that the program is, again until nothing is left: what it starts meanwhile is its session's, too.</summary>
    private static async Task EndAsync(ChildProcess child, SessionUse use)
    {
        for (int look = 0; look < MostKills; look++)
        {
            child.Kill();
            if (use.Kill() == 0 && child.Exited.IsCompleted)
                return;
            await Task.WhenAny(child.Exited, Task.Delay(KillGlance));
            if (child.Exited.IsCompleted && look > 0)
                await Task.Delay(KillGlance);
        }
    }

    private static async Task<RehearsalOutcome> WatchAsync(ChildProcess child, SessionUse use, RehearsalPrints prints, string folder, RehearsalLimits limits, long start, CancellationToken cancel)
    {
        long? asked = null;
        for (int look = 0; ; look++)
        {
            if (use.Look() > limits.Memory)
                return RehearsalOutcome.Memory;
            if (look % 10 == 0 && PierFolderCopy.Measure(folder) > limits.Disk)
                return RehearsalOutcome.Disk;
            if (child.Exited.IsCompleted)
                return RehearsalOutcome.Ok;
            TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
            if (asked is { } since && Stopwatch.GetElapsedTime(since) > Patience)
                return RehearsalOutcome.Hang;
            if (elapsed > limits.Time)
                return prints.SilentFor > limits.Time / 2 ? RehearsalOutcome.Hang : RehearsalOutcome.Time;
            if (asked is null && prints.IsDone)
            {
                asked = Stopwatch.GetTimestamp();
                child.AskToEnd();
            }
            await Task.WhenAny(child.Exited, Task.Delay(Glance, cancel));
            cancel.ThrowIfCancellationRequested();
        }
    }

    private static string Describe(RehearsalOutcome outcome, int code, RehearsalLimits limits) => outcome switch
    {
        RehearsalOutcome.Ok => "it went well",
        RehearsalOutcome.Hang => $"it hangs: it said nothing for a long time, and was ended after {limits.Time}",
        RehearsalOutcome.Time => $"it did not end within {limits.Time}",
        RehearsalOutcome.Memory => $"it wanted more than {limits.Memory} bytes of memory",
        RehearsalOutcome.Disk => $"it wanted more than {limits.Disk} bytes of disk",
        _ => $"it ended with exit code {code}",
    };
}
