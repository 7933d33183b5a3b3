namespace Seguro.Core;

/// <summary>What a ship made of an ovum.</summary>
public abstract record Computation
{
    private Computation()
    {
    }

    /// <summary>It is an event; the ship's state is the one after it.</summary>
    /// <param name="Number">Its number.</param>
    /// <param name="Payload">What goes into the log. For Urbit: the mug of the new state (4 bytes, little-endian), then jam of the event.</param>
    /// <param name="Mug">The mug of the new state; 0 where the ship has none.</param>
    /// <param name="Effects">What is to be done outside, in order.</param>
    /// <param name="Failure">
    /// Why the ovum could not be taken as it was; the event then reports the failure to the ship (<c>%crud</c>). <see langword="null"/> where all is well.
    /// </param>
    public sealed record Accepted(EventNumber Number, ReadOnlyMemory<byte> Payload, uint Mug, IReadOnlyList<Effect> Effects, string? Failure = null) : Computation;

    /// <summary>It is no event; nothing changed.</summary>
    /// <param name="Kind">Why, to count by.</param>
    /// <param name="Reason">Why, for people.</param>
    public sealed record Refused(Refusal Kind, string Reason) : Computation;
}
