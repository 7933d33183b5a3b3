using System.Globalization;

namespace Seguro.Core;

/// <summary>
/// The number of a mastership. It only grows, and it fences: a store refuses every write of a term that is not the current one.
/// </summary>
/// <param name="Value">0 before anybody was master.</param>
public readonly record struct Term(ulong Value) : IComparable<Term>
{
    /// <summary>The term before the first master's.</summary>
    public static Term None => default;

    /// <summary>The term that follows.</summary>
    public Term Next => new(checked(Value + 1));

    /// <summary>Order by value.</summary>
    public static bool operator <(Term left, Term right) => left.Value < right.Value;

    /// <summary>Order by value.</summary>
    public static bool operator >(Term left, Term right) => left.Value > right.Value;

    /// <summary>Order by value.</summary>
    public static bool operator <=(Term left, Term right) => left.Value <= right.Value;

    /// <summary>Order by value.</summary>
    public static bool operator >=(Term left, Term right) => left.Value >= right.Value;

    /// <inheritdoc/>
    public int CompareTo(Term other) => Value.CompareTo(other.Value);

    /// <summary>The decimal digits.</summary>
    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}
