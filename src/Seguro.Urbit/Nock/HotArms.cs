using Seguro.Urbit.Nouns;

namespace Seguro.Urbit.Nock;

/// <summary>An arm that was called seldom: its formula's nodes do the work, until it is worth compiling.</summary>
sealed class CountingNode(Arm arm) : Node
{
    // Compiling takes milliseconds, so many calls' time.
    private const int Hot = 20_000;

    private int _calls;

    public override Node? Enter(NockMachine machine, ref Noun register)
    {
        if (++_calls == Hot)
            arm.Node = (machine.Options.Profile is null ? ArmCompiler.Compile(arm) : null) ?? arm.Formula;
        return arm.Formula;
    }
}

/// <summary>An arm in machine code.</summary>
/// <param name="formula">Its nodes, for where the code can't be used.</param>
/// <param name="nests">Do its calls wait on the .NET stack?</param>
sealed class CompiledArm(Node formula, bool nests) : Node
{
    /// <summary>Computes the arm on a core; null where it goes on elsewhere (<see cref="NockMachine.TakeNext"/>).</summary>
    public Func<NockMachine, Noun, Noun?> Code { get; set; } = (_, _) => throw new InvalidOperationException("Not compiled yet.");

    public override Node? Enter(NockMachine machine, ref Noun register)
    {
        if (nests && machine.Nesting >= ArmCompiler.MaxNesting)
            return formula;
        Noun? product = Code(machine, register);
        if (product is null)
            return machine.TakeNext(out register);
        register = product;
        return null;
    }
}

/// <summary>What the code of arms calls.</summary>
static class ArmRuntime
{
    public static Noun Crash() => throw new NockCrash();

    public static Atom Number(Noun noun) => noun as Atom ?? throw new NockCrash();

    public static Noun Next(Noun noun) => noun is Atom atom ? atom.Increment() : throw new NockCrash();

    /// <summary>Is it the number after that one? Makes no atom to find out.</summary>
    public static bool IsNext(Atom number, Noun other) =>
        number.Words is null && number.Low != ulong.MaxValue
            ? other is Atom { Words: null } next && next.Low == number.Low + 1
            : NounEquality.Same(number.Increment(), other);

    public static bool Same(Noun left, Noun right) =>
        ReferenceEquals(left, right)
        || (left is Atom { Words: null } number && right is Atom { Words: null } other ? number.Low == other.Low : NounEquality.Same(left, right));

    public static bool IsYes(Noun noun) => noun is Atom { Words: null, Low: <= 1 } flag ? flag.Low == 0 : throw new NockCrash();
}
