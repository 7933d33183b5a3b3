using System.Diagnostics;

namespace Seguro.Testing;

/// <summary>A process of the program that stands in for <c>urbit</c> (<c>test/Seguro.Testing.Vere</c>): a king, or a utility.</summary>
public sealed class StandInVere : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Watchdog _watchdog = new();
    private readonly Task _reading;
    private readonly Lock _lock = new();
    private readonly List<string> _lines = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private StandInVere(Process process)
    {
        _process = process;
        _watchdog.Process(process.Id);
        _reading = Task.WhenAll(ReadAsync(process.StandardOutput), ReadAsync(process.StandardError));
    }

    /// <summary>Where the program is.</summary>
    public static string Program { get; } = Path.GetFullPath(Path.Combine(
        AppContext.BaseDirectory.TrimEnd('/'), "..", "..", "Seguro.Testing.Vere", Path.GetFileName(AppContext.BaseDirectory.TrimEnd('/')), "standin-vere"));

    /// <summary>Its process id.</summary>
    public int Id => _process.Id;

    /// <summary>What it printed.</summary>
    public string Text
    {
        get
        {
            lock (_lock)
                return string.Join('\n', _lines);
        }
    }

    /// <summary>Starts it.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="environment">What is set besides: <c>STANDIN_VERE_VERSION</c> and the like.</param>
    public static StandInVere Start(IEnumerable<string> arguments, params IEnumerable<(string Name, string Value)> environment)
    {
        ProcessStartInfo start = new(Program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach ((string name, string value) in environment)
            start.Environment[name] = value;
        return new StandInVere(Process.Start(start) ?? throw new InvalidOperationException($"{Program} did not start."));
    }

    /// <summary>Runs one to its end.</summary>
    public static async Task<(int Code, string Text)> RunAsync(IEnumerable<string> arguments, CancellationToken cancel, params IEnumerable<(string Name, string Value)> environment)
    {
        await using StandInVere vere = Start(arguments, environment);
        return (await vere.EndAsync(cancel), vere.Text);
    }

    /// <summary>Types a line.</summary>
    public async Task TypeAsync(string line, CancellationToken cancel)
    {
        await _process.StandardInput.WriteLineAsync(line.AsMemory(), cancel);
        await _process.StandardInput.FlushAsync(cancel);
    }

    /// <summary>Waits until it has printed a line with this text.</summary>
    public async Task SaysAsync(string text, CancellationToken cancel)
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (_lines.Exists(line => line.Contains(text, StringComparison.Ordinal)))
                    return;
                changed = _changed.Task;
            }
            if (await Task.WhenAny(changed, _reading).WaitAsync(cancel) == _reading && !Text.Contains(text, StringComparison.Ordinal))
                throw new InvalidOperationException($"It ended before it said '{text}':\n{Text}");
        }
    }

    /// <summary>Waits for its end.</summary>
    public async Task<int> EndAsync(CancellationToken cancel)
    {
        await _process.WaitForExitAsync(cancel);
        await _reading.WaitAsync(cancel);
        return _process.ExitCode;
    }

    /// <summary>Sends a signal, such as <c>TERM</c>.</summary>
    public Task SignalAsync(string signal) => Tool.SignalAsync(signal, [Id]);

    /// <summary>kill −9, its worker too.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync(CancellationToken.None);
        _watchdog.Gone(_process.Id);
        _watchdog.Dispose();
        _process.Dispose();
    }

    private async Task ReadAsync(StreamReader output)
    {
        while (await output.ReadLineAsync(CancellationToken.None) is { } line)
        {
            lock (_lock)
            {
                _lines.Add(line);
                _changed.SetResult();
                _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }
    }
}
