namespace Seguro.Core;

/// <summary>The end of a log: <c>(term, number, chain)</c> of its last event.</summary>
/// <param name="Term">The term in which the last event was appended; <see cref="Term.None"/> in an empty log.</param>
/// <param name="Number">The last event's number; in an empty log that of its base.</param>
/// <param name="Chain">The chain at that number.</param>
public readonly record struct Head(Term Term, EventNumber Number, Chain Chain)
{
    /// <summary>The head without its term.</summary>
    public Position Position => new(Number, Chain);

    /// <inheritdoc/>
    public override string ToString() => $"{Position}, term {Term}";
}
