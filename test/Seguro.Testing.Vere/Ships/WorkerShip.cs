using System.Buffers.Binary;
using System.Globalization;
using Seguro.Core;
using Seguro.Nock;
using Seguro.Nouns;

namespace Seguro.Testing.Vere;

/// <summary>A worker's ship: a kernel, the number of its last event, and what vere does where an event crashes (vere-facts.md §4, §5a "Semantics").</summary>
/// <remarks>
/// It stamps nothing by itself and turns no time back or forth: what the clock said is in the event, as with vere. Not safe for two threads.
/// Where <c>STANDIN_VERE_TWICE</c> is an event's number, that event is computed twice: a fault that every worker has alike, so that none of them notices.
/// </remarks>
sealed class WorkerShip
{
    private static readonly Noun ArvoWire = NounList.Path("", "arvo");
    private static readonly Atom Evil = Cord.Of("evil");
    private static readonly ulong Twice = ulong.TryParse(Environment.GetEnvironmentVariable("STANDIN_VERE_TWICE"), CultureInfo.InvariantCulture, out ulong number) ? number : 0;
    private readonly NockMachine _machine;
    private ArvoKernel? _kernel;
    private Noun _formulas = Atom.Zero;
    private Noun? _mook;

    /// <summary>A ship before its first event.</summary>
    /// <param name="life">How many events are formulas.</param>
    /// <param name="slog">Hears what the kernel prints: <c>[priority tank]</c>.</param>
    public WorkerShip(uint life, Action<Noun> slog)
    {
        Life = life;
        _machine = new NockMachine(new NockOptions { Slog = slog, MaxHeap = HeapBudget.Available / 2 });
    }

    /// <summary>How many events are formulas. The serf of protocol 1 learns it from its king.</summary>
    public uint Life { get; set; }

    /// <summary>The last event.</summary>
    public ulong Number { get; private set; }

    /// <summary>The mug of the kernel; 0 before there is one.</summary>
    public uint Mug => _kernel is null ? 0 : _kernel.Mug;

    /// <summary>The state as it is saved: <c>[%boot formulas]</c> before there is a kernel, then <c>[%arvo kernel %names names]</c>.</summary>
    public Noun State => _kernel is null ? Cell.Of("boot", _formulas) : Cell.Of("arvo", _kernel.Core, "names", _machine.ExportNames());

    /// <summary>Takes up a state that was saved, or one that vere exported (<c>cram</c>).</summary>
    /// <exception cref="NounException">It is none.</exception>
    public void Restore(ulong number, Noun state)
    {
        _mook = null;
        Number = number;
        if (Axis.At(state, 2) == "boot")
        {
            _formulas = Axis.Get(state, 3);
            return;
        }
        if (Axis.At(state, 14) != "names")
        {
            _kernel = ArvoKernel.Restore(_machine, state);
            return;
        }
        _kernel = new ArvoKernel(_machine, Axis.Get(state, 6));
        _machine.ImportNames(Axis.Get(state, 15));
    }

    /// <summary>Computes the next event of the log. Where that fails, the state is the one before.</summary>
    /// <param name="payload">The event as it lies in the log.</param>
    /// <param name="isSoft">Is another mug than the log's only said?</param>
    /// <param name="complaint">What vere says of it, or null.</param>
    public bool TryReplay(ReadOnlySpan<byte> payload, bool isSoft, out string? complaint)
    {
        complaint = null;
        ArvoKernel? before = _kernel is null ? null : new ArvoKernel(_machine, _kernel.Core);
        if (Replay(Cue.From(payload[sizeof(uint)..])) is { } goof)
        {
            complaint = $"play ({Number + 1}): bail %{Cord.Text((Atom)((Cell)goof).Head)}";
            return false;
        }
        uint expected = BinaryPrimitives.ReadUInt32LittleEndian(payload);
        if (expected == 0 || expected == Mug)
            return true;
        complaint = $"play ({Number}): mug mismatch expected {expected:x}, actual {Mug:x}";
        if (isSoft)
            return true;
        Number--;
        _kernel = before;
        return false;
    }

    /// <summary>Computes the next event of the log. Returns null, or why it can't be computed.</summary>
    public Noun? Replay(Noun made)
    {
        if (Number >= Life)
        {
            NockResult result = _kernel!.TryPoke(made);
            if (result.Product is null)
                return result.Goof;
            Count(made);
            return null;
        }
        _formulas = new Cell(made, _formulas);
        if (Number + 1 == Life)
        {
            Noun formulas = NounList.Of([.. NounList.Items(_formulas).Reverse()]);
            try
            {
                _kernel = ArvoKernel.Boot(_machine, formulas);
            }
            catch (NockException error)
            {
                return error.Result.Goof;
            }
        }
        Number++;
        return null;
    }

    /// <summary>Processes an ovum <c>[wire card]</c> at a time; one that crashes is reported to the kernel, and that report is the event then.</summary>
    /// <param name="now">What the clock says, or the king.</param>
    /// <param name="ovum">The ovum.</param>
    /// <param name="cancel">Ends the computation; it then fails with <c>%intr</c>.</param>
    public Poked Poke(Noun now, Noun ovum, CancellationToken cancel)
    {
        Noun made = new Cell(now, ovum);
        if (Compute(made, cancel, out Noun first) is { } effects)
            return new Poked(made, false, effects, []);
        if (((Cell)first).Head.Equals(Evil))
            return new Poked(null, false, Atom.Zero, [first]);
        Noun crud = Cell.Of(now, ArvoWire, "crud", first, ovum);
        return Compute(crud, CancellationToken.None, out Noun second) is { } others
            ? new Poked(crud, true, others, [])
            : new Poked(null, false, Atom.Zero, [first, second]);
    }

    /// <summary>Asks the kernel, <c>[gang request]</c>. False, and a goof, where that crashes.</summary>
    public bool TryPeek(Noun sample, CancellationToken cancel, out Noun result)
    {
        try
        {
            result = _kernel!.Peek(sample, cancel);
            return true;
        }
        catch (NockException error)
        {
            result = Goof(error.Result);
            return false;
        }
        catch (OperationCanceledException)
        {
            result = Cell.Of("intr", 0);
            return false;
        }
    }

    private Noun? Compute(Noun made, CancellationToken cancel, out Noun goof)
    {
        goof = Atom.Zero;
        NockResult result;
        try
        {
            result = _kernel!.TryPoke(made, cancel);
        }
        catch (OperationCanceledException)
        {
            goof = Cell.Of("intr", 0);
            return null;
        }
        if (result.Product is null)
        {
            goof = Goof(result);
            return null;
        }
        Count(made);
        return result.Product;
    }

    private void Count(Noun made)
    {
        Number++;
        if (Number == Twice)
            _kernel!.TryPoke(made);
    }

    // The open hints as the kernel itself writes them out: a list of tanks.
    private Noun Goof(NockResult result)
    {
        Noun tang = Atom.Zero;
        try
        {
            _mook ??= _kernel!.Wish("mook");
            if (_machine.Slam(_mook, Cell.Of(2, result.Trace)) is Cell { Head: Noun kind, Tail: Noun tanks } && kind == (Noun)2)
                tang = tanks;
        }
        catch (SeguroException error) when (error is NockException or NounException)
        {
            // A kernel without mook: the report has no trace.
        }
        return Cell.Of(Cord.Of(result.Mote), tang);
    }
}
