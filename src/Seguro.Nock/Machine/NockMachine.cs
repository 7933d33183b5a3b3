using System.Runtime.CompilerServices;
using Seguro.Nouns;

namespace Seguro.Nock;

/// <summary>A Nock 4K machine (vere-facts.md §4.1).</summary>
/// <remarks>
/// Formulas are compiled once and known by identity. Calls wait on a stack of the machine's own, so a computation may be as deep as memory allows.
/// Not safe for two threads at a time. It keeps compiled formulas as long as the formulas live, and results of <c>%memo</c> up to a bound.
/// </remarks>
public sealed partial class NockMachine
{
    private const int CheckEvery = 1 << 12;
    private const int MaxNesting = 128;

    private Frame[] _frames = new Frame[1024];
    private int _depth;
    private int _untilCheck = CheckEvery;
    private long _calls;
    private bool _running;
    private Node? _next;
    private Noun? _nextSubject;
    private CancellationToken _cancellation;
    private Handler? _handler;

    /// <summary>Makes a machine.</summary>
    public NockMachine(NockOptions? options = null)
    {
        Options = options ?? new NockOptions();
        MaxCalls = Options.MaxCalls;
        MaxHeap = Options.MaxHeap;
        Kept = new CallMemo(Options.KeptCalls);
        Code = new NockCode(JetLibrary.All.Select(jet => new InstalledJet(jet.Key, jet.Value, null))
            .Concat(JetLibrary.Memos.Select(memo => new InstalledJet(memo.Key, null, memo.Value)))
            .Where(jet => !Options.AllJetsOff && !Options.JetsOff.Contains(jet.Label))
            .ToDictionary(jet => jet.Label));
    }

    /// <summary>What it may use.</summary>
    public NockOptions Options { get; }

    /// <summary>How many calls each computation from now on may make; 0: as many as it likes.</summary>
    public long MaxCalls { get; set; }

    /// <summary>The labels of all jets there are.</summary>
    public static IEnumerable<string> JetLabels => JetLibrary.All.Keys;

    /// <summary>The labels of the gates whose products are kept; they can be switched off as jets can.</summary>
    public static IEnumerable<string> KeptLabels => JetLibrary.Memos.Keys;

    /// <summary>The labels that cores were given by <c>%fast</c> so far.</summary>
    public IEnumerable<string> CoreLabels => Code.Labels;

    /// <summary>How often each jet stood for its gate's formula.</summary>
    public IReadOnlyDictionary<string, long> JetRuns => Code.Jets.Where(jet => jet.Value.Runs > 0).ToDictionary(jet => jet.Key, jet => jet.Value.Runs);

    /// <summary>How many calls (opcodes 2 and 9) it made.</summary>
    public long Calls => _calls + CheckEvery - _untilCheck;

    /// <summary>How many arms it made machine code of.</summary>
    public int CompiledArms { get; private set; }

    internal NockCode Code { get; }

    internal CallMemo Kept { get; }

    internal int Depth => _depth;

    /// <summary>How many calls of compiled arms wait on the .NET stack; beyond <see cref="MaxNesting"/>, calls wait on the machine's only.</summary>
    internal int Nesting { get; set; }

    /// <summary>May a compiled arm make a call that waits on the .NET stack?</summary>
    internal bool MayNest => Nesting < MaxNesting && CanNest();

    internal Noun Trace { get; set; } = Atom.Zero;

    internal Dictionary<Noun, Noun> Memo { get; } = [];

    /// <summary>Takes over the names of cores that vere exported with a ship's state.</summary>
    /// <exception cref="NounException">It is not such a list.</exception>
    public void ImportHashboard(Noun list) => Code.Import(list);

    /// <summary>The names of cores that it knows, for <see cref="ImportNames"/>: a list of <c>[battery label axis parent-label payload]</c>.</summary>
    /// <remarks>A root has the axis 0, and its payload as a unit; the others have <c>~</c> there.</remarks>
    public Noun ExportNames() => Code.ExportNames();

