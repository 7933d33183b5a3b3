using System.Diagnostics;
using System.Runtime.InteropServices;
using Seguro.Core;
using Seguro.Stores.Dqlite;

namespace Seguro.Cli.Demo;

/// <summary>Another run of this very command, or of another program, its output in a file: so that a demo's parts are the processes that a user would start.</summary>
internal sealed partial class DemoProcess : IAsyncDisposable
{
    private const int SigTerm = 15;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private readonly Process _process;
    private readonly string _what;
    private readonly string _log;
    private readonly Task _copying;
    private readonly TaskCompletionSource<string> _firstLine = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private DemoProcess(Process process, string what, string log)
    {
        _process = process;
        _what = what;
        _log = log;
        _copying = Task.WhenAll(CopyAsync(process.StandardOutput, log + ".out", _firstLine), CopyAsync(process.StandardError, log + ".err", null));
    }

    /// <summary>The process's number.</summary>
    public int Id => _process.Id;

    /// <summary>Starts <c>seguro</c> with these words.</summary>
    public static DemoProcess Start(string folder, string what, params string[] words) => StartProgram(folder, what, Seguro(words));

    /// <summary>The whole command line of a run of <c>seguro</c>.</summary>
    public static string[] Seguro(params string[] words)
    {
        SeguroExecutable executable = SeguroExecutable.Current();
        return [executable.File, .. executable.First, .. words];
    }

    /// <summary>Starts any program, by its whole command line.</summary>
    public static DemoProcess StartProgram(string folder, string what, string[] line)
    {
        ProcessStartInfo start = new(line[0], line[1..]) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, UseShellExecute = false };
        Process process = Process.Start(start) ?? throw new SeguroException(ErrorCode.ProcessFailed, $"{what} did not start", "See whether this machine has a limit on processes.");
        return new DemoProcess(process, what, Path.Combine(folder, $"{what}-{process.Id}"));
    }

    /// <summary>Runs a program to its end; its output.</summary>
    public static async Task<string> RunAsync(string folder, string what, string[] line, CancellationToken cancel)
    {
        await using DemoProcess process = StartProgram(folder, what, line);
        await process._process.WaitForExitAsync(cancel);
        await process._copying;
        return process._process.ExitCode == 0 ? await File.ReadAllTextAsync(process._log + ".out", cancel) : throw process.Ended();
    }

    /// <summary>Runs a program to its end; whether it ended well.</summary>
    public static async Task<bool> TryAsync(string folder, string what, string[] line, CancellationToken cancel)
    {
        await using DemoProcess process = StartProgram(folder, what, line);
        await process._process.WaitForExitAsync(cancel);
        return process._process.ExitCode == 0;
    }

    /// <summary>The first line that it printed, where it prints one when it is ready.</summary>
    public Task<string> FirstLineAsync(CancellationToken cancel) => _firstLine.Task.WaitAsync(TimeSpan.FromSeconds(60), cancel);

    /// <summary>Fails where the process has ended by itself.</summary>
    public void MustRun()
    {
        if (_process.HasExited)
            throw Ended();
    }

    /// <summary>kill −9.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
    }

    /// <summary>Tells it to end.</summary>
    public void Terminate()
    {
        if (!_process.HasExited)
            _ = Kill(_process.Id, SigTerm);
    }

    /// <summary>Tells it to end, and waits until it has: what it writes at its end may take its time.</summary>
    public async Task EndAsync(CancellationToken cancel)
    {
        Terminate();
        await _process.WaitForExitAsync(cancel);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Terminate();
        try
        {
            using CancellationTokenSource patience = new(Patience);
            await _process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            await KillAsync();
        }
        _process.Dispose();
    }

    private SeguroException Ended()
    {
        string said = File.Exists(_log + ".err") ? File.ReadAllText(_log + ".err").Trim() : "";
        return new SeguroException(ErrorCode.ProcessFailed, $"{_what} ended: {(said.Length > 600 ? said[^600..] : said)}", "See what it said; run the demo again.");
    }

    private static async Task CopyAsync(StreamReader from, string file, TaskCompletionSource<string>? firstLine)
    {
        await using StreamWriter to = new(file) { AutoFlush = true };
        while (await from.ReadLineAsync() is { } line)
        {
            firstLine?.TrySetResult(line);
            await to.WriteLineAsync(line);
        }
        firstLine?.TrySetException(new SeguroException(ErrorCode.ProcessFailed, "a process ended before it was ready", $"See {file}."));
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int pid, int signal);
}
