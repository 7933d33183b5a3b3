using Seguro.Urbit.Nouns;

namespace Seguro.Urbit.Nock;

/// <summary>6: one formula or another.</summary>
sealed class IfNode : Node
{
    private readonly Node _condition;
    private readonly Node _yes;
    private readonly Node _no;
    private readonly Resumption _choose;

    public IfNode(Node condition, Node yes, Node no)
    {
        _condition = condition;
        _yes = yes;
        _no = no;
        IsSimple = condition.IsSimple && yes.IsSimple && no.IsSimple;
        _choose = new Choose(this);
    }

    public override Noun Eval(Noun subject) => (_condition.Test(subject) ? _yes : _no).Eval(subject);

    public override bool Test(Noun subject) => (_condition.Test(subject) ? _yes : _no).Test(subject);

    public override Node? Enter(NockMachine machine, ref Noun register)
    {
        if (_condition.IsSimple)
            return Take(_condition.Test(register), ref register);
        machine.Push(_choose, register, null);
        return _condition;
    }

    private Node? Take(bool yes, ref Noun register)
    {
        Node branch = yes ? _yes : _no;
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
    private readonly Node _first;
    private readonly Node _then;
    private readonly bool _keep;
    private readonly Resumption _go;

    public ThenNode(Node first, Node then, bool keep)
    {
        _first = first;
        _then = then;
        _keep = keep;
        IsSimple = first.IsSimple && then.IsSimple;
        _go = new Go(this);
    }

    public override Noun Eval(Noun subject) => _then.Eval(Next(_first.Eval(subject), subject));

    public override bool Test(Noun subject) => _then.Test(Next(_first.Eval(subject), subject));

    public override Node? Enter(NockMachine machine, ref Noun register)
    {
        if (!_first.IsSimple)
        {
            machine.Push(_go, register, null);
            return _first;
        }
        register = Next(_first.Eval(register), register);
        return _then;
    }

    private Noun Next(Noun product, Noun subject) => _keep ? new Cell(product, subject) : product;

    private sealed class Go(ThenNode node) : Resumption
    {
        public override Node? Resume(NockMachine machine, Frame frame, ref Noun register)
        {
            register = node.Next(register, frame.Saved);
            return node._then;
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
