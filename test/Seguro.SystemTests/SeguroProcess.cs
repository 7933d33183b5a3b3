using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Seguro.Testing;

namespace Seguro.SystemTests;

/// <summary>The real <c>seguro</c> program as a process of its own.</summary>
internal sealed class SeguroProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Task<string> _output;
    private readonly Task<string> _errors;
    private readonly Task _memory;

    private SeguroProcess(Process process)
    {
        _process = process;
        _output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        _errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        _memory = WatchMemoryAsync();
    }

    /// <summary>The built program.</summary>
    public static string Program { get; } =
        Path.Combine(SharedData.Repository, "artifacts", "bin", "Seguro.Cli", Configuration, "seguro");

    /// <summary>The process id.</summary>
    public int Id => _process.Id;

    /// <summary>It has ended.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>The most resident memory that was seen, in bytes: the kernel's own high-water mark.</summary>
    public long PeakMemory { get; private set; }

    private static string Configuration =>
#if DEBUG
        "debug";
#else
        "release";
#endif

    /// <summary>Starts it.</summary>
    public static SeguroProcess Start(params string[] args)
    {
        ProcessStartInfo start = new(Program, args)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            UseShellExecute = false,
        };
        return new SeguroProcess(Process.Start(start) ?? throw new InvalidOperationException($"{Program} did not start"));
    }

    /// <summary>Runs it to its end.</summary>
    public static async Task<Result> RunAsync(params string[] args)
    {
        await using SeguroProcess process = Start(args);
        return await process.EndAsync();
    }

    /// <summary>Waits for its end.</summary>
    public async Task<Result> EndAsync()
    {
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
        await _memory;
        return new Result(_process.ExitCode, await _output, await _errors);
    }

    /// <summary>Ends it with kill −9.</summary>
    public void Kill() => _process.Kill();

    /// <summary>Asks it to end, as systemd does.</summary>
    public void Terminate() => Signal("TERM");

    /// <summary>Sends it a signal.</summary>
    public void Signal(string name)
    {
        using Process kill = Process.Start("kill", ["-" + name, _process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
        await _memory;
        _process.Dispose();
    }

    private async Task WatchMemoryAsync()
    {
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(50));
        while (!_process.HasExited)
        {
            ReadPeak();
            await timer.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    private void ReadPeak()
    {
        try
        {
            foreach (string line in File.ReadLines($"/proc/{_process.Id}/status"))
            {
                if (!line.StartsWith("VmHWM:", StringComparison.Ordinal))
                    continue;
                long kibibytes = long.Parse(line.AsSpan(6).Trim().ToString().Split(' ')[0], CultureInfo.InvariantCulture);
                PeakMemory = Math.Max(PeakMemory, kibibytes << 10);
            }
        }
        catch (IOException)
        {
            // The process ended meanwhile.
        }
    }

    /// <summary>How it ended and what it printed.</summary>
    internal sealed record Result(int ExitCode, string Output, string Errors)
    {
        public JsonElement Json => JsonDocument.Parse(Output).RootElement;

        public Result Ok()
        {
            Assert.True(ExitCode == 0, $"exit code {ExitCode}\n{Output}\n{Errors}");
            return this;
        }
    }
}
