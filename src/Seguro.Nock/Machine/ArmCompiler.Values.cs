using System.Linq.Expressions;
using System.Reflection;
using Seguro.Nouns;

namespace Seguro.Nock;

/// <content>Formulas that are not in tail position.</content>
sealed partial class ArmCompiler
{
    private static readonly ConstructorInfo NewCell = typeof(Cell).GetConstructor([typeof(Noun), typeof(Noun)])!;
    private static readonly Expression Yes = Expression.Constant(Atom.Zero, typeof(Noun));
    private static readonly Expression No = Expression.Constant(Atom.One, typeof(Noun));

    /// <summary>The product of a formula.</summary>
    private ArmValue Product(Node node, ArmValue subject)
    {
        if (++_nodes > MaxNodes || _variables.Count > MaxVariables)
            _refused = true;
        if (_refused)
            return subject;
        switch (node)
        {
            case SlotNode slot:
                return Part(subject, slot.Path);
            case ConstantNode constant:
                return new WholeValue(Expression.Constant(constant.Value, typeof(Noun)));
            case UnaryNode { IsIncrement: true } next:
                ArmValue before = Operand(next.Argument, subject);
                return before is NumberValue known
                    ? After(known)
                    : new WholeValue(Assigned(Runtime(nameof(ArmRuntime.Next), Built(before))), IsNext: true);
            case UnaryNode or SameNode:
                return new WholeValue(Assigned(Expression.Condition(Test(node, subject), Yes, No)));
            case ConsNode pair:
                ArmValue head = Operand(pair.Head, subject);
                return Pair(head, Operand(pair.Tail, subject));
            case EditNode { Path: not 0 } edit:
                ArmValue target = Operand(edit.First, subject);
                return Edited(target, edit.Path, Operand(edit.Second, subject));
            case ThenNode then:
                return Product(then.Then, Next(then, subject));
            case IfNode choice:
                ParameterExpression product = Variable(typeof(Noun));
                Expression test = Waiting(choice.Condition, () => Test(choice.Condition, subject));
                _code.Add(Expression.IfThenElse(test, Chosen(choice.Yes), Chosen(choice.No)));
                return new WholeValue(product);

                BlockExpression Chosen(Node branch) => Branch(() => _code.Add(Expression.Assign(product, Built(Product(branch, subject)))));
            case CallNode call:
                return Call(call, subject);
            default:
                _refused |= !node.IsSimple;
                return new WholeValue(Assigned(Expression.Call(Expression.Constant(node, typeof(Node)), nameof(Node.Eval), null, Built(subject))));
        }
    }

    /// <summary>Whether a formula's product is yes. To be evaluated at once, before what code comes next.</summary>
    private Expression Test(Node node, ArmValue subject)
    {
        switch (node)
        {
            case UnaryNode { IsIncrement: false } isCell:
                ArmValue value = Operand(isCell.Argument, subject);
                return value is WholeValue whole ? Expression.TypeIs(whole.Noun, typeof(Cell)) : Expression.Constant(value is PairValue);
            case SameNode { First: UnaryNode { IsIncrement: true } next } same:
                ArmValue number = Waiting(next, () => Counted(next, subject));
                return SameAsNext(number, Operand(same.Second, subject));
            case SameNode { Second: UnaryNode { IsIncrement: true } next } same:
                ArmValue other = Operand(same.First, subject);
                return SameAsNext(Waiting(next, () => Counted(next, subject)), other);
            case SameNode same:
                ArmValue left = Operand(same.First, subject);
                return Same(left, Operand(same.Second, subject));
            case ThenNode then:
                return Test(then.Then, Next(then, subject));
            default:
                return Runtime(nameof(ArmRuntime.IsYes), Built(Product(node, subject)));
        }
    }

    // The product of a formula that another waits for.
    private ArmValue Operand(Node node, ArmValue subject) => Waiting(node, () => Product(node, subject));

    // What calls something leaves a frame on the machine's stack while it waits, whoever computes it.
    private T Waiting<T>(Node node, Func<T> write)
    {
        if (!node.IsSimple)
            _code.Add(Expression.Call(_machine, nameof(NockMachine.Reserve), null));
        T written = write();
        if (!node.IsSimple)
            _code.Add(Expression.Call(_machine, nameof(NockMachine.Release), null));
        return written;
    }

