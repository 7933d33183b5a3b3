using System.Diagnostics;
using System.Globalization;
using Seguro.Core;

namespace Seguro.Testing;

/// <summary>A process of its own that appends to a store until it is killed: see <c>Seguro.Testing.Writer</c>.</summary>
public sealed class WritingProcess : IAsyncDisposable
{
    /// <summary>128 and the number of SIGKILL.</summary>
    private const int Killed = 137;

    private readonly Process _process;
    private readonly Task<string> _errors;

    private WritingProcess(Process process)
    {
        _process = process;
        _errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
    }

    /// <summary>The last event that it said was committed.</summary>
    public ulong Acknowledged { get; private set; }

    /// <summary>Starts it.</summary>
    /// <param name="url">The store.</param>
    /// <param name="ship">The log, which is made where it is missing.</param>
    /// <param name="seed">Of the payloads: <see cref="WriterPayload"/>.</param>
    /// <param name="large">The size of every seventh event, in bytes, or 0.</param>
    public static WritingProcess Start(string url, Ship ship, ulong seed, int large) => Start(url, ship, seed, large.ToString(CultureInfo.InvariantCulture));

    /// <summary>Starts one that appends to a pier up to event 40 or a little above, removes the last 20, and so on; what it acknowledges is the last event then.</summary>
    public static WritingProcess StartCutting(string url, Ship ship, ulong seed) => Start(url, ship, seed, "cut");

    /// <summary>Imports a pier in a process that kills itself at a point (<see cref="DyingStore"/>).</summary>
    /// <returns>The import ended before that point.</returns>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    public static async Task<bool> ImportAsync(string pier, string url, string? certificates, int point, CancellationToken cancel)
    {
        await using WritingProcess process = Start([url, "import", pier, point.ToString(CultureInfo.InvariantCulture), certificates ?? ""]);
        await process._process.WaitForExitAsync(cancel);
        return process._process.ExitCode switch
        {
            0 => true,
            Killed => false,
            int code => throw new InvalidOperationException($"The importing process ended with {code}: {await process._errors}"),
        };
    }

    private static WritingProcess Start(string url, Ship ship, ulong seed, string last) =>
        Start([url, ship.Name, seed.ToString(CultureInfo.InvariantCulture), last]);

    private static WritingProcess Start(IReadOnlyList<string> arguments)
    {
        string here = AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar);
        string folder = Path.GetFullPath(Path.Combine(here, "..", "..", "Seguro.Testing.Writer", Path.GetFileName(here)));
        ProcessStartInfo start = new(Path.Combine(folder, "Seguro.Testing.Writer"))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (string argument in arguments)
            start.ArgumentList.Add(argument);
        Process process = Process.Start(start) ?? throw new InvalidOperationException($"{start.FileName} did not start.");
        return new WritingProcess(process);
    }

    /// <summary>Waits until it has acknowledged <paramref name="count"/> groups more.</summary>
    public async Task ReachAsync(int count, CancellationToken cancel)
    {
        for (int i = 0; i < count; i++)
        {
            string line = await _process.StandardOutput.ReadLineAsync(cancel)
                ?? throw new InvalidOperationException($"The writing process ended by itself: {await _errors}");
            Note(line);
        }
    }

    /// <summary>Kills it (kill −9) and takes in what it had still said.</summary>
    public async Task KillAsync(CancellationToken cancel)
    {
        _process.Kill();
        await _process.WaitForExitAsync(cancel);
        while (await _process.StandardOutput.ReadLineAsync(cancel) is { } line)
        {
            if (line.StartsWith("ack ", StringComparison.Ordinal))
                Note(line);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
    }

    private void Note(string line) => Acknowledged = ulong.Parse(line.AsSpan("ack ".Length), CultureInfo.InvariantCulture);
}
