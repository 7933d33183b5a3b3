using System.Diagnostics;
using System.Threading.Channels;
using Seguro.Core;
using Seguro.Nouns;
using Seguro.Vere.Protocol;

namespace Seguro.Testing.Vere;

/// <summary>The king's end of the pipes to its worker: the process, the tasks that have no answer yet, and what an answer sets off. Its members are called in the king's loop.</summary>
abstract class Lord(King king, KingOptions options) : IDisposable
{
    /// <summary>The most tasks that the worker has at a time (vere-facts.md §5a, "King window").</summary>
    public const int Window = 10;

    private readonly Queue<Writ> _writs = [];
    private readonly Channel<byte[]> _frames = Channel.CreateBounded<byte[]>(64);
    private Process? _process;
    private bool _isRipe;

    /// <summary>May it be given another task?</summary>
    public virtual bool HasRoom => _isRipe && _writs.Count < Window && !_writs.Any(static writ => writ.Kind is WritKind.Exit);

    /// <summary>Tasks that have no answer yet.</summary>
    protected int Outstanding => _writs.Count;

    /// <summary>The king.</summary>
    protected King King => king;

    /// <summary>The king's command line.</summary>
    protected KingOptions Options => options;

    /// <summary>The protocol.</summary>
    protected abstract VereProtocol Protocol { get; }

    /// <summary>The program to start.</summary>
    protected string Program => options.Worker ?? Environment.ProcessPath!;

    /// <summary>Starts the worker.</summary>
    public abstract void Start();

    /// <summary>Some tasks will be given together.</summary>
    public virtual void BeginBatch()
    {
    }

    /// <summary>Gives it an ovum.</summary>
    public void Poke(KingOvum ovum)
    {
        _writs.Enqueue(new Writ(WritKind.Poke, ovum));
        Send(PokeTask(ovum));
    }

    /// <summary>Asks the kernel.</summary>
    public void Peek(Noun gang, Noun request, Action<bool, Noun> answered)
    {
        _writs.Enqueue(new Writ(WritKind.Peek, Answered: answered));
        Send(new VereTask.Peek(0, gang, request));
    }

    /// <summary>Asks for housekeeping.</summary>
    public void Live(Noun request, Action<bool, Noun> answered)
    {
        _writs.Enqueue(new Writ(WritKind.Live, Answered: answered));
        Send(new VereTask.Live(request));
    }

    /// <summary>Asks it to end.</summary>
    public virtual void Exit()
    {
        _writs.Enqueue(new Writ(WritKind.Exit));
        Send(new VereTask.Exit(Protocol, Atom.Zero));
    }

    /// <summary>Kills the worker.</summary>
    public void Halt()
    {
        if (_process is { HasExited: false })
            _process.Kill();
    }

    /// <inheritdoc/>
    public virtual void Dispose() => _process?.Dispose();

    /// <summary>The message for an ovum.</summary>
    protected abstract VereTask PokeTask(KingOvum ovum);

    /// <summary>The worker said where it stands.</summary>
    protected abstract void Ripe(VereGift.Ripe ripe);

    /// <summary>The worker has answered a poke.</summary>
    protected abstract void Poked(KingOvum ovum, VereGift gift);

    /// <summary>An answer was heard.</summary>
    protected virtual void Settle()
    {
    }

    /// <summary>The worker ended.</summary>
    protected virtual void Gone(int code)
    {
        if (_writs.TryPeek(out Writ? head) && head.Kind is WritKind.Exit && code == 0)
            king.End(0);
        else
            king.Bail("pier: work exit");
    }

