using Seguro.Nouns;

namespace Seguro.Nock.Jets;

/// <summary>Gates of Hoon's compiler (the core <c>ut</c>, hoon 5c), whose products are kept.</summary>
/// <remarks>
/// They are computed by their formulas, once for each subject, sample and <c>vet</c> flag. The compiler's core has two more variables: <c>fan</c>, the
/// holds that are being resolved, and <c>rib</c>, the calls of wet gates that are being checked. Both only grow inwards, to notice loops. A call that
/// came to a product under one <c>fan</c> can't meet a loop under another, whose members are being resolved further out: to resolve such a member again
/// it would pass through itself. What was assumed for <c>rib</c> either came true or crashed, and a crash forgets all products. vere keeps products by
/// the same parts, for fewer gates; <c>redo</c> and the inner gate of <c>nest</c>, which ask for their loops, are kept here by all they depend on.
/// </remarks>
static class CompilerMemos
{
    public static IEnumerable<(string, CallKeyOf)> All { get; } =
    [
        ("mint", Sampled),
        ("mull", Sampled),
        ("play", Sampled),
        ("rest", Sampled),
        ("find", Sampled),
        ("fond", Sampled),
        ("peek", Sampled),
        ("toss", Sampled),
        ("crop", Sampled),
        ("fuse", Sampled),
        ("fish", Sampled),
        ("nest", Sampled),
        ("nest/nest-in/nest-dext", (NockMachine machine, Arm arm, in JetCall call) => Nesting(machine, arm, call)),
        ("redo", (NockMachine machine, Arm arm, in JetCall call) => Key(machine, arm, call.Context, call.Sample, Axis.At(call.Context, 28))),
    ];

    private static CallKey? Sampled(NockMachine machine, Arm arm, in JetCall call) => Key(machine, arm, call.Context, call.Sample, Atom.Zero);

    // A trap [battery nest-in], where nest-in is [battery [seg reg gil] nest], and nest [battery sample ut].
    private static CallKey? Nesting(NockMachine machine, Arm arm, in JetCall call)
    {
        if (call.Gate.TailField is not Cell { TailField: Cell { HeadField: Noun seen, TailField: Cell { TailField: Cell { HeadField: Noun sample, TailField: Noun ut } } } })
            return null;
        return Key(machine, arm, ut, sample, seen);
    }

    // ut is [battery subject [fan rib vet] library].
    private static CallKey? Key(NockMachine machine, Arm arm, Noun ut, Noun sample, Noun? more)
    {
        if (ut is not Cell { HeadField: Noun battery, TailField: Cell { HeadField: Noun subject, TailField: Cell { HeadField: Cell loops, TailField: Noun library } } }
            || loops.TailField is not Cell { TailField: Noun vet } || more is null)
        {
            return null;
        }
        return new CallKey(arm, machine.Kept.World(battery, library), subject, sample, vet, more);
    }
}
