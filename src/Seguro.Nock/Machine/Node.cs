using System.Diagnostics.CodeAnalysis;
using Seguro.Nouns;

namespace Seguro.Nock;

/// <summary>A compiled formula.</summary>
/// <remarks>
/// A simple one calls nothing: it is computed by <see cref="Eval"/> on the .NET stack, no deeper than the compiler let formulas nest. Any other is
/// entered: what it must come back to after a call lies on the machine's own stack of frames, so that depth costs heap and never .NET stack.
/// </remarks>
abstract class Node
{
    /// <summary>Calls nothing?</summary>
    public bool IsSimple { get; protected init; }

    /// <summary>The product of a simple formula.</summary>
    public virtual Noun Eval(Noun subject) => throw new InvalidOperationException("Not a simple formula.");

    /// <summary>The product of a simple formula as a condition: yes or no, or a crash.</summary>
    public virtual bool Test(Noun subject) => IsYes(Eval(subject));

    /// <summary>
    /// Begins: <paramref name="register"/> is the subject. Either says what to enter next, with its subject in the register; or says null, with the product in it.
    /// </summary>
    public virtual Node? Enter(NockMachine machine, ref Noun register)
    {
        register = Eval(register);
        return null;
    }

    protected static bool IsYes(Noun noun) => noun is Atom { Words: null, Low: <= 1 } flag ? flag.Low == 0 : throw new NockCrash();

    [DoesNotReturn]
    protected static Noun Crash() => throw new NockCrash();
}

/// <summary>What comes after a call. The product is in the register; <paramref name="frame"/> holds what was saved.</summary>
abstract class Resumption
{
    /// <summary>Goes on, as <see cref="Node.Enter"/>.</summary>
    public abstract Node? Resume(NockMachine machine, Frame frame, ref Noun register);
}

/// <summary>A call that waits for another to return.</summary>
struct Frame
{
    public Resumption Next;
    public Noun Saved;
    public Noun? Other;
}
