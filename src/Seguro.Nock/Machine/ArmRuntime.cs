using Seguro.Nouns;

namespace Seguro.Nock;

/// <summary>What the code of arms calls.</summary>
static class ArmRuntime
{
    /// <summary>The largest number that an arm begins with in a variable of the processor's. No arm is long enough to count from there to the end of 64 bits.</summary>
    public const ulong Largest = 1UL << 62;

    public static Noun Crash() => throw new NockCrash();

    public static Noun AtomOf(ulong number) => Atom.Of(number);

    public static Atom Number(Noun noun) => noun as Atom ?? throw new NockCrash();

    public static Noun Next(Noun noun) => noun is Atom atom ? atom.Increment() : throw new NockCrash();

    /// <summary>The number; more than <see cref="Largest"/> where the noun is none up to that.</summary>
    public static ulong Small(Noun noun) => noun is Atom { Words: null } atom ? atom.Low : ulong.MaxValue;

    /// <summary>Is the noun that number?</summary>
    public static bool Is(ulong number, Noun noun) => noun is Atom { Words: null } atom && atom.Low == number;

    /// <summary>Is it the number after that one? Makes no atom to find out.</summary>
    public static bool IsNext(Atom number, Noun other) =>
        number.Words is null && number.Low != ulong.MaxValue ? Is(number.Low + 1, other) : NounEquality.Same(number.Increment(), other);

    public static bool Same(Noun left, Noun right) =>
        ReferenceEquals(left, right)
        || (left is Atom { Words: null } number && right is Atom { Words: null } other ? number.Low == other.Low : NounEquality.Same(left, right));

    public static bool IsYes(Noun noun) => noun is Atom { Words: null, Low: <= 1 } flag ? flag.Low == 0 : throw new NockCrash();
}