    /// <summary>Takes over names that <see cref="ExportNames"/> gave: jets for the cores are found without a hint being run again.</summary>
    /// <exception cref="NounException">It is not such a list.</exception>
    public void ImportNames(Noun list) => Code.ImportNames(list);

    /// <summary>Computes a formula on a subject.</summary>
    /// <exception cref="NockException">It crashed, or a limit was reached.</exception>
    /// <exception cref="OperationCanceledException">It was interrupted.</exception>
    public Noun Run(Noun subject, Noun formula, CancellationToken cancellationToken = default)
    {
        NockResult result = Try(subject, formula, cancellationToken);
        return result.Product ?? throw new NockException(result);
    }

    /// <summary>Computes a formula on a subject; a crash is a result.</summary>
    /// <exception cref="OperationCanceledException">It was interrupted.</exception>
    public NockResult Try(Noun subject, Noun formula, CancellationToken cancellationToken = default)
    {
        if (_running)
            throw new InvalidOperationException("A machine computes one thing at a time.");
        _running = true;
        _cancellation = cancellationToken;
        _calls = 0;
        _untilCheck = CheckEvery;
        _onThisThread = this;
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            return new NockResult(Evaluate(Code.NodeOf(formula), subject), "", Atom.Zero);
        }
        catch (NockCrash crash)
        {
            Kept.Clear();
            return new NockResult(null, crash.Mote, crash.Trace(Trace));
        }
        catch (NockBlock block)
        {
            return new NockResult(null, "exit", new Cell(new Cell("hunk", block.Path), Trace));
        }
        catch (OutOfMemoryException)
        {
            Forget();
            return new NockResult(null, "meme", Atom.Zero);
        }
        finally
        {
            _running = false;
            _onThisThread = null;
            Unwind(0);
            Nesting = 0;
            _next = null;
            _nextSubject = null;
            Trace = Atom.Zero;
            _handler = null;
            if (_frames.Length > 1 << 20)
                _frames = new Frame[1024];
        }
    }

    /// <summary>Calls a gate with a sample.</summary>
    /// <exception cref="NockException">It crashed, or a limit was reached.</exception>
    /// <exception cref="OperationCanceledException">It was interrupted.</exception>
    public Noun Slam(Noun gate, Noun sample, CancellationToken cancellationToken = default)
    {
        NockResult result = TrySlam(gate, sample, cancellationToken);
        return result.Product ?? throw new NockException(result);
    }

    /// <summary>Calls a gate with a sample; a crash is a result.</summary>
    /// <exception cref="OperationCanceledException">It was interrupted.</exception>
    public NockResult TrySlam(Noun gate, Noun sample, CancellationToken cancellationToken = default) =>
        Try(new Cell(gate, sample), SlamFormula, cancellationToken);

    internal static Noun SlamFormula { get; } = Cell.Of(9, 2, 10, Cell.Of(6, 0, 3), 0, 2);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void CountCall()
    {
        if (--_untilCheck <= 0)
            Check();
    }

    internal void Push(Resumption next, Noun saved, Noun? other)
    {
        if (_depth == _frames.Length)
            Grow();
        ref Frame frame = ref _frames[_depth++];
        frame.Next = next;
        frame.Saved = saved;
        frame.Other = other;
    }

    /// <summary>Holds a frame that nodes would push, and compiled arms need only be counted. It is empty, as all frames beyond the depth.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Reserve()
    {
        if (_depth == _frames.Length)
            Grow();
        _depth++;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Release() => _depth--;

    /// <summary>An arm in machine code; null where there is enough of that, it is not worth it, or can't be done.</summary>
    internal CompiledArm? Compile(Arm arm)
    {
        if (CompiledArms >= Options.CompiledArms || Options.Profile is not null || ArmCompiler.Compile(arm) is not CompiledArm compiled)
            return null;
        CompiledArms++;
        return compiled;
    }

    /// <summary>Computes within a computation, for a jet. There must be stack for it: ask <see cref="CanNest"/>.</summary>
    internal Noun Evaluate(Node? node, Noun register) => Evaluate(node, register, _depth);

    private Noun Evaluate(Node? node, Noun register, int bottom)
    {
        while (true)
        {
            while (node is not null)
                node = node.Enter(this, ref register);
            if (_depth == bottom)
                return register;
            ref Frame top = ref _frames[--_depth];
            Frame frame = top;
            top = default;
            node = frame.Next.Resume(this, frame, ref register);
        }
    }

    /// <summary>What a compiled arm returns when it goes on elsewhere: null, after which <see cref="TakeNext"/> says where.</summary>
    internal Noun? GoOn(Node node, Noun subject)
    {
        _next = node;
        _nextSubject = subject;
        return null;
    }

    internal Node TakeNext(out Noun subject)
    {
        (Node node, subject) = (_next!, _nextSubject!);
        (_next, _nextSubject) = (null, null);
        return node;
    }

    /// <summary>A call by a compiled arm that is not its last.</summary>
    internal Noun EvaluateNested(Node node, Noun subject)
    {
        Nesting++;
        Noun product = Evaluate(node, subject);
        Nesting--;
        return product;
    }

    /// <summary>What is left of a call that went on elsewhere.</summary>
    internal Noun Rest()
    {
        Node node = TakeNext(out Noun subject);
        return Evaluate(node, subject);
    }

    /// <summary>Calls a gate within a computation.</summary>
    internal Noun SlamNested(Noun gate, Noun sample)
    {
        CountCall();
        if (gate is not Cell { HeadField: Cell formula, TailField: Cell payload } core)
            throw new NockCrash();
        Arm arm = Code.BatteryOf(formula).ArmOf(2);
        int bottom = _depth;
        return (arm.HasJet ? TryJet(arm, core, sample) : null)
            ?? Evaluate(arm.Node, new Cell(formula, new Cell(sample, payload.TailField)), bottom);
    }

    internal static bool CanNest() => RuntimeHelpers.TryEnsureSufficientExecutionStack();

    /// <summary>The product of an arm's jet, where the core is what its name says, and the jet does not decline.</summary>
    internal Noun? TryJet(Arm arm, Cell core, Noun sample)
    {
        if (arm.JetFor(core) is not InstalledJet jet)
            return null;
        if (jet.Body is null)
            return Recall(arm, jet, new JetCall(this, core, sample));
        Noun? product = jet.Body(new JetCall(this, core, sample));
        if (product is not null)
            jet.Runs++;
        return product;
    }

    // Where the product is not known yet, what comes back from the formula will be kept.
    private Noun? Recall(Arm arm, InstalledJet jet, in JetCall call)
    {
        if (jet.Key!(this, arm, call) is not CallKey key)
            return null;
        if (Kept.Find(key) is Noun product)
        {
            jet.Runs++;
            return product;
        }
        Push(CallMemo.Keeping(key), Atom.Zero, null);
        return null;
    }

    internal void Remember(Noun key, Noun product)
    {
        if (Memo.Count >= Options.MemoEntries)
            Memo.Clear();
        Memo[key] = product;
    }

    private void Unwind(int depth)
    {
        Array.Clear(_frames, depth, _depth - depth);
        _depth = depth;
    }

    private void Grow()
    {
        if (_frames.Length >= Options.MaxDepth)
            throw new NockCrash("meme");
        Take(2L * _frames.Length * BytesOfFrame);
        Array.Resize(ref _frames, (int)Math.Min(2L * _frames.Length, Options.MaxDepth));
    }

    private void Check()
    {
        _untilCheck = CheckEvery;
        _calls += CheckEvery;
        _cancellation.ThrowIfCancellationRequested();
        if (MaxCalls > 0 && _calls > MaxCalls)
            throw new NockCrash("fail");
        if (GC.GetAllocatedBytesForCurrentThread() - _looked > Breath)
            LookAtHeap(0);
    }
}
