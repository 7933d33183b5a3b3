using System.Diagnostics;
using System.Globalization;
using Seguro.Core;

namespace Seguro.Testing;

/// <summary>A process of its own that appends to a store until it is killed: see <c>Seguro.Testing.Writer</c>.</summary>
public sealed class WritingProcess : IAsyncDisposable
{
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

    private static WritingProcess Start(string url, Ship ship, ulong seed, string last)
    {
        string here = AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar);
        string folder = Path.GetFullPath(Path.Combine(here, "..", "..", "Seguro.Testing.Writer", Path.GetFileName(here)));
        ProcessStartInfo start = new(Path.Combine(folder, "Seguro.Testing.Writer"))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.ArgumentList.Add(url);
        start.ArgumentList.Add(ship.Name);
        start.ArgumentList.Add(seed.ToString(CultureInfo.InvariantCulture));
        start.ArgumentList.Add(last);
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
