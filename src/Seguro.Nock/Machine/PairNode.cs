using Seguro.Nouns;

namespace Seguro.Nock;

/// <summary>A formula that computes two others on the same subject and makes something of the products.</summary>
abstract class PairNode : Node
{
    private readonly Resumption _afterFirst;
    private readonly Resumption _afterSecond;

    protected PairNode(Node first, Node second, bool isPure)
    {
        First = first;
        Second = second;
        IsSimple = isPure && first.IsSimple && second.IsSimple;
        _afterFirst = new AfterFirst(this);
        _afterSecond = new AfterSecond(this);
    }

    public Node First { get; }

    public Node Second { get; }

    public override Noun Eval(Noun subject) => Combine(First.Eval(subject), Second.Eval(subject));

    public override Node? Enter(NockMachine machine, ref Noun register)
    {
        if (IsSimple)
        {
            register = Eval(register);
            return null;
        }
        if (!First.IsSimple)
        {
            machine.Push(_afterFirst, register, null);
            return First;
        }
        return HasFirst(machine, First.Eval(register), ref register);
    }

    /// <summary>The product, where there is nothing to call.</summary>
    protected virtual Noun Combine(Noun first, Noun second) => throw new InvalidOperationException("Not a pure formula.");

    /// <summary>What to do with the products, as <see cref="Node.Enter"/>.</summary>
    protected virtual Node? Finish(NockMachine machine, Noun first, Noun second, ref Noun register)
    {
        register = Combine(first, second);
        return null;
    }

    // The register is the subject.
    private Node? HasFirst(NockMachine machine, Noun first, ref Noun register)
    {
        if (Second.IsSimple)
            return Finish(machine, first, Second.Eval(register), ref register);
        machine.Push(_afterSecond, first, null);
        return Second;
    }

    private sealed class AfterFirst(PairNode node) : Resumption
    {
        public override Node? Resume(NockMachine machine, Frame frame, ref Noun register)
        {
            Noun first = register;
            register = frame.Saved;
            return node.HasFirst(machine, first, ref register);
        }
    }

    private sealed class AfterSecond(PairNode node) : Resumption
    {
        public override Node? Resume(NockMachine machine, Frame frame, ref Noun register) => node.Finish(machine, frame.Saved, register, ref register);
    }
}

/// <summary>A cell of two formulas: the cell of their products.</summary>
sealed class ConsNode(Node head, Node tail) : PairNode(head, tail, isPure: true)
{
    public Node Head => First;

    public Node Tail => Second;

    public override Noun Eval(Noun subject) => new Cell(First.Eval(subject), Second.Eval(subject));

    protected override Noun Combine(Noun first, Noun second) => new Cell(first, second);
}

/// <summary>5: whether two are the same.</summary>
sealed class SameNode(Node left, Node right) : PairNode(left, right, isPure: true)
{
    public override bool Test(Noun subject) => NounEquality.Same(First.Eval(subject), Second.Eval(subject));

    protected override Noun Combine(Noun first, Noun second) => Atom.Flag(NounEquality.Same(first, second));
}

/// <summary>10: a noun with a part replaced. First the noun, then the part, as Hoon's own interpreter has it.</summary>
sealed class EditNode(Atom axis, Node target, Node part) : PairNode(target, part, isPure: true)
{
    /// <summary>The way down, as that of <see cref="SlotNode"/>; 0 for an axis beyond 63 bits.</summary>
    public ulong Path { get; } = axis.BitLength <= 63 ? SlotNode.PathOf(axis.Low) : 0;

    public static Noun Edit(Noun target, ulong path, Noun part)
    {
        if (path == 1)
            return part;
        if (target is not Cell cell)
            return Crash();
        return (path & 1) == 0
            ? new Cell(Edit(cell.HeadField, path >> 1, part), cell.TailField)
            : new Cell(cell.HeadField, Edit(cell.TailField, path >> 1, part));
    }

    protected override Noun Combine(Noun first, Noun second) => Path != 0 ? Edit(first, Path, second) : EditDeep(first, second);

    private Noun EditDeep(Noun target, Noun part)
    {
        Stack<Cell> way = new();
        for (long bit = axis.BitLength - 2; bit >= 0; bit--)
        {
            if (target is not Cell cell)
                return Crash();
            way.Push(cell);
            target = DeepSlotNode.IsTail(axis, bit) ? cell.TailField : cell.HeadField;
        }
        for (long bit = 0; way.TryPop(out Cell? cell); bit++)
            part = DeepSlotNode.IsTail(axis, bit) ? new Cell(cell.HeadField, part) : new Cell(part, cell.TailField);
        return part;
    }
}

/// <summary>2: computes a formula that was computed.</summary>
sealed class EvaluateNode(Node subject, Node formula) : PairNode(subject, formula, isPure: false)
{
    protected override Node? Finish(NockMachine machine, Noun first, Noun second, ref Noun register)
    {
        machine.CountCall();
        register = first;
        return machine.Code.NodeOf(second);
    }
}

/// <summary>12: asks the virtual machine's handler.</summary>
sealed class ScryNode(Node reference, Node path) : PairNode(reference, path, isPure: false)
{
    protected override Node? Finish(NockMachine machine, Noun first, Noun second, ref Noun register)
    {
        register = machine.Ask(first, second);
        return null;
    }
}
