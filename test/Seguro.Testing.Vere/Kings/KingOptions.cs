using System.Globalization;
using Seguro.Nouns;

namespace Seguro.Testing.Vere;

/// <summary>The command line of <c>urbit [options] PIER</c>, as far as a fake ship, or a pier that exists, needs it.</summary>
sealed record KingOptions
{
    /// <summary>The pier.</summary>
    public string Pier { get; private set; } = "";

    /// <summary><c>-c</c>, or an <c>-F</c> with a pier that is not there: boot it.</summary>
    public bool IsNew { get; private set; }

    /// <summary><c>-F SHIP</c>: a fake ship.</summary>
    public UInt128? Fake { get; private set; }

    /// <summary><c>-B FILE</c>: the pill; without it the stand-in boots its own small kernel, where vere would download one.</summary>
    public string? Pill { get; private set; }

    /// <summary><c>-L</c>: local networking only.</summary>
    public bool IsLocal { get; private set; }

    /// <summary><c>-t</c>: the terminal is none.</summary>
    public bool IsPlain { get; private set; }

    /// <summary><c>-d</c>: a daemon: the process that was started ends when the ship is live.</summary>
    public bool IsDaemon { get; private set; }

    /// <summary><c>-x</c>: ends when the ship is live.</summary>
    public bool EndsLive { get; private set; }

    /// <summary><c>-p PORT</c>, <c>--ames-port</c>.</summary>
    public int? AmesPort { get; private set; }

    /// <summary><c>--http-port</c>: must be free; without it the next free one from 8080 on.</summary>
    public int? HttpPort { get; private set; }

    /// <summary><c>--serf-bin</c>: what is started in place of this program.</summary>
    public string? Worker { get; private set; }

    /// <summary><c>--no-conn</c>: no control socket.</summary>
    public bool HasNoControl { get; private set; }

    /// <summary><c>--snap-time</c>, in minutes.</summary>
    public int SnapMinutes { get; private set; } = 2;

    /// <summary><c>--lmdb-map-size</c>.</summary>
    public long MapSize { get; private set; } = 1L << 40;

    /// <summary><c>--loom</c>.</summary>
    public int Loom { get; private set; } = 31;

    /// <summary>Reads it.</summary>
    /// <exception cref="VereExit">It is not understood.</exception>
    public static KingOptions Read(IReadOnlyList<string> arguments)
    {
        KingOptions options = new();
        for (int at = 0; at < arguments.Count; at++)
        {
            string name = arguments[at];
            switch (name)
            {
                case "-c" or "--pier": options.Pier = Next(); options.IsNew = true; break;
                case "-F" or "--fake": options.Fake = ShipName.Parse(Next() is var ship && ship.StartsWith('~') ? ship : "~" + ship); break;
                case "-B" or "--bootstrap": options.Pill = Next(); break;
                case "-L" or "--local": options.IsLocal = true; break;
                case "-t" or "--no-tty": options.IsPlain = true; break;
                case "-d" or "--daemon": options.IsDaemon = options.IsPlain = true; break;
                case "-x" or "--exit": options.EndsLive = true; break;
                case "-p" or "--ames-port": options.AmesPort = Number(ushort.MaxValue); break;
                case "--http-port": options.HttpPort = Number(ushort.MaxValue); break;
                case "--serf-bin": options.Worker = Next(); break;
                case "--no-conn": options.HasNoControl = true; break;
                case "--snap-time": options.SnapMinutes = Number(ushort.MaxValue); break;
                case "--lmdb-map-size": options.MapSize = long.Parse(Next(), CultureInfo.InvariantCulture); break;
                case "--loom": options.Loom = Number(64); break;
                case "-q" or "--quiet" or "-v" or "--verbose" or "--no-dock" or "--behn-allow-blocked" or "-S": break;
                default:
                    if (name.StartsWith('-') || options.Pier.Length > 0)
                        throw VereExit.Failed($"urbit: unknown argument '{name}'; this program stands in for vere, and has only some of its options");
                    options.Pier = name;
                    break;
            }

            string Next() => ++at < arguments.Count ? arguments[at] : throw VereExit.Failed($"urbit: {name} needs a value");

            int Number(int most) => int.TryParse(Next(), NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value <= most
                ? value : throw VereExit.Failed($"urbit: {name} needs a number up to {most}");
        }
        if (options.Pier.Length == 0)
            throw VereExit.Failed("usage: urbit [options] PIER | urbit -F SHIP [-B PILL] -c PIER");
        options.IsNew |= options.Fake is not null && !Directory.Exists(options.Pier);
        return options;
    }
}
