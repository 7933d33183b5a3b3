using System.Globalization;

namespace Seguro.Testing.Vere;

/// <summary>The command line of a utility: <c>VERB [options] PIER</c> (vere-facts.md §1.5).</summary>
sealed record UtilityOptions
{
    private const long MapSize = 1L << 40;

    /// <summary>The pier.</summary>
    public string Pier { get; private set; } = "";

    /// <summary><c>-n</c>: stops after the batch with this event; 0: at the end. Of <c>queu</c>, <c>-r</c>: the event of the state.</summary>
    public ulong Until { get; private set; }

    /// <summary><c>-s</c>: saves after so many events; 0: at the end.</summary>
    public ulong SnapAt { get; private set; }

    /// <summary><c>-f</c>: begins at the epoch's beginning.</summary>
    public bool IsFull { get; private set; }

    /// <summary><c>-y</c>: keeps epoch 0, and takes an epoch of another runtime.</summary>
    public bool IsYolo { get; private set; }

    /// <summary><c>--soft-mugs</c>: goes on after a mug that differs.</summary>
    public bool IsSoft { get; private set; }

    /// <summary><c>--watch-replay</c>: the king of protocol 1 lives as long as standard input is open.</summary>
    public bool IsWatched { get; private set; }

    /// <summary>Reads what follows the verb.</summary>
    /// <exception cref="VereExit">It is not understood.</exception>
    public static UtilityOptions Read(IReadOnlyList<string> arguments)
    {
        UtilityOptions options = new();
        for (int at = 1; at < arguments.Count; at++)
        {
            switch (arguments[at])
            {
                case "-n" or "--replay-to" or "-r" or "--replay-from": options.Until = Number(); break;
                case "-s" or "--snap-at": options.SnapAt = Number(); break;
                case "-f" or "--full": options.IsFull = true; break;
                case "-y" or "--yolo": options.IsYolo = true; break;
                case "--soft-mugs": options.IsSoft = true; break;
                case "--watch-replay": options.IsWatched = true; break;
                case "--loom" or "--toss" or "--lmdb-map-size": at++; break;
                case "-g" or "--auto-meld" or "--no-demand" or "-q" or "--quiet" or "-v" or "-S": break;
                case var other when other.StartsWith('-') || options.Pier.Length > 0:
                    throw VereExit.Failed($"urbit {arguments[0]}: unknown argument '{other}'");
                case var pier: options.Pier = pier; break;
            }

            ulong Number() => ++at < arguments.Count && ulong.TryParse(arguments[at], NumberStyles.None, CultureInfo.InvariantCulture, out ulong value)
                ? value : throw VereExit.Failed($"urbit {arguments[0]}: {arguments[at - 1]} needs a number");
        }
        return options.Pier.Length > 0 ? options : throw VereExit.Failed($"usage: urbit {arguments[0]} [options] PIER");
    }

    /// <summary>Opens the pier, which nobody may have.</summary>
    public VerePier Open() => VerePier.Open(Pier, MapSize);
}
