using Seguro.Core;
using Seguro.Piers;
using Seguro.Vere.Networks;

namespace Seguro.Vere.Running;

/// <summary>What one run of a stock vere goes by.</summary>
public sealed record VereRunOptions
{
    /// <summary>The pier's full path. Nobody else writes to it while the run lasts.</summary>
    public required string Pier { get; init; }

    /// <summary>The member's folder: the socket, the relay's script and the log of what vere prints are made there.</summary>
    public required string Folder { get; init; }

    /// <summary>The vere.</summary>
    public required string Binary { get; init; }

    /// <summary>What the user gives the king: ports, the loom's size.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>The king gets a terminal, at which others may look (<see cref="TerminalLine"/>); else it is told that it has none (<c>-t</c>).</summary>
    public bool HasTerminal { get; init; }

    /// <summary>The network that the king is in; <see langword="null"/>: the machine's.</summary>
    public ShipNetwork? Network { get; init; }

    /// <summary>How Seguro's own command is started, to be the relay: the program, and what comes before the verb.</summary>
    public required IReadOnlyList<string> Seguro { get; init; }

    /// <summary>The end of the pier's log, all of it released.</summary>
    public required EventNumber Head { get; init; }

    /// <summary>The last event that the store is known to have: at optimism 0 what is released may be above it, and no snapshot may.</summary>
    public required EventNumber Committed { get; init; }

    /// <summary>
    /// Takes the events that the ship made, in order and without a gap after <see cref="Head"/>: they are committed in the pier, or in the file of <see cref="PendingEvents"/>. One call at a time; the
    /// bytes are its own.
    /// </summary>
    public required Action<IReadOnlyList<PierEvent>> Made { get; init; }

    /// <summary>Hears that the worker's word of where it stands is the king's to have: from now on the king serves. Must not wait.</summary>
    public Action Up { get; init; } = static () => { };

    /// <summary>Hears what a user may want to know. From any thread.</summary>
    public required Action<string> Notice { get; init; }

    /// <summary>How long a process may take to end by itself, once it has nothing more to do.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(10);
}
