using System.Linq.Expressions;
using Seguro.Urbit.Nouns;

namespace Seguro.Urbit.Nock;

/// <summary>A noun as the compiler of an arm knows it.</summary>
abstract record ArmValue
{
    /// <summary>The number of nouns in variables that it is made of.</summary>
    public abstract int Count { get; }
}

/// <summary>A noun that is there when the code runs: a variable or a constant.</summary>
sealed record WholeValue(Expression Noun) : ArmValue
{
    public override int Count => 1;
}

/// <summary>A cell that was not built: it is, where something must have it as a noun.</summary>
sealed record PairValue(ArmValue Head, ArmValue Tail) : ArmValue
{
    public override int Count { get; } = Head.Count + Tail.Count;
}

/// <summary>What a core looks like at the begin of an arm: which of its cells are taken apart, into variables.</summary>
/// <param name="Head">The shape of its head; null with that of its tail where it is in a variable.</param>
/// <param name="Tail">The shape of its tail.</param>
sealed record ArmShape(ArmShape? Head, ArmShape? Tail)
{
    /// <summary>In a variable.</summary>
    public static ArmShape Whole { get; } = new(null, null);

    public bool IsWhole => Head is null;

    public int Count { get; } = Head is null ? 1 : Head.Count + Tail!.Count;

    /// <summary>A battery, and the rest.</summary>
    public static ArmShape Core { get; } = new(Whole, Whole);

    /// <summary>The shape with the pairs of a value that is to have it, too.</summary>
    public ArmShape With(ArmValue value) => value is PairValue pair
        ? new ArmShape((Head ?? Whole).With(pair.Head), (Tail ?? Whole).With(pair.Tail))
        : this;
}