    /// <summary>Starts the process with three pipes; what it writes to its errors goes to the king's.</summary>
    protected void Spawn(IEnumerable<string> arguments)
    {
        ProcessStartInfo start = new(Program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = Protocol is VereProtocol.Two, UseShellExecute = false };
        try
        {
            _process = Process.Start(start) ?? throw VereExit.Failed($"lord: {Program} did not start");
        }
        catch (System.ComponentModel.Win32Exception error)
        {
            throw VereExit.Failed($"lord: {Program}: {error.Message}");
        }
        _ = WriteAsync(_process);
        _ = ReadAsync(_process);
        if (start.RedirectStandardError)
            _ = CopyErrorsAsync(_process);
    }

    /// <summary>Sends a task.</summary>
    protected void Send(VereTask task)
    {
        if (!_frames.Writer.TryWrite(Newt.Frame(task.ToNoun())))
            king.Bail("lord: the worker takes nothing");
    }

    private async Task WriteAsync(Process process)
    {
        try
        {
            await foreach (byte[] frame in _frames.Reader.ReadAllAsync())
            {
                await process.StandardInput.BaseStream.WriteAsync(frame);
                await process.StandardInput.BaseStream.FlushAsync();
            }
        }
        catch (IOException)
        {
            // It is gone, which the reader sees.
        }
    }

    private async Task ReadAsync(Process process)
    {
        string? failure = null;
        try
        {
            while (await Newt.ReadAsync(process.StandardOutput.BaseStream, int.MaxValue, CancellationToken.None) is { } frame)
                await king.PostAsync(() => Hear(frame));
        }
        catch (Exception error) when (error is SeguroException or IOException)
        {
            failure = $"newt: {error.Message}";
        }
        if (failure is not null)
            await king.PostAsync(() => king.Bail(failure));
        await process.WaitForExitAsync();
        await king.PostAsync(() => Gone(process.ExitCode));
    }

    private static async Task CopyErrorsAsync(Process process)
    {
        using Stream errors = Console.OpenStandardError();
        await process.StandardError.BaseStream.CopyToAsync(errors);
    }

    private void Hear(byte[] frame)
    {
        VereGift gift;
        try
        {
            gift = VereGift.Read(Cue.From(frame, CueLimits.Default with { Bytes = Array.MaxLength }), Protocol);
        }
        catch (NounException error)
        {
            king.Bail($"lord: {error.Message}");
            return;
        }
        switch (gift)
        {
            case VereGift.Slog slog:
                Console.Out.WriteLine(TankText.Of(slog.Tank));
                break;
            case VereGift.Flog flog:
                Console.Out.WriteLine(TankText.Of(flog.Text));
                break;
            case VereGift.Synced:
                break;
            case VereGift.Ripe ripe when !_isRipe:
                if (king.IsEnding)
                    king.Crash("a %ripe after %exit"); // vere-facts.md §13.3
                _isRipe = true;
                Ripe(ripe);
                break;
            case VereGift.Poked or VereGift.PokeFailed or VereGift.Worked or VereGift.Swapped:
                if (Need(WritKind.Poke) is { } poke)
                    Poked(poke.Ovum!, gift);
                break;
            case VereGift.Peeked peeked:
                if (Need(WritKind.Peek) is { } peek)
                    peek.Answered!(peeked.IsDone, peeked.Result);
                break;
            case VereGift.Lived lived:
                if (Need(WritKind.Live) is { } live)
                    live.Answered!(true, lived.Result);
                break;
            case VereGift.Quizzed quizzed:
                if (Need(WritKind.Quiz) is { } quiz)
                    quiz.Answered!(true, quizzed.Result);
                break;
            default:
                king.Bail("lord: strange plea");
                break;
        }
        Settle();
        king.Spin();
    }

    // An answer belongs to the oldest task.
    private Writ? Need(WritKind kind)
    {
        if (_writs.TryPeek(out Writ? head) && head.Kind == kind)
            return _writs.Dequeue();
        king.Bail($"lord: unexpected %{kind.ToString().ToLowerInvariant()}, expected {(head is null ? "nothing" : "%" + head.Kind.ToString().ToLowerInvariant())}");
        return null;
    }
}
