using Seguro.Nouns;

namespace Seguro.Nock;

/// <summary>6: one formula or another.</summary>
sealed class IfNode : Node
{
    private readonly Resumption _choose;

    public IfNode(Node condition, Node yes, Node no)
    {
        Condition = condition;
        Yes = yes;
        No = no;
        IsSimple = condition.IsSimple && yes.IsSimple && no.IsSimple;
        _choose = new Choose(this);
    }

    public Node Condition { get; }

    public Node Yes { get; }

    public Node No { get; }

    public override Noun Eval(Noun subject) => (Condition.Test(subject) ? Yes : No).Eval(subject);

    public override bool Test(Noun subject) => (Condition.Test(subject) ? Yes : No).Test(subject);

    public override Node? Enter(NockMachine machine, ref Noun register)
    {
        if (Condition.IsSimple)
            return Take(Condition.Test(register), ref register);
        machine.Push(_choose, register, null);
        return Condition;
    }

    private Node? Take(bool yes, ref Noun register)
    {
        Node branch = yes ? Yes : No;
        if (!branch.IsSimple)
            return branch;
        register = branch.Eval(register);
        return null;
    }

    private sealed class Choose(IfNode node) : Resumption
    {
        public override Node? Resume(NockMachine machine, Frame frame, ref Noun register)
        {
            bool yes = IsYes(register);
            register = frame.Saved;
            return node.Take(yes, ref register);
        }
    }
}

/// <summary>7 and 8: a formula on the product of another; with 8, on that and the subject.</summary>
sealed class ThenNode : Node
{
    private readonly Resumption _go;

    public ThenNode(Node first, Node then, bool keep)
    {
        First = first;
        Then = then;
        Keeps = keep;
        IsSimple = first.IsSimple && then.IsSimple;
        _go = new Go(this);
    }

    public Node First { get; }

    public Node Then { get; }

    /// <summary>Opcode 8?</summary>
    public bool Keeps { get; }

    public override Noun Eval(Noun subject) => Then.Eval(Next(First.Eval(subject), subject));

    public override bool Test(Noun subject) => Then.Test(Next(First.Eval(subject), subject));

    public override Node? Enter(NockMachine machine, ref Noun register)
    {
        if (!First.IsSimple)
        {
            machine.Push(_go, register, null);
            return First;
        }
        register = Next(First.Eval(register), register);
        return Then;
    }

    private Noun Next(Noun product, Noun subject) => Keeps ? new Cell(product, subject) : product;

    private sealed class Go(ThenNode node) : Resumption
    {
        public override Node? Resume(NockMachine machine, Frame frame, ref Noun register)
        {
            register = node.Next(register, frame.Saved);
            return node.Then;
        }
    }
}

/// <summary>A formula that is compiled when it is reached, as it lies deep in a large one.</summary>
sealed class LazyNode(Noun formula) : Node
{
    private Node? _node;

    public override Node? Enter(NockMachine machine, ref Noun register)
    {
        machine.CountCall();
        return _node ??= machine.Code.NodeOf(formula);
    }
}
