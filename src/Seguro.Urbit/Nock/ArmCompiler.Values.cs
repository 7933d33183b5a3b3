using System.Linq.Expressions;
using System.Reflection;
using Seguro.Urbit.Nouns;

namespace Seguro.Urbit.Nock;

/// <content>Formulas that are not in tail position.</content>
sealed partial class ArmCompiler
{
    private static readonly ConstructorInfo NewCell = typeof(Cell).GetConstructor([typeof(Noun), typeof(Noun)])!;
    private static readonly Expression Yes = Expression.Constant(Atom.Zero, typeof(Noun));
    private static readonly Expression No = Expression.Constant(Atom.One, typeof(Noun));

    /// <summary>The product of a formula.</summary>
    private ArmValue Product(Node node, ArmValue subject)
    {
        if (++_nodes > MaxNodes)
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
                return new WholeValue(Assigned(Runtime(nameof(ArmRuntime.Next), Built(Product(next.Argument, subject)))));
            case UnaryNode or SameNode:
                return new WholeValue(Assigned(Expression.Condition(Test(node, subject), Yes, No)));
            case ConsNode pair:
                ArmValue head = Product(pair.Head, subject);
                return Pair(head, Product(pair.Tail, subject));
            case EditNode { Path: not 0 } edit:
                ArmValue target = Product(edit.First, subject);
                return Edited(target, edit.Path, Product(edit.Second, subject));
            case ThenNode then:
                return Product(then.Then, Next(then, subject));
            case IfNode choice:
                ParameterExpression product = Variable(typeof(Noun));
                Expression test = Test(choice.Condition, subject);
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
                return Product(isCell.Argument, subject) is WholeValue whole ? Expression.TypeIs(whole.Noun, typeof(Cell)) : Expression.Constant(true);
            case SameNode { First: UnaryNode { IsIncrement: true } next } same:
                ParameterExpression number = Number(next, subject);
                return Runtime(nameof(ArmRuntime.IsNext), number, Built(Product(same.Second, subject)));
            case SameNode { Second: UnaryNode { IsIncrement: true } next } same:
                Expression other = Built(Product(same.First, subject));
                return Runtime(nameof(ArmRuntime.IsNext), Number(next, subject), other);
            case SameNode same:
                Expression left = Built(Product(same.First, subject));
                return Runtime(nameof(ArmRuntime.Same), left, Built(Product(same.Second, subject)));
            case ThenNode then:
                return Test(then.Then, Next(then, subject));
            default:
                return Runtime(nameof(ArmRuntime.IsYes), Built(Product(node, subject)));
        }
    }

    private ParameterExpression Number(UnaryNode next, ArmValue subject) => Assigned(Runtime(nameof(ArmRuntime.Number), Built(Product(next.Argument, subject))));

    private ArmValue Next(ThenNode then, ArmValue subject)
    {
        ArmValue product = Product(then.First, subject);
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
        ParameterExpression cell = Assigned(Expression.TypeAs(((WholeValue)value).Noun, typeof(Cell)));
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
    private Expression Built(ArmValue value) => value is PairValue pair
        ? Assigned(Expression.Convert(Expression.New(NewCell, Built(pair.Head), Built(pair.Tail)), typeof(Noun)))
        : ((WholeValue)value).Noun;

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
