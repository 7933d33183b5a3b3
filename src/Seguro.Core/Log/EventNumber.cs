using System.Globalization;

namespace Seguro.Core;

/// <summary>The number of an event in a ship's log: 1, 2, 3 … without a hole.</summary>
/// <param name="Value">The number; 0 stands before the first event and is no event's number.</param>
public readonly record struct EventNumber(ulong Value) : IComparable<EventNumber>
{
    /// <summary>The place before event 1: the head of an empty log.</summary>
    public static EventNumber None => default;

    /// <summary>The number that follows.</summary>
    /// <exception cref="OverflowException">This is the last number that 64 bits hold.</exception>
    public EventNumber Next => new(checked(Value + 1));

    /// <summary>The number before; event 1's is <see cref="None"/>.</summary>
    /// <exception cref="OverflowException">This is <see cref="None"/>.</exception>
    public EventNumber Previous => new(checked(Value - 1));

    /// <summary>The number <paramref name="count"/> places on.</summary>
    public static EventNumber operator +(EventNumber number, ulong count) => new(checked(number.Value + count));

    /// <summary>How many places lie between two numbers; the second must not be above the first.</summary>
    public static ulong operator -(EventNumber high, EventNumber low) => checked(high.Value - low.Value);

    /// <summary>Order by value.</summary>
    public static bool operator <(EventNumber left, EventNumber right) => left.Value < right.Value;

    /// <summary>Order by value.</summary>
    public static bool operator >(EventNumber left, EventNumber right) => left.Value > right.Value;

    /// <summary>Order by value.</summary>
    public static bool operator <=(EventNumber left, EventNumber right) => left.Value <= right.Value;

    /// <summary>Order by value.</summary>
    public static bool operator >=(EventNumber left, EventNumber right) => left.Value >= right.Value;

    /// <inheritdoc/>
    public int CompareTo(EventNumber other) => Value.CompareTo(other.Value);

    /// <summary>The decimal digits, without separators.</summary>
    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}
