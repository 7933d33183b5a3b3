using Seguro.Nouns;

namespace Seguro.Nock;

/// <summary>11 with a clue that is computed, and then what the hint asks for, and then the formula.</summary>
abstract class ClueNode : Node
{
    private readonly Node _clue;
    private readonly Resumption _afterClue;

    protected ClueNode(Node clue, Node body)
    {
        _clue = clue;
        Body = body;
        _afterClue = new AfterClue(this);
    }

    protected Node Body { get; }

    public override Node? Enter(NockMachine machine, ref Noun register)
    {
        if (_clue.IsSimple)
            return Begin(machine, _clue.Eval(register), ref register);
        machine.Push(_afterClue, register, null);
        return _clue;
    }

    /// <summary>The clue is known, the register is the subject.</summary>
    protected abstract Node? Begin(NockMachine machine, Noun clue, ref Noun register);

    private sealed class AfterClue(ClueNode node) : Resumption
    {
        public override Node? Resume(NockMachine machine, Frame frame, ref Noun register)
        {
            Noun clue = register;
            register = frame.Saved;
            return node.Begin(machine, clue, ref register);
        }
    }
}

/// <summary>A hint that means nothing here: its clue is computed, since it may crash.</summary>
sealed class IgnoredHintNode(Node clue, Node body) : ClueNode(clue, body)
{
    protected override Node? Begin(NockMachine machine, Noun clue, ref Noun register) => Body;
}

/// <summary><c>%slog</c>: tells the machine's owner.</summary>
sealed class SlogNode(Node clue, Node body) : ClueNode(clue, body)
{
    protected override Node? Begin(NockMachine machine, Noun clue, ref Noun register)
    {
        machine.Options.Slog?.Invoke(clue);
        return Body;
    }
}

/// <summary><c>%mean</c>, <c>%spot</c> …: part of the trace while the formula is computed.</summary>
sealed class TraceNode(Noun tag, Node clue, Node body) : ClueNode(clue, body)
{
    private static readonly Resumption Closing = new Close();

    protected override Node? Begin(NockMachine machine, Noun clue, ref Noun register)
    {
        machine.Push(Closing, machine.Trace, null);
        machine.Trace = new Cell(new Cell(tag, clue), machine.Trace);
        return Body;
    }

    private sealed class Close : Resumption
    {
        public override Node? Resume(NockMachine machine, Frame frame, ref Noun register)
        {
            machine.Trace = frame.Saved;
            return null;
        }
    }
}

/// <summary>The same, where clue and formula are simple: the hint is only noted when a crash passes.</summary>
sealed class SimpleTraceNode : Node
{
    private readonly Noun _entry;
    private readonly Node _body;

    public SimpleTraceNode(Noun tag, ConstantNode clue, Node body)
    {
        IsSimple = true;
        _entry = new Cell(tag, clue.Value);
        _body = body;
    }

    public override Noun Eval(Noun subject)
    {
        try
        {
            return _body.Eval(subject);
        }
        catch (NockCrash crash) when (crash.Passing(_entry))
        {
            throw;
        }
    }
}

/// <summary><c>%memo</c>: the product is kept, and found again for the same formula and subject.</summary>
sealed class MemoNode(Noun formula, Node clue, Node body) : ClueNode(clue, body)
{
    private static readonly Resumption Keeping = new Keep();

    protected override Node? Begin(NockMachine machine, Noun clue, ref Noun register)
    {
        Cell key = new(register, formula);
        if (machine.Memo.TryGetValue(key, out Noun? product))
        {
            register = product;
            return null;
        }
        machine.Push(Keeping, key, null);
        return Body;
    }

    private sealed class Keep : Resumption
    {
        public override Node? Resume(NockMachine machine, Frame frame, ref Noun register)
        {
            machine.Remember(frame.Saved, register);
            return null;
        }
    }
}

/// <summary><c>%fast</c>: names the core that the formula makes, so that jets for it are found.</summary>
sealed class FastNode : Node
{
    private readonly Noun _clue;
    private readonly Node _body;
    private readonly NockCode _code;
    private readonly Resumption _register;
    private readonly ulong _parentAxis;
    private Noun? _last;
    private Noun? _lastParent;

    public FastNode(ConstantNode clue, Node body, NockCode code)
    {
        _clue = clue.Value;
        _body = body;
        _code = code;
        _parentAxis = Axis.At(_clue, 6) is Cell { HeadField: Atom { Words: null, Low: 0 }, TailField: Atom { Words: null } axis } ? axis.Low : 0;
        IsSimple = body.IsSimple;
        _register = new Registering(this);
    }

    public override Noun Eval(Noun subject)
    {
        Noun product = _body.Eval(subject);
        Register(product);
        return product;
    }

    public override Node? Enter(NockMachine machine, ref Noun register)
    {
        if (IsSimple)
        {
            register = Eval(register);
            return null;
        }
        machine.Push(_register, register, null);
        return _body;
    }

    private void Register(Noun product)
    {
        if (product is not Cell { HeadField: Cell battery } core)
            return;
        // The same formula may make cores of the same battery in two libraries.
        Noun? parent = _parentAxis == 0 ? null : (Axis.At(core, _parentAxis) as Cell)?.HeadField;
        if (ReferenceEquals(battery, _last) && ReferenceEquals(parent, _lastParent))
            return;
        _code.Register(core, _clue);
        _last = battery;
        _lastParent = parent;
    }

    private sealed class Registering(FastNode node) : Resumption
    {
        public override Node? Resume(NockMachine machine, Frame frame, ref Noun register)
        {
            node.Register(register);
            return null;
        }
    }
}
