using System.Diagnostics;

namespace Seguro.Testing;

/// <summary>A server program in the background, its output in a file; ended by its process id, by a watchdog where the tests' process dies.</summary>
sealed class ServerProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Watchdog _watchdog;

    private ServerProcess(Process process, Watchdog watchdog)
    {
        _process = process;
        _watchdog = watchdog;
    }

    /// <summary>Its process id.</summary>
    public int Id => _process.Id;

    /// <summary>Starts a program; what it prints is added to <paramref name="log"/>.</summary>
    public static ServerProcess Start(IReadOnlyList<string> command, string log, Watchdog watchdog)
    {
        // "exec" keeps the process id, so that the one we hold is the server's.
        Process process = new() { StartInfo = new ProcessStartInfo("sh", ["-c", "exec \"$@\" </dev/null >>\"$0\" 2>&1", log, .. command]) { WorkingDirectory = "/" } };
        process.StartInfo.Environment["LC_ALL"] = "C";
        process.Start();
        watchdog.Process(process.Id);
        return new ServerProcess(process, watchdog);
    }

    /// <summary>kill −9.</summary>
    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
        _watchdog.Gone(_process.Id);
        _process.Dispose();
    }
}
