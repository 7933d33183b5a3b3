using System.Numerics;
using Seguro.Nouns;

namespace Seguro.Nock;

/// <summary>0: a part of the subject.</summary>
sealed class SlotNode : Node
{
    public SlotNode(ulong axis)
    {
        IsSimple = true;
        Path = PathOf(axis);
        Axis = axis;
    }

    public ulong Axis { get; }

    /// <summary>The way down, the first step lowest, and a 1 above the last.</summary>
    public ulong Path { get; }

    public static ulong PathOf(ulong axis)
    {
        ulong path = 1;
        for (; axis > 1; axis >>= 1)
            path = (path << 1) | (axis & 1);
        return path;
    }

    public static Noun Down(Noun noun, ulong path)
    {
        for (; path != 1; path >>= 1)
        {
            if (noun is not Cell cell)
                return Crash();
            noun = (path & 1) == 0 ? cell.HeadField : cell.TailField;
        }
        return noun;
    }

    public override Noun Eval(Noun subject) => Down(subject, Path);
}

/// <summary>0, with an axis beyond 63 bits.</summary>
sealed class DeepSlotNode : Node
{
    private readonly Atom _axis;

    public DeepSlotNode(Atom axis)
    {
        IsSimple = true;
        _axis = axis;
    }

    public override Noun Eval(Noun subject)
    {
        for (long bit = _axis.BitLength - 2; bit >= 0; bit--)
        {
            if (subject is not Cell cell)
                return Crash();
            subject = IsTail(_axis, bit) ? cell.TailField : cell.HeadField;
        }
        return subject;
    }

    public static bool IsTail(Atom axis, long bit) => ((axis.AsWords[(int)(bit >> 6)] >> (int)(bit & 63)) & 1) != 0;
}

/// <summary>1: a constant.</summary>
sealed class ConstantNode : Node
{
    public ConstantNode(Noun value)
    {
        IsSimple = true;
        Value = value;
    }

    public Noun Value { get; }

    public override Noun Eval(Noun subject) => Value;
}

/// <summary>What is no formula: crashes when it is reached.</summary>
sealed class CrashNode : Node
{
    public CrashNode() => IsSimple = true;

    public override Noun Eval(Noun subject) => Crash();
}

/// <summary>3 and 4: whether it is a cell; the next number.</summary>
sealed class UnaryNode : Node
{
    private readonly Resumption _finish;

    public UnaryNode(Node argument, bool increment)
    {
        Argument = argument;
        IsIncrement = increment;
        IsSimple = argument.IsSimple;
        _finish = new Finish(this);
    }

    public Node Argument { get; }

    /// <summary>The next number; else whether it is a cell.</summary>
    public bool IsIncrement { get; }

    public override Noun Eval(Noun subject) => Apply(Argument.Eval(subject));

    public override bool Test(Noun subject) => IsIncrement ? IsYes(Eval(subject)) : Argument.Eval(subject) is Cell;

    public override Node? Enter(NockMachine machine, ref Noun register)
    {
        if (IsSimple)
        {
            register = Eval(register);
            return null;
        }
        machine.Push(_finish, register, null);
        return Argument;
    }

    private Noun Apply(Noun argument) =>
        IsIncrement ? argument is Atom atom ? atom.Increment() : Crash() : Atom.Flag(argument is Cell);

    private sealed class Finish(UnaryNode node) : Resumption
    {
        public override Node? Resume(NockMachine machine, Frame frame, ref Noun register)
        {
            register = node.Apply(register);
            return null;
        }
    }
}
