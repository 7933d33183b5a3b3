using System.Linq.Expressions;
using System.Runtime.CompilerServices;
using Seguro.Nouns;

namespace Seguro.Nock;

/// <summary>Makes machine code of an arm that calls itself.</summary>
/// <remarks>
/// The parts of the core that such a call replaces are in variables, counters as numbers, so that a call in tail position is a jump, any other one of a delegate,
/// and no core is built for them.
/// <para>Members must be equal whatever was hot on each. So the code does what the nodes do in the same order: it crashes where they do, it counts the same calls
/// (<see cref="NockMachine.CountCall"/>), it holds as many frames of the machine's stack while it waits (<see cref="NockMachine.Reserve"/>), and where a jet may stand for
/// an arm, nodes look for it. What it can't do it leaves to the nodes: in tail position it goes on there (<see cref="NockMachine.GoOn"/>), elsewhere the
/// arm is not compiled.</para>
/// </remarks>
sealed partial class ArmCompiler
{
    private const int MaxNodes = 300;
    private const int MaxParts = 12;
    private const int MaxVariables = 400;
    private const int LargestValue = 32;

    private readonly Arm _arm;
    private readonly ArmShape _shape;
    private readonly CompiledArm _compiled;
    private readonly CallNode _again;
    private readonly ParameterExpression _machine = Expression.Parameter(typeof(NockMachine), "machine");
    private readonly ParameterExpression[] _parameters;
    private readonly ConstantExpression _battery;
    private readonly Expression _self;
    private readonly Type _bodyType;
    private readonly LabelTarget _begin = Expression.Label("begin");
    private readonly LabelTarget _end = Expression.Label(typeof(Noun), "end");
    private readonly List<ParameterExpression> _variables = [];
    private List<Expression> _code = [];
    private ArmShape _called;
    private int _nodes;
    private bool _refused;
    private bool _callsItself;
    private bool _nests;

    private ArmCompiler(Arm arm, ArmShape shape, bool nests)
    {
        _arm = arm;
        _shape = shape;
        _called = shape;
        _compiled = new CompiledArm(arm.Formula, nests);
        _again = new CallNode(arm.Axis, new SlotNode(1));
        _battery = Expression.Constant(arm.Battery.Noun, typeof(Noun));
        _parameters = [.. shape.Tail!.Leaves.Select((leaf, i) => Expression.Parameter(leaf.IsNumber ? typeof(ulong) : typeof(Noun), $"part{i}"))];
        _bodyType = Expression.GetFuncType([typeof(NockMachine), .. _parameters.Select(part => part.Type), typeof(Noun)]);
        Body = (IStrongBox)Activator.CreateInstance(typeof(StrongBox<>).MakeGenericType(_bodyType))!;
        _self = Expression.Field(Expression.Constant(Body), nameof(StrongBox<>.Value));
    }

    private IStrongBox Body { get; }

    /// <summary>The arm in machine code; null where it is not worth it or can't be done.</summary>
    public static CompiledArm? Compile(Arm arm)
    {
        if (arm.HasJet)
            return null;
        // Once to see what its calls replace, and once with that.
        ArmCompiler look = new(arm, ArmShape.Core, nests: false);
        look.Arm();
        if (look._refused || !look._callsItself || look._called.Leaves.Count() > MaxParts)
            return null;
        ArmCompiler compiler = new(arm, look._called, look._nests);
        Expression body = compiler.Arm();
        return compiler._refused ? null : compiler.Finish(body);
    }

    private BlockExpression Arm()
    {
        _code.Add(Expression.Label(_begin));
        int next = 0;
        Last(_arm.Formula, new PairValue(new WholeValue(_battery), Value(_shape.Tail!)));
        _code.Add(Expression.Label(_end, Expression.Constant(null, typeof(Noun))));
        return Expression.Block(_variables, _code);

        ArmValue Value(ArmShape shape) =>
            shape.IsNumber ? new NumberValue(_parameters[next++])
            : shape.IsWhole ? new WholeValue(_parameters[next++])
            : new PairValue(Value(shape.Head!), Value(shape.Tail!));
    }

    // Takes a core apart for the body.
    private CompiledArm Finish(Expression body)
    {
        Body.Value = Expression.Lambda(_bodyType, body, [_machine, .. _parameters]).Compile();
        _code = [];
        _variables.Clear();
        ParameterExpression core = Expression.Parameter(typeof(Noun), "core");
        ParameterExpression cell = Variable(typeof(Cell));
        LabelTarget other = Expression.Label("other");
        _code.Add(Expression.Assign(cell, Expression.Convert(core, typeof(Cell))));
        List<Expression> parts = [];
        TakeApart(new WholeValue(Assigned(Expression.Field(cell, nameof(Cell.TailField)))), _shape.Tail!, parts, other);
        _code.Add(Expression.Return(_end, Expression.Invoke(_self, [_machine, .. parts])));
        _code.Add(Expression.Label(other));
        _code.Add(Expression.Label(_end, GoOn(_arm.Formula, core)));
        _compiled.Code = Expression.Lambda<Func<NockMachine, Noun, Noun?>>(Expression.Block(_variables, _code), _machine, core).Compile();
        return _compiled;
    }

    /// <summary>The nouns and numbers of a value where a shape has variables; what has another shape goes elsewhere.</summary>
    private void TakeApart(ArmValue value, ArmShape shape, List<Expression> parts, LabelTarget other)
    {
        if (shape.IsWhole)
        {
            parts.Add(shape.IsNumber ? Number(value, other) : Built(value));
            return;
        }
        if (value is not PairValue)
        {
            ParameterExpression cell = Assigned(Expression.TypeAs(Built(value), typeof(Cell)));
            _code.Add(Expression.IfThen(Expression.ReferenceEqual(cell, Expression.Constant(null)), Expression.Goto(other)));
            value = Halves(cell);
        }
        PairValue pair = (PairValue)value;
        TakeApart(pair.Head, shape.Head!, parts, other);
        TakeApart(pair.Tail, shape.Tail!, parts, other);
    }

