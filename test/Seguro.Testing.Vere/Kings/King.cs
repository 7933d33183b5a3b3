using System.Runtime.InteropServices;
using System.Threading.Channels;
using Seguro.Core;
using Seguro.Nouns;

namespace Seguro.Testing.Vere;

/// <summary>
/// <c>urbit PIER</c>, the king: it starts the worker, waits for its <c>%ripe</c> and binds nothing before, offers it the ova of its drivers, at most ten tasks at a time, and carries out effects
/// (vere-facts.md §5a, §10 A.1 to A.3). It runs in one loop; what comes from elsewhere is posted to it.
/// </summary>
sealed class King : IAsyncDisposable
{
    private const int Posted = 4096;
    private const PosixSignal User1 = (PosixSignal)10;
    private readonly Channel<Action> _loop = Channel.CreateBounded<Action>(Posted);
    private readonly List<PosixSignalRegistration> _signals = [];
    private readonly Queue<(Noun Gang, Noun Request, Action<bool, Noun> Answered)> _peeks = [];
    private readonly List<Driver> _drivers = [];
    private readonly Lord _lord;
    private bool _isTalking;
    private bool _isLive;
    private int? _code;

    /// <summary>Makes a king that does nothing until <see cref="RunAsync"/>.</summary>
    public King(KingOptions options)
    {
        Options = options;
        Terminal = new TerminalDriver(this);
        _lord = StandInVersion.IsThree ? new SerfLord(this, options) : new WorkLord(this, options);
    }

    /// <summary>The command line.</summary>
    public KingOptions Options { get; }

    /// <summary>The last event of which it knows.</summary>
    public ulong Number { get; private set; }

    /// <summary>The ship's number, once the worker has said it.</summary>
    public UInt128 Who { get; private set; }

    /// <summary>Is the ship fake?</summary>
    public bool IsFake { get; private set; }

    /// <summary>Does it stay on this machine? A fake ship of vere's always does; here one may be let onto a network of the tests' own.</summary>
    public bool IsLocal => (IsFake && Environment.GetEnvironmentVariable("STANDIN_VERE_NETWORK") != "1") || Options.IsLocal;

    /// <summary>The terminal.</summary>
    public TerminalDriver Terminal { get; }

    /// <summary>Has the worker been told to end?</summary>
    public bool IsEnding { get; private set; }

    /// <summary>Are all drivers live?</summary>
    public bool IsLive => _isLive;

    /// <summary>A driver.</summary>
    public T? Find<T>()
        where T : Driver => _drivers.OfType<T>().FirstOrDefault();

    /// <summary>Runs to the end; its exit code.</summary>
    public async Task<int> RunAsync()
    {
        Register(PosixSignal.SIGTERM, Exit);
        Register(PosixSignal.SIGINT, Terminal.Interrupt);
        Register(PosixSignal.SIGTSTP, () => Bail("pier: SIGTSTP"));
        Register(User1, () => Console.Error.WriteLine($"pier: {_drivers.Sum(static driver => driver.Waiting)} ova wait"));
        _lord.Start();
        while (_code is null && await _loop.Reader.WaitToReadAsync())
        {
            while (_code is null && _loop.Reader.TryRead(out Action? action))
                action();
        }
        return _code!.Value;
    }

    /// <summary>Has something done in the loop. Waits while that is full.</summary>
    public ValueTask PostAsync(Action action) => _loop.Writer.WriteAsync(action);

    /// <summary>The worker stands after this event.</summary>
    public void Ripe(ulong number, UInt128 who, bool isFake)
    {
        (Who, IsFake) = (who, isFake);
        Number = number;
        if (!IsLocal && who > byte.MaxValue)
            _lord.Peek(NounList.Some(0), Cell.Of(1, "once", "ax", 0, NounList.Path("boot")), static (_, _) => { }); // and asks its galaxy, which this program does not
        _lord.BeginBatch();
        _lord.Poke(new KingOvum(FirstOva.Wyrd(), Talk, _ => Bail("pier: wyrd: fail")));
    }

