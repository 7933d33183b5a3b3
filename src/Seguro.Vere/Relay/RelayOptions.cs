using Seguro.Core;
using Seguro.Vere.Protocol;

namespace Seguro.Vere.Relay;

/// <summary>What a relay goes by.</summary>
public sealed record RelayOptions
{
    /// <summary>What king and worker speak, as the worker's arguments say.</summary>
    public VereProtocol Protocol { get; init; } = VereProtocol.Two;

    /// <summary>The last event of the pier's log when the worker was started. What the worker says while it replays may be of any event up to it.</summary>
    public required EventNumber PierHead { get; init; }

    /// <summary>The last event whose effects may leave, as known when the relay begins.</summary>
    public EventNumber Released { get; init; }

    /// <summary>The last event that the store has, as known when the relay begins; <see langword="null"/> where what is released is committed, too.</summary>
    public EventNumber? Committed { get; init; }

    /// <summary>Is text for the terminal held as replies are? If not, it may tell of events that are not safe yet.</summary>
    public bool HoldsText { get; init; } = true;

    /// <summary>Tasks that may be with the worker at a time; over it, nothing is taken from the king. vere's king has ten at the most (vere-facts.md §5a).</summary>
    public int MaxWrits { get; init; } = 16;

    /// <summary>
    /// Bytes of replies that are held; over it, nothing is taken from the worker. One piece of what was read may come on top; in protocol 1 also the
    /// rest of a reply that brings an event of its own.
    /// </summary>
    public long MaxHeldBytes { get; init; } = 64 << 20;

    /// <summary>Bytes of text that are held; what comes on top is dropped, and counted.</summary>
    public long MaxTextBytes { get; init; } = 4 << 20;

    /// <summary>Protocol 1: the largest event, in bytes of its frame; it must be in memory to become a payload. A larger one ends the relay.</summary>
    public int MaxEventBytes { get; init; } = 1 << 30;
}
