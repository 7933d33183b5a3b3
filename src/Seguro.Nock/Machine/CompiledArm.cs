using Seguro.Nouns;

namespace Seguro.Nock;

/// <summary>An arm in machine code (<see cref="ArmCompiler"/>).</summary>
/// <param name="formula">Its nodes, for where the code can't be used.</param>
/// <param name="nests">Do its calls wait on the .NET stack?</param>
sealed class CompiledArm(Node formula, bool nests) : Node
{
    /// <summary>Computes the arm on a core; null where it goes on elsewhere (<see cref="NockMachine.TakeNext"/>).</summary>
    public Func<NockMachine, Noun, Noun?> Code { get; set; } = (_, _) => throw new InvalidOperationException("Not compiled yet.");

    public override Node? Enter(NockMachine machine, ref Noun register)
    {
        if (nests && !machine.MayNest)
            return formula;
        Noun? product = Code(machine, register);
        if (product is null)
            return machine.TakeNext(out register);
        register = product;
        return null;
    }
}

/// <summary>An arm that was called seldom: its formula's nodes do the work, until it is worth compiling.</summary>
sealed class CountingNode(Arm arm) : Node
{
    private int _calls;

    public override Node? Enter(NockMachine machine, ref Noun register)
    {
        if (++_calls >= machine.Options.CompileAfter)
            arm.Node = machine.Compile(arm) ?? arm.Formula;
        return arm.Node == this ? arm.Formula : arm.Node;
    }
}
