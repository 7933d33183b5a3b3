using System.Diagnostics;
using System.Globalization;

namespace Seguro.Testing;

/// <summary>A process of its own that writes a pier's log as vere does, until it is killed: what stands in for a running ship beside a mirror.</summary>
public sealed class PierWritingProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Task _reading;
    private readonly Task<string> _errors;
    private readonly Lock _lock = new();
    private readonly List<(ulong Last, DateTimeOffset At)> _commits = [];

    private PierWritingProcess(Process process)
    {
        _process = process;
        _errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        _reading = ReadAsync();
    }

    /// <summary>Its commits so far: the last event of each, and when it was done.</summary>
    public IReadOnlyList<(ulong Last, DateTimeOffset At)> Commits
    {
        get
        {
            lock (_lock)
                return [.. _commits];
        }
    }

    /// <summary>The last event that it said was committed.</summary>
    public ulong Last
    {
        get
        {
            lock (_lock)
                return _commits.Count == 0 ? 0 : _commits[^1].Last;
        }
    }

    /// <summary>Starts it.</summary>
    /// <param name="pier">The pier, which nobody else may hold.</param>
    /// <param name="seed">Of the payloads: <see cref="WriterPayload"/>.</param>
    /// <param name="pause">Between commits.</param>
    /// <param name="large">The size of every seventh event, in bytes, or 0.</param>
    public static PierWritingProcess Start(string pier, ulong seed, TimeSpan pause, int large = 0)
    {
        string here = AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar);
        string folder = Path.GetFullPath(Path.Combine(here, "..", "..", "Seguro.Testing.Writer", Path.GetFileName(here)));
        ProcessStartInfo start = new(Path.Combine(folder, "Seguro.Testing.Writer"))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            ArgumentList =
            {
                pier, "vere", seed.ToString(CultureInfo.InvariantCulture), ((int)pause.TotalMilliseconds).ToString(CultureInfo.InvariantCulture), large.ToString(CultureInfo.InvariantCulture),
            },
        };
        return new PierWritingProcess(Process.Start(start) ?? throw new InvalidOperationException($"{start.FileName} did not start."));
    }

    /// <summary>Waits until it has committed this event.</summary>
    public async Task ReachAsync(ulong number, CancellationToken cancel)
    {
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(5));
        while (Last < number)
        {
            if (_process.HasExited)
                throw new InvalidOperationException($"The process that writes the pier ended by itself: {await _errors}");
            await timer.WaitForNextTickAsync(cancel);
        }
    }

    /// <summary>Kills it (kill −9).</summary>
    public async Task KillAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
        await _reading;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process.Dispose();
    }

    private async Task ReadAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync(CancellationToken.None) is { } line)
        {
            if (line.Split(' ') is not ["ack", var number, var time])
                continue;
            DateTimeOffset at = DateTimeOffset.UnixEpoch.AddTicks(long.Parse(time, CultureInfo.InvariantCulture) * 10);
            lock (_lock)
                _commits.Add((ulong.Parse(number, CultureInfo.InvariantCulture), at));
        }
    }
}
