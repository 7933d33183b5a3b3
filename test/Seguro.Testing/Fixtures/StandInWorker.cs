using System.Diagnostics;
using Seguro.Nouns;
using Seguro.Vere.Protocol;

namespace Seguro.Testing;

/// <summary>A worker of the program that stands in for <c>urbit</c>, with a test in the place of its king.</summary>
public sealed class StandInWorker : IAsyncDisposable
{
    private readonly Process _process;
    private readonly VereProtocol _protocol;
    private readonly Task<string> _errors;

    private StandInWorker(Process process, VereProtocol protocol)
    {
        _process = process;
        _protocol = protocol;
        _errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
    }

    /// <summary>Its process id.</summary>
    public int Id => _process.Id;

    /// <summary>Starts one of protocol 2, or with a version before 4 of protocol 1.</summary>
    public static StandInWorker Start(string pier, params IReadOnlyList<(string Name, string Value)> environment)
    {
        bool isThree = environment.Any(static variable => variable.Name == "STANDIN_VERE_VERSION" && variable.Value.StartsWith("3.", StringComparison.Ordinal));
        string[] arguments = isThree
            ? ["serf", pier, "0:0:0:0", "128", "50000", "31", "0", "0", "0", "0"]
            : ["work", "--snap-dir", pier, "--runtime-config", "128", "--temporary-cache-size", "50000", "--loom", "31", "--toss", "0", "--persistent-cache-size", "0",
                "--snap-time", "4000000", "--lmdb-map-size", "1099511627776"];
        ProcessStartInfo start = new(StandInVere.Program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach ((string name, string value) in environment)
            start.Environment[name] = value;
        return new StandInWorker(Process.Start(start)!, isThree ? VereProtocol.One : VereProtocol.Two);
    }

    /// <summary>Sends a task.</summary>
    public Task SendAsync(VereTask task, CancellationToken cancel) => SendAsync(Newt.Frame(task.ToNoun()), cancel);

    /// <summary>Sends a frame.</summary>
    public async Task SendAsync(ReadOnlyMemory<byte> frame, CancellationToken cancel)
    {
        await _process.StandardInput.BaseStream.WriteAsync(frame, cancel);
        await _process.StandardInput.BaseStream.FlushAsync(cancel);
    }

    /// <summary>Hears the next frame's body; null at the end.</summary>
    public async Task<byte[]?> HearAsync(CancellationToken cancel) => await Newt.ReadAsync(_process.StandardOutput.BaseStream, int.MaxValue, cancel);

    /// <summary>Hears the next gift.</summary>
    /// <exception cref="InvalidOperationException">It ended; the message has what it wrote.</exception>
    public async Task<VereGift> GiftAsync(CancellationToken cancel) =>
        VereGift.Read(Cue.From(await HearAsync(cancel) ?? throw new InvalidOperationException($"The worker ended: {await _errors}")), _protocol);

    /// <summary>Closes its input: the king is gone.</summary>
    public void Close() => _process.StandardInput.Close();

    /// <summary>Waits for its end: exit code and what it wrote.</summary>
    public async Task<(int Code, string Text)> EndAsync(CancellationToken cancel)
    {
        await _process.WaitForExitAsync(cancel);
        return (_process.ExitCode, await _errors);
    }

    /// <summary>kill −9.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
    }
}