    /// <summary>Asks the kernel; the answer is heard in the loop.</summary>
    public void Peek(Noun gang, Noun request, Action<bool, Noun> answered)
    {
        _peeks.Enqueue((gang, request, answered));
        Spin();
    }

    /// <summary>Asks for housekeeping.</summary>
    public void Live(Noun request, Action<bool, Noun> answered) => _lord.Live(request, answered);

    /// <summary>Gives the worker what waits, as far as it has room.</summary>
    public void Spin()
    {
        _lord.BeginBatch();
        while (!IsEnding && _code is null && _isTalking && _lord.HasRoom)
        {
            KingOvum? ovum = null;
            foreach (Driver driver in _drivers)
            {
                if ((ovum = driver.Next()) is not null)
                    break;
            }
            if (ovum is not null)
                _lord.Poke(ovum);
            bool hasPeek = _lord.HasRoom && _peeks.TryDequeue(out (Noun Gang, Noun Request, Action<bool, Noun> Answered) peek) && Ask(peek);
            if (ovum is null && !hasPeek)
                return;
        }

        bool Ask((Noun Gang, Noun Request, Action<bool, Noun> Answered) peek)
        {
            _lord.Peek(peek.Gang, peek.Request, peek.Answered);
            return true;
        }
    }

    /// <summary>An event's effects may leave.</summary>
    public void Release(KingOvum ovum, Noun effects)
    {
        Number++;
        ovum.Done?.Invoke();
        try
        {
            foreach (Noun effect in NounList.Items(effects))
            {
                if (effect is Cell { Head: Noun wire, Tail: Cell card })
                    Kick(wire, card);
            }
        }
        catch (NounException)
        {
            Bail("pier: effects that are no list");
        }
        if (!_isLive && _isTalking && _drivers.TrueForAll(static driver => driver.IsLive))
            Become();
    }

    /// <summary>Ends in order: the worker finishes, saves, and ends; then the king does.</summary>
    public void Exit()
    {
        if (IsEnding)
            return;
        IsEnding = true;
        _lord.Exit();
    }

    /// <summary>Ends at once, with 1; the worker is killed.</summary>
    public void Bail(string why)
    {
        if (_code is not null)
            return;
        Console.Error.WriteLine(why);
        _lord.Halt();
        _code = 1;
    }

    /// <summary>Ends as vere does where it crashes (vere-facts.md §13.3, §13.6).</summary>
    public void Crash(string why)
    {
        Console.Error.WriteLine($"loom: external fault: {why}");
        _lord.Halt();
        _code ??= 139;
    }

    /// <summary>Ends.</summary>
    public void End(int code) => _code ??= code;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _loop.Writer.TryComplete();
        foreach (Driver driver in _drivers)
            await driver.DisposeAsync();
        _lord.Dispose();
        foreach (PosixSignalRegistration signal in _signals)
            signal.Dispose();
    }

    private void Talk()
    {
        _drivers.AddRange([new Fore(this), Terminal, new Clay(this), new HttpClientDriver(this), new HttpServerDriver(this), new Ames(this), new Lick(this)]);
        if (!Options.HasNoControl)
            _drivers.Add(new Control(this));
        _drivers.Add(new Behn(this));
        try
        {
            foreach (Driver driver in _drivers)
                driver.Talk();
        }
        catch (VereExit error)
        {
            Bail(error.Message);
            return;
        }
        _isTalking = true;
        Spin();
    }

    private void Become()
    {
        _isLive = true;
        Console.Error.WriteLine($"pier ({Number}): live");
        Daemon.TellLive();
        if (Options.EndsLive)
            Exit();
    }

    private void Kick(Noun wire, Cell card)
    {
        foreach (Driver driver in _drivers)
        {
            if (driver.Kick(wire, card))
                return;
        }
        if (card.Head == (Noun)"exit")
            Exit();
    }

    private void Register(PosixSignal signal, Action action) => _signals.Add(PosixSignalRegistration.Create(signal, context =>
    {
        context.Cancel = true;
        _ = PostAsync(action).AsTask();
    }));
}
