using Seguro.Core;
using Seguro.Piers;

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

    /// <summary>How Seguro's own command is started, to be the relay: the program, and what comes before the verb.</summary>
    public required IReadOnlyList<string> Seguro { get; init; }

    /// <summary>The end of the pier's log, all of it released.</summary>
    public required EventNumber Head { get; init; }

    /// <summary>
    /// Takes the events that the ship made, in order and without a gap after <see cref="Head"/>: they are committed in the pier. One call at a time; the bytes are its own.
    /// </summary>
    public required Action<IReadOnlyList<PierEvent>> Made { get; init; }

    /// <summary>Hears what a user may want to know. From any thread.</summary>
    public required Action<string> Notice { get; init; }

    /// <summary>How long a process may take to end by itself, once it has nothing more to do.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(10);
}
