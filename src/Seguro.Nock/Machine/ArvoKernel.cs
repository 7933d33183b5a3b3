using Seguro.Nouns;

namespace Seguro.Nock;

/// <summary>A running kernel with Arvo's interface (vere-facts.md §4.2): a state that events change.</summary>
/// <remarks>Not safe for two threads at a time. An event that crashes, or is interrupted, changes nothing.</remarks>
public sealed class ArvoKernel
{
    // One noun each: a machine knows compiled formulas by identity.
    private static readonly Noun WishArm = Cell.Of(9, 10, 0, 1);
    private static readonly Noun PeekArm = Cell.Of(9, 22, 0, 1);
    private static readonly Noun PokeArm = Cell.Of(9, 23, 0, 1);
    private static readonly Noun Lifecycle = Cell.Of(2, Cell.Of(0, 3), 0, 2);

    /// <summary>Goes on from a kernel's core.</summary>
    public ArvoKernel(NockMachine machine, Noun core)
    {
        Machine = machine;
        Core = core;
    }

    /// <summary>The machine it runs on.</summary>
    public NockMachine Machine { get; }

    /// <summary>The whole state.</summary>
    public Noun Core { get; private set; }

    /// <summary>The mug of the state: what an event log keeps with the event that led to it.</summary>
    public uint Mug => (uint)Core.Mug;

    /// <summary>Boots from the first events of a log, or from a pill's: a list of a formula and what it goes through.</summary>
    /// <exception cref="NockException">It crashed, or a limit was reached.</exception>
    /// <exception cref="NounException">What came out has no core where a kernel has its.</exception>
    public static ArvoKernel Boot(NockMachine machine, Noun events, CancellationToken cancellationToken = default) =>
        new(machine, Axis.Get(machine.Run(events, Lifecycle, cancellationToken), 7));

    /// <summary>Takes up a state as vere exports it (<c>urbit cram</c>): <c>[%arvo kernel %hashboard names]</c>.</summary>
    /// <exception cref="NounException">It is not such a state.</exception>
    public static ArvoKernel Restore(NockMachine machine, Noun state)
    {
        if (Axis.At(state, 2) != "arvo" || Axis.At(state, 14) != "hashboard")
            throw NounException.Shape("not an exported state, which begins [%arvo kernel %hashboard", state);
        machine.ImportHashboard(Axis.Get(state, 15));
        return new ArvoKernel(machine, Axis.Get(state, 6));
    }

    /// <summary>Processes an event <c>[now wire card]</c>; says its effects, a list of <c>[wire card]</c>.</summary>
    /// <exception cref="NockException">It crashed, or a limit was reached; the state is the old one.</exception>
    /// <exception cref="OperationCanceledException">It was interrupted; the state is the old one.</exception>
    public Noun Poke(Noun ovum, CancellationToken cancellationToken = default)
    {
        NockResult result = TryPoke(ovum, cancellationToken);
        return result.Product ?? throw new NockException(result);
    }

    /// <summary>Processes an event; a crash is a result. The product is the effects.</summary>
    /// <exception cref="OperationCanceledException">It was interrupted; the state is the old one.</exception>
    public NockResult TryPoke(Noun ovum, CancellationToken cancellationToken = default)
    {
        NockResult result = Machine.TrySlam(Arm(PokeArm, cancellationToken), ovum, cancellationToken);
        if (result.Product is not Noun product)
            return result;
        if (product is not Cell { Head: Noun effects, Tail: Cell next })
            throw NounException.Shape("a kernel's answer to an event is not [effects core]", product);
        Core = next;
        return result with { Product = effects };
    }

    /// <summary>Asks: the sample is <c>[gang request]</c>, the answer what the kernel says.</summary>
    /// <exception cref="NockException">It crashed, or a limit was reached.</exception>
    public Noun Peek(Noun sample, CancellationToken cancellationToken = default) => Machine.Slam(Arm(PeekArm, cancellationToken), sample, cancellationToken);

    /// <summary>The value of an expression in Hoon.</summary>
    /// <exception cref="NockException">It crashed, as for text that is no expression, or a limit was reached.</exception>
    public Noun Wish(string hoon, CancellationToken cancellationToken = default) => Machine.Slam(Arm(WishArm, cancellationToken), hoon, cancellationToken);

    private Noun Arm(Noun arm, CancellationToken cancellationToken) => Machine.Run(Core, arm, cancellationToken);
}
