using System.Diagnostics;
using System.Threading.Channels;
using Seguro.Core;
using Seguro.Identity;

namespace Seguro.Stores.Dqlite;

/// <summary>One life of a node's process.</summary>
sealed class NodeChild : IAsyncDisposable
{
    private const int TailLines = 20;
    private const int LongestLine = 1000;

    private readonly Process _process;
    private readonly Queue<string> _tail = [];
    private readonly Task _errors;
    private readonly Task _saying;
    private readonly Channel<AccessRecord> _access = Channel.CreateBounded<AccessRecord>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });
    private readonly HostAddress _address;

    private NodeChild(Process process, HostAddress address)
    {
        _process = process;
        _address = address;
        Id = process.Id;
        _errors = Task.Run(DrainErrorsAsync);
        _saying = Task.Run(SayAsync);
    }

    public int Id { get; }

    /// <summary>Tells the process who is let in from now on. Does not wait: of several lists that it has not read yet it gets the last.</summary>
    public void SetAccess(AccessRecord access) => _access.Writer.TryWrite(access);

    /// <summary>Starts the process.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.ProcessFailed"/>.</exception>
    public static NodeChild Start(SeguroExecutable executable, DqliteNodeOptions options, AccessRecord access)
    {
        ProcessStartInfo start = new(executable.File)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        // A node hardly computes: its code is not worth profiling, and starts sooner without.
        start.Environment["DOTNET_TieredPGO"] = "0";
        foreach (string argument in executable.First)
            start.ArgumentList.Add(argument);
        foreach (string argument in NodeArguments.Write(options with { Supervised = true }))
            start.ArgumentList.Add(argument);
        try
        {
            NodeChild child = new(Process.Start(start) ?? throw new InvalidOperationException("no process was made"), options.Address);
            child.SetAccess(access);
            return child;
        }
        catch (Exception error) when (error is System.ComponentModel.Win32Exception or InvalidOperationException)
        {
            throw new SeguroException(ErrorCode.ProcessFailed, $"{executable.File} can't be started: {error.Message}", "See whether it is there and may be executed.", error);
        }
    }

    /// <summary>Waits for the report that the node is ready.</summary>
    /// <exception cref="SeguroException">The reported error, or <see cref="ErrorCode.ProcessFailed"/>.</exception>
    public async Task WaitUntilReadyAsync(TimeSpan patience, CancellationToken cancel)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(patience);
        try
        {
            while (await _process.StandardOutput.ReadLineAsync(limit.Token) is { } line)
            {
                if (NodeReport.Read(line) is not { } report)
                    continue;
                if (!report.Ready)
                    throw report.ToError();
                return;
            }
            throw await DiedAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new SeguroException(ErrorCode.ProcessFailed, $"the dqlite node at {_address} was not ready after {patience.TotalSeconds:0} s{Tail()}",
                "Give it more time if its database is large; else see what its machine is busy with.");
        }
    }

    /// <summary>Waits until the process ends, and says why it did.</summary>
    /// <param name="refused">Hears how many connections it refused until now, and why the last one was.</param>
    /// <param name="cancel">Ends the wait.</param>
    public async Task<SeguroException> WaitForEndAsync(Action<long, string> refused, CancellationToken cancel)
    {
        while (await _process.StandardOutput.ReadLineAsync(cancel) is { } line)
        {
            if (NodeReport.Read(line) is { Refused: > 0 } report)
                refused(report.Refused, report.What ?? "");
        }
        return await DiedAsync(cancel);
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            _process.Kill();
        }
        catch (InvalidOperationException)
        {
            // It has ended.
        }
        await _process.WaitForExitAsync(CancellationToken.None);
        await _errors;
        _access.Writer.TryComplete();
        await _saying;
        _process.Dispose();
    }

    private async Task<SeguroException> DiedAsync(CancellationToken cancel)
    {
        await _process.WaitForExitAsync(cancel);
        await _errors.WaitAsync(cancel);
        int code = _process.ExitCode;
        string how = code > 128 ? $"was ended by signal {code - 128}" : $"ended with exit code {code}";
        return new SeguroException(ErrorCode.ProcessFailed, $"the process of the dqlite node at {_address} {how}{Tail()}",
            "It is started again by itself. Where that repeats, its last words say why; if there are none, see whether its machine has memory (dmesg).");
    }

    private async Task SayAsync()
    {
        try
        {
            await foreach (AccessRecord access in _access.Reader.ReadAllAsync())
            {
                await _process.StandardInput.WriteLineAsync(access.ToLine());
                await _process.StandardInput.FlushAsync();
            }
        }
        catch (IOException)
        {
            // It has ended; whoever waits for that starts another.
        }
    }

    private async Task DrainErrorsAsync()
    {
        char[] buffer = new char[LongestLine];
        System.Text.StringBuilder line = new();
        int count;
        while ((count = await _process.StandardError.ReadAsync(buffer)) > 0)
        {
            foreach (char character in buffer.AsSpan(0, count))
            {
                if (character == '\n')
                    Keep(line);
                else if (line.Length < LongestLine)
                    line.Append(character);
            }
        }
        Keep(line);
    }

    private void Keep(System.Text.StringBuilder line)
    {
        if (line.Length > 0)
        {
            lock (_tail)
            {
                _tail.Enqueue(line.ToString());
                if (_tail.Count > TailLines)
                    _tail.Dequeue();
            }
        }
        line.Clear();
    }

    private string Tail()
    {
        lock (_tail)
            return _tail.Count == 0 ? "" : $"; its last words: {string.Join(" / ", _tail)}";
    }
}
