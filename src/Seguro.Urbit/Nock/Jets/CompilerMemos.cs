using Seguro.Urbit.Nouns;

namespace Seguro.Urbit.Nock.Jets;

/// <summary>Gates of Hoon's compiler (<c>ut</c>, hoon 5c), whose products are kept.</summary>
static class CompilerMemos
{
    public static IEnumerable<(string, CallKeyOf)> All { get; } =
    [
        ("mint", Whole),
        ("mull", Whole),
        ("crop", Whole),
        ("fuse", Whole),
        ("fish", Whole),
        ("rest", Whole),
        ("find", Whole),
        ("fond", Whole),
        ("peek", Whole),
        ("play", Whole),
        ("toss", Whole),
        ("redo", Redo),
        ("nest", Whole),
        ("nest/nest-in/nest-dext", Dext),
    ];

    // [battery sut [fan rib vet] context]
    private static CallKey? Key(NockMachine machine, Arm arm, Noun van, Noun sample, Noun? more)
    {
        if (van is not Cell { HeadField: Noun battery, TailField: Cell { HeadField: Noun sut, TailField: Cell { HeadField: Cell { TailField: Cell { TailField: Noun vet } }, TailField: Noun context } } })
            return null;
        return new CallKey(arm, machine.Calls2.World(battery, context), sut, sample, vet, more ?? Atom.Zero);
    }

    private static CallKey? Whole(NockMachine machine, Arm arm, in JetCall call) => Key(machine, arm, call.Context, call.Sample, null);

    private static CallKey? Redo(NockMachine machine, Arm arm, in JetCall call) => Key(machine, arm, call.Context, call.Sample, Axis.At(call.Context, 28));

    private static CallKey? Dext(NockMachine machine, Arm arm, in JetCall call)
    {
        // A trap [battery nest-in]; nest-in is [battery [seg reg gil] nest].
        if (call.Gate.TailField is not Cell { TailField: Cell { HeadField: Noun seen, TailField: Cell { TailField: Cell { HeadField: Noun sample, TailField: Noun van } } } })
            return null;
        return Key(machine, arm, van, sample, seen);
    }
}