    private Expression Number(ArmValue value, LabelTarget other)
    {
        if (value is NumberValue { Number: ParameterExpression part } && _parameters.Contains(part))
            return part;
        ParameterExpression number = Assigned(value is NumberValue known ? known.Number : Runtime(nameof(ArmRuntime.Small), Built(value)));
        _code.Add(Expression.IfThen(Expression.GreaterThan(number, Expression.Constant(ArmRuntime.Largest)), Expression.Goto(other)));
        return number;
    }

    /// <summary>A formula in tail position: the code returns its product, or goes on elsewhere.</summary>
    private void Last(Node node, ArmValue subject)
    {
        if (++_nodes > MaxNodes)
        {
            _refused = true;
            return;
        }
        switch (node)
        {
            case IfNode choice:
                Expression test = Waiting(choice.Condition, () => Test(choice.Condition, subject));
                _code.Add(Expression.IfThenElse(test, Branch(() => Last(choice.Yes, subject)), Branch(() => Last(choice.No, subject))));
                break;
            case ThenNode then:
                Last(then.Then, Next(then, subject));
                break;
            case CallNode call:
                LastCall(call, subject);
                break;
            case ConsNode or SameNode or UnaryNode or EditNode or SlotNode or ConstantNode:
                _code.Add(Expression.Return(_end, Built(Product(node, subject))));
                break;
            default:
                _code.Add(Expression.Return(_end, GoOn(node, Built(subject))));
                break;
        }
    }

    private void LastCall(CallNode call, ArmValue subject)
    {
        ArmValue core = Operand(call.Core, subject);
        if (!IsSelf(call, core))
        {
            _code.Add(Expression.Return(_end, GoOn(new CallNode(call.Axis, new SlotNode(1)), Built(core))));
            return;
        }
        LabelTarget other = Expression.Label("other");
        _code.Add(Expression.IfThen(HasJet, Expression.Goto(other)));
        List<Expression> parts = [];
        TakeApart(((PairValue)core).Tail, _shape.Tail!, parts, other);
        CountCall();
        // All at once: a part may be what another was.
        List<(ParameterExpression Variable, Expression Part)> changed = [.. _parameters.Zip(parts).Where(pair => pair.First != pair.Second)];
        List<ParameterExpression> held = [.. changed.Select(pair => changed.Count == 1 ? null! : Assigned(pair.Part))];
        for (int i = 0; i < changed.Count; i++)
            _code.Add(Expression.Assign(changed[i].Variable, changed.Count == 1 ? changed[i].Part : held[i]));
        _code.Add(Expression.Goto(_begin));
        _code.Add(Expression.Label(other));
        _code.Add(Expression.Return(_end, GoOn(_again, Built(core))));
    }

    // A call that is not the last.
    private WholeValue Call(CallNode call, ArmValue subject)
    {
        ArmValue core = Operand(call.Core, subject);
        _nests = true;
        ParameterExpression product = Variable(typeof(Noun));
        if (!IsSelf(call, core))
        {
            // Only those of the arm's own core, which are likely to be short.
            if (core is not PairValue { Head: WholeValue head } || head.Noun != _battery)
                _refused = true;
            _code.Add(Expression.Assign(product, Nested(new CallNode(call.Axis, new SlotNode(1)), Built(core))));
            return new WholeValue(product);
        }
        LabelTarget other = Expression.Label("other");
        LabelTarget done = Expression.Label("done");
        MemberExpression nesting = Expression.Property(_machine, nameof(NockMachine.Nesting));
        _code.Add(Expression.IfThen(Expression.OrElse(HasJet, Expression.Not(Expression.Property(_machine, nameof(NockMachine.MayNest)))), Expression.Goto(other)));
        List<Expression> parts = [];
        TakeApart(((PairValue)core).Tail, _shape.Tail!, parts, other);
        CountCall();
        _code.Add(Expression.Assign(nesting, Expression.Increment(nesting)));
        _code.Add(Expression.Assign(product, Expression.Invoke(_self, [_machine, .. parts])));
        _code.Add(Expression.IfThen(Expression.ReferenceEqual(product, Expression.Constant(null)),
            Expression.Assign(product, Expression.Call(_machine, nameof(NockMachine.Rest), null))));
        _code.Add(Expression.Assign(nesting, Expression.Decrement(nesting)));
        _code.Add(Expression.Goto(done));
        _code.Add(Expression.Label(other));
        _code.Add(Expression.Assign(product, Nested(_again, Built(core))));
        _code.Add(Expression.Label(done));
        return new WholeValue(product);
    }

    private bool IsSelf(CallNode call, ArmValue core)
    {
        if (call.Axis != _arm.Axis || core is not PairValue { Head: WholeValue head } || head.Noun != _battery)
            return false;
        _callsItself = true;
        _called = _called.With(core);
        return true;
    }

    private MemberExpression HasJet => Expression.Property(Expression.Constant(_arm), nameof(Nock.Arm.HasJet));

    private void CountCall() => _code.Add(Expression.Call(_machine, nameof(NockMachine.CountCall), null));

    private MethodCallExpression GoOn(Node node, Expression subject) => Expression.Call(_machine, nameof(NockMachine.GoOn), null, Expression.Constant(node, typeof(Node)), subject);

    private MethodCallExpression Nested(Node node, Expression subject) =>
        Expression.Call(_machine, nameof(NockMachine.EvaluateNested), null, Expression.Constant(node, typeof(Node)), subject);
}