    // What is to be counted up: a number, or an atom in a variable.
    private ArmValue Counted(UnaryNode next, ArmValue subject) =>
        Operand(next.Argument, subject) is var value && value is NumberValue ? value : new WholeValue(Assigned(Runtime(nameof(ArmRuntime.Number), Built(value))));

    private Expression SameAsNext(ArmValue number, ArmValue other) =>
        number is NumberValue known ? Same(After(known), other) : Runtime(nameof(ArmRuntime.IsNext), Built(number), Built(other));

    private Expression Same(ArmValue left, ArmValue right) => (left, right) switch
    {
        (NumberValue a, NumberValue b) => Expression.Equal(a.Number, b.Number),
        (NumberValue a, _) => Runtime(nameof(ArmRuntime.Is), a.Number, Built(right)),
        (_, NumberValue b) => Runtime(nameof(ArmRuntime.Is), b.Number, Built(left)),
        _ => Runtime(nameof(ArmRuntime.Same), Built(left), Built(right)),
    };

    private NumberValue After(NumberValue number) => new(Assigned(Expression.Increment(number.Number)));

    private ArmValue Next(ThenNode then, ArmValue subject)
    {
        ArmValue product = Operand(then.First, subject);
        return then.Keeps ? Pair(product, subject) : product;
    }

    private ArmValue Part(ArmValue value, ulong path)
    {
        for (; path != 1; path >>= 1)
        {
            PairValue pair = Split(value);
            value = (path & 1) == 0 ? pair.Head : pair.Tail;
        }
        return value;
    }

    private ArmValue Edited(ArmValue target, ulong path, ArmValue part)
    {
        if (path == 1)
            return part;
        PairValue pair = Split(target);
        return (path & 1) == 0 ? Pair(Edited(pair.Head, path >> 1, part), pair.Tail) : Pair(pair.Head, Edited(pair.Tail, path >> 1, part));
    }

    // The halves of what must be a cell.
    private PairValue Split(ArmValue value)
    {
        if (value is PairValue pair)
            return pair;
        ParameterExpression cell = Assigned(Expression.TypeAs(Built(value), typeof(Cell)));
        _code.Add(Expression.IfThen(Expression.ReferenceEqual(cell, Expression.Constant(null)), Runtime(nameof(ArmRuntime.Crash))));
        return Halves(cell);
    }

    private PairValue Halves(ParameterExpression cell) => new(
        new WholeValue(Assigned(Expression.Field(cell, nameof(Cell.HeadField)))),
        new WholeValue(Assigned(Expression.Field(cell, nameof(Cell.TailField)))));

    // Formulas can make values that are small only by their sharing.
    private ArmValue Pair(ArmValue head, ArmValue tail) =>
        head.Count + tail.Count <= LargestValue ? new PairValue(head, tail) : new WholeValue(Assigned(Expression.New(NewCell, Built(head), Built(tail))));

    /// <summary>The value as a noun.</summary>
    private Expression Built(ArmValue value) => value switch
    {
        PairValue pair => Assigned(Expression.Convert(Expression.New(NewCell, Built(pair.Head), Built(pair.Tail)), typeof(Noun))),
        NumberValue number => Assigned(Runtime(nameof(ArmRuntime.AtomOf), number.Number)),
        _ => ((WholeValue)value).Noun,
    };

    private ParameterExpression Assigned(Expression value)
    {
        ParameterExpression variable = Variable(value.Type == typeof(Cell) && value is NewExpression ? typeof(Noun) : value.Type);
        _code.Add(Expression.Assign(variable, value));
        return variable;
    }

    private ParameterExpression Variable(Type type)
    {
        ParameterExpression variable = Expression.Variable(type);
        _variables.Add(variable);
        return variable;
    }

    private BlockExpression Branch(Action write)
    {
        List<Expression> outer = _code;
        _code = [];
        write();
        BlockExpression branch = Expression.Block(typeof(void), [.. _code, Expression.Empty()]);
        _code = outer;
        return branch;
    }

    private static MethodCallExpression Runtime(string name, params Expression[] arguments) => Expression.Call(typeof(ArmRuntime), name, null, arguments);
}
