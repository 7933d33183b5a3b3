using Seguro.Core;

namespace Seguro.Testing;

/// <summary>A ship in a member's memory.</summary>
internal sealed class SimulatedShip(Position position, ulong state)
{
    /// <summary>How many events it has processed.</summary>
    public EventNumber Number { get; private set; } = position.Number;

    /// <summary>Its state.</summary>
    public ulong State { get; private set; } = state;

    /// <summary>Something is wrong with this machine: the next event leads to another state.</summary>
    public bool Differs { get; set; }

    /// <summary>This machine has not the memory for anything.</summary>
    public bool Starves { get; set; }

    /// <summary>Makes the next event.</summary>
    public Computation Poke(Ovum ovum)
    {
        ShipRules.Kind kind = ShipRules.KindOf(ovum);
        if (kind is ShipRules.Kind.Nonsense)
            return new Computation.Refused(Refusal.Malformed, "nonsense");
        if (Starves)
            return new Computation.Refused(Refusal.Failed, "this machine has not the memory for what comes of it");
        (byte[] payload, ulong after) = ShipRules.Compute(State, ovum);
        Number = Number.Next;
        State = after;
        return new Computation.Accepted(
            Number, payload, ShipRules.MugOf(after), ShipRules.EffectsOf(Number, after, payload), kind is ShipRules.Kind.Crash ? "bail: exit" : null);
    }

    /// <summary>Processes an event of the log; says why not.</summary>
    public string? Apply(Event added, bool comparesMug, out Applied applied)
    {
        applied = default;
        if (added.Number != Number.Next)
            throw new InvariantException(Invariant.Contract, $"event {added.Number} was given to a ship that stands at {Number}");
        if (Starves)
            return "this machine has not the memory for it";
        ReadOnlySpan<byte> payload = added.Payload.Span;
        ulong after = ShipRules.Next(State, payload);
        if (Differs)
            after ^= 0x5555;
        if (comparesMug && ShipRules.MugOf(after) != ShipRules.MugIn(payload))
            return "the ship came to another state";
        Number = added.Number;
        State = after;
        Differs = false;
        applied = new Applied(ShipRules.MugOf(after), ShipRules.EffectsOf(Number, after, payload), ShipRules.DigestOf(payload));
        return null;
    }
}
