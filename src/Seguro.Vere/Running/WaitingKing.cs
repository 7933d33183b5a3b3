using System.Net.Sockets;
using Seguro.Core;
using Seguro.Vere.Protocol;

namespace Seguro.Vere.Running;

/// <summary>
/// A king that asked for its worker, and waits for what that says: it has bound no port and touched nothing of the pier (vere-facts.md §13.3), and may wait for as long as it takes.
/// </summary>
sealed class WaitingKing : IAsyncDisposable
{
    private WaitingKing(RelayDoor door, ChildProcess process, PseudoTerminal? terminal)
    {
        Door = door;
        Process = process;
        Terminal = terminal;
    }

    /// <summary>Through which its relay came.</summary>
    public RelayDoor Door { get; }

    /// <summary>Its terminal, where it was to have one.</summary>
    public PseudoTerminal? Terminal { get; }

    /// <summary>Sees what it shows there, as it comes.</summary>
    public Action<ReadOnlyMemory<byte>>? Shown { get; set; }

    /// <summary>The king.</summary>
    public ChildProcess Process { get; }

    /// <summary>The relay's other end.</summary>
    public NetworkStream Line { get; private set; } = null!;

    /// <summary>With which arguments the king wants its worker; the worker's own snapshots are never due.</summary>
    public WorkerArguments.Mars Arguments { get; private set; } = null!;

    /// <summary>Starts a king, and waits until it asked for its worker.</summary>
    /// <param name="options">The run that it is for.</param>
    /// <param name="prints">Takes what it prints.</param>
    /// <param name="cancel">Ends the wait, and the king.</param>
    /// <exception cref="SeguroException">It ended, or it is no king that Seguro can gate.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled; the king is gone.</exception>
    public static async Task<WaitingKing> StartAsync(VereRunOptions options, PrintLog prints, CancellationToken cancel)
    {
        RelayDoor door = RelayDoor.Open(options);
        PseudoTerminal? terminal = options.HasTerminal ? PseudoTerminal.TryOpen() : null;
        WaitingKing? king = null;
        try
        {
            string[] plain = terminal is null ? ["-t"] : [];
            ChildProcess process = await ChildProcess.StartAsync(
                "the king", options.Binary, ["--serf-bin", door.Script, .. plain, .. options.Arguments, options.Pier], terminal, options.Network);
            king = new WaitingKing(door, process, terminal);
            king.Show(prints);
            await king.AskedAsync(options, cancel);
            return king;
        }
        catch
        {
            if (king is not null)
            {
                await king.Process.EndAsync(TimeSpan.Zero);
                if (king.Line is { } line)
                    await line.DisposeAsync();
            }
            terminal?.Dispose();
            door.Dispose();
            throw;
        }
    }

    private void Show(PrintLog prints)
    {
        _ = prints.TakeAsync(Process.Error);
        _ = Terminal is { } terminal ? prints.TakeAsync(terminal.Stream, shown => Shown?.Invoke(shown)) : prints.TakeAsync(Process.Output);
    }

    private async Task AskedAsync(VereRunOptions options, CancellationToken cancel)
    {
        using CancellationTokenSource over = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Task<NetworkStream> accepting = Door.AcceptAsync(over.Token);
        if (await Task.WhenAny(accepting, Process.Exited) != accepting)
        {
            await over.CancelAsync();
            throw new SeguroException(ErrorCode.NotFound, $"the king ended with exit code {await Process.Exited} before it had a worker", "See vere.log in the member's folder.");
        }
        Line = await accepting;
        try
        {
            Arguments = VereRun.Checked(WorkerArguments.Read(await RelayLine.ReadArgumentsAsync(Line, over.Token)), options) as WorkerArguments.Mars
                ?? throw new SeguroException(ErrorCode.NotSteerable, "this vere keeps the log with its king, and a worker of it can't stand by", "Use a vere of 4.0 or later; the replica goes on one level below.");
        }
        catch (IOException gone)
        {
            throw new SeguroException(ErrorCode.NotFound, "the relay ended before it said what the king wants", "See vere.log in the member's folder.", gone);
        }
    }

    /// <summary>Lets it end as one that was told to, having done nothing.</summary>
    public async Task SendAwayAsync(TimeSpan patience)
    {
        using CancellationTokenSource limit = new(patience);
        await RelayLine.SendExitAsync(Line, 0, limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Process.EndAsync(patience);
        await DisposeAsync();
    }

    /// <summary>Closes this end; the king's process is its owner's to end.</summary>
    public async ValueTask DisposeAsync()
    {
        await Line.DisposeAsync();
        Terminal?.Dispose();
        Door.Dispose();
    }
}
