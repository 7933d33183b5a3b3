using System.Diagnostics;

namespace Seguro.Testing;

/// <summary>The real <c>seguro</c> in a network of its own, its output in a file, its errors in another beside it.</summary>
internal sealed class NetworkProcess : IDisposable
{
    private const int MostQuoted = 1200;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly Process _process;
    private readonly Watchdog _watchdog;

    private NetworkProcess(Process process, string log, Watchdog watchdog)
    {
        _process = process;
        _watchdog = watchdog;
        Log = log;
        watchdog.Process(process.Id);
    }

    /// <summary>The built program.</summary>
    public static string Program { get; } = Path.Combine(SharedData.Repository, "artifacts", "bin", "Seguro.Cli", Configuration, "seguro");

    /// <summary>Its number.</summary>
    public int Id => _process.Id;

    /// <summary>The file with what it says.</summary>
    public string Log { get; }

    /// <summary>It has ended.</summary>
    public bool HasExited => _process.HasExited;

    private static string Configuration =>
#if DEBUG
        "debug";
#else
        "release";
#endif

    /// <summary>Starts it.</summary>
    public static NetworkProcess Start(NetworkNamespace network, string log, Watchdog watchdog, params string[] words)
    {
        // Each step is an exec: the number is that of seguro itself.
        ProcessStartInfo start = new("ip", ["netns", "exec", network.Name, "sh", "-c", "exec \"$0\" \"$@\" >\"$OUTPUT\" 2>\"$OUTPUT.err\" </dev/null", Program, .. words]) { UseShellExecute = false };
        start.Environment["OUTPUT"] = log;
        start.Environment["STANDIN_VERE_NETWORK"] = "1"; // these networks are nobody else's
        return new NetworkProcess(Process.Start(start) ?? throw new InvalidOperationException($"{Program} did not start"), log, watchdog);
    }

    /// <summary>Runs it to its end; what it printed.</summary>
    public static async Task<string> RunAsync(NetworkNamespace network, string log, Watchdog watchdog, CancellationToken cancel, params string[] words)
    {
        using NetworkProcess process = Start(network, log, watchdog, words);
        await process._process.WaitForExitAsync(cancel);
        watchdog.Gone(process.Id);
        return process._process.ExitCode == 0
            ? await File.ReadAllTextAsync(log, cancel)
            : throw new InvalidOperationException($"seguro {words[0]} {words[1]} ended with {process._process.ExitCode}: {process.LastWords()}");
    }

    /// <summary>The end of what it said, for a message.</summary>
    public string LastWords()
    {
        string said = File.ReadAllText(Log) + File.ReadAllText(Log + ".err");
        return said.Length > MostQuoted ? said[^MostQuoted..] : said;
    }

    /// <summary>Its children: a member's database node.</summary>
    public int[] Children() => [.. Tool.ChildrenOf(Id)];

    /// <summary>Sends it a signal; with its children where that is wanted.</summary>
    public Task SignalAsync(string signal, bool withChildren) => Tool.SignalAsync(signal, withChildren ? [Id, .. Children()] : [Id]);

    /// <summary>kill −9; with its children at once, as when a machine dies, or leaving them to find out.</summary>
    public async Task KillAsync(bool withChildren)
    {
        int[] children = Children();
        _process.Kill();
        if (withChildren)
            await Tool.SignalAsync("KILL", children);
        await EndedAsync(children);
    }

    /// <summary>Tells it to end (SIGTERM), and waits for that; kills it where it does not.</summary>
    public async Task StopAsync()
    {
        int[] children = Children();
        await Tool.SignalAsync("TERM", [Id]);
        long start = Stopwatch.GetTimestamp();
        while (!_process.HasExited && Stopwatch.GetElapsedTime(start) < Patience)
            await Task.Delay(Pause, CancellationToken.None);
        if (!_process.HasExited)
            _process.Kill();
        await EndedAsync(children);
    }

    /// <inheritdoc/>
    public void Dispose() => _process.Dispose();

    // Nobody is left who holds the member's folder or its ports.
    private async Task EndedAsync(int[] children)
    {
        await _process.WaitForExitAsync(CancellationToken.None);
        long start = Stopwatch.GetTimestamp();
        while (children.Any(Tool.IsRunning))
        {
            if (Stopwatch.GetElapsedTime(start) > Patience)
                await Tool.SignalAsync("KILL", children);
            await Task.Delay(Pause, CancellationToken.None);
        }
        _watchdog.Gone(Id);
    }
}
