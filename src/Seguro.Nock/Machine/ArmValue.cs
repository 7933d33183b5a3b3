using System.Linq.Expressions;
using Seguro.Nouns;

namespace Seguro.Nock;

/// <summary>A noun as the compiler of an arm knows it.</summary>
abstract record ArmValue
{
    /// <summary>The number of variables that it is made of.</summary>
    public virtual int Count => 1;
}

/// <summary>A noun that is there when the code runs: a variable or a constant.</summary>
/// <param name="Noun">It.</param>
/// <param name="IsNext">Is it the next number of another?</param>
sealed record WholeValue(Expression Noun, bool IsNext = false) : ArmValue;

/// <summary>A number in a variable of the processor's: its atom is made where something must have it as a noun.</summary>
sealed record NumberValue(Expression Number) : ArmValue;

/// <summary>A cell that was not built: it is, where something must have it as a noun.</summary>
sealed record PairValue(ArmValue Head, ArmValue Tail) : ArmValue
{
    public override int Count { get; } = Head.Count + Tail.Count;
}

/// <summary>What a core looks like at the begin of an arm: which of its cells are taken apart, into variables.</summary>
/// <param name="Head">The shape of its head; null with that of its tail where it is in a variable.</param>
/// <param name="Tail">The shape of its tail.</param>
/// <param name="IsNumber">In a variable as a number (<see cref="NumberValue"/>), as calls count it up.</param>
sealed record ArmShape(ArmShape? Head, ArmShape? Tail, bool IsNumber = false)
{
    /// <summary>In a variable.</summary>
    public static ArmShape Whole { get; } = new(null, null);

    public bool IsWhole => Head is null;

    /// <summary>A battery, and the rest.</summary>
    public static ArmShape Core { get; } = new(Whole, Whole);

    /// <summary>Its variables, in order.</summary>
    public IEnumerable<ArmShape> Leaves => IsWhole ? [this] : Head!.Leaves.Concat(Tail!.Leaves);

    /// <summary>The shape with the pairs and numbers of a value that is to have it, too.</summary>
    public ArmShape With(ArmValue value) => value switch
    {
        PairValue pair => new ArmShape((Head ?? Whole).With(pair.Head), (Tail ?? Whole).With(pair.Tail)),
        WholeValue { IsNext: true } when IsWhole => this with { IsNumber = true },
        _ => this,
    };
}
