using System.Globalization;
using Seguro.Core;

namespace Seguro.Vere.Protocol;

/// <summary>
/// With what a king starts its worker, after the program's name (vere-facts.md §5a "argv", §5b). What is written is what was read, argument for argument; what is not known is
/// refused by its name, since a worker would take it for something that Seguro can't judge.
/// </summary>
public abstract record WorkerArguments
{
    private WorkerArguments()
    {
    }

    /// <summary>The pier.</summary>
    public abstract string Pier { get; }

    /// <summary>The protocol that will be spoken.</summary>
    public abstract VereProtocol Protocol { get; }

    /// <summary>The arguments, the command first.</summary>
    public abstract IReadOnlyList<string> Write();

    /// <summary>Reads the arguments, the command first.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.Unsupported"/>: a command, an option, a number of parts or a value that no vere known here would give.</exception>
    public static WorkerArguments Read(IReadOnlyList<string> arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        return arguments.Count == 0 ? throw Refused("it gives no command") : arguments[0] switch
        {
            "work" or "boot" => Mars.ReadOptions(arguments),
            "serf" => Serf.ReadParts(arguments),
            "play" => Replay.ReadParts(arguments),
            _ => throw Refused($"it asks for '{arguments[0]}', and a worker of protocol 1 or 2 is asked for work, boot, serf or play"),
        };
    }

    private static SeguroException Refused(string what) => new(
        ErrorCode.Unsupported, $"the king starts its worker in a way that is not known: {what}", "Use a vere of 3.1 to 3.5, or of 4.0 or later, that Seguro knows; nothing was started.");

    private static ulong Number(string name, string text, ulong limit) =>
        ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong value) && value <= limit
            ? value
            : throw Refused($"{name} is '{text}', and a number up to {limit} was due");

    /// <summary>Protocol 2 (vere 4.0 and later): <c>work</c> and <c>boot</c>, all by long options.</summary>
    /// <param name="Command"><c>work</c> or <c>boot</c>.</param>
    /// <param name="Options">Names and values, in the order in which they stood.</param>
    public sealed record Mars(string Command, IReadOnlyList<KeyValuePair<string, string>> Options) : WorkerArguments
    {
        // The largest value that each may have; null: any text. The snapshot timer is multiplied by 1,000 in 32 bits.
        private static readonly Dictionary<string, ulong?> Known = new(StringComparer.Ordinal)
        {
            ["--snap-dir"] = null,
            ["--runtime-config"] = uint.MaxValue,
            ["--temporary-cache-size"] = uint.MaxValue,
            ["--loom"] = 64,
            ["--toss"] = uint.MaxValue,
            ["--persistent-cache-size"] = uint.MaxValue,
            ["--snap-time"] = MaxSnapTime,
            ["--lmdb-map-size"] = ulong.MaxValue,
            ["--play-until"] = ulong.MaxValue,
            ["--ephemeral-file"] = null,
            ["--win-intr-handle"] = ulong.MaxValue,
        };

        private static readonly string[] OfWork = ["--snap-time", "--play-until", "--win-intr-handle"];

        private static readonly string[] Needed =
            ["--snap-dir", "--runtime-config", "--temporary-cache-size", "--loom", "--toss", "--persistent-cache-size", "--lmdb-map-size"];

        /// <summary>The longest time between the worker's own snapshots, in seconds.</summary>
        public const uint MaxSnapTime = uint.MaxValue / 1000;

        /// <inheritdoc/>
        public override string Pier => this["--snap-dir"]!;

        /// <inheritdoc/>
        public override VereProtocol Protocol => VereProtocol.Two;

        /// <summary>An option's value; <see langword="null"/> where it is not given.</summary>
        public string? this[string name] => Options.FirstOrDefault(option => option.Key == name).Value;

        /// <summary>The same with another time between the worker's own snapshots, in seconds: a gated worker writes them when it is asked to.</summary>
        public Mars WithSnapTime(uint seconds)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan(seconds, MaxSnapTime);
            string value = seconds.ToString(CultureInfo.InvariantCulture);
            return this with { Options = [.. Options.Select(option => option.Key == "--snap-time" ? KeyValuePair.Create(option.Key, value) : option)] };
        }

        /// <inheritdoc/>
        public override IReadOnlyList<string> Write() => [Command, .. Options.SelectMany(static option => new[] { option.Key, option.Value })];

        internal static Mars ReadOptions(IReadOnlyList<string> arguments)
        {
            string command = arguments[0];
            List<KeyValuePair<string, string>> options = [];
            for (int at = 1; at < arguments.Count; at += 2)
            {
                string name = arguments[at];
                if (!Known.TryGetValue(name, out ulong? limit) || (command == "boot" && OfWork.Contains(name)))
                    throw Refused($"{command} has no option '{name}' there");
                if (options.Any(option => option.Key == name))
                    throw Refused($"{name} is given twice");
                if (at + 1 == arguments.Count)
                    throw Refused($"{name} has no value");
                if (limit is { } most)
                    Number(name, arguments[at + 1], most);
                options.Add(KeyValuePair.Create(name, arguments[at + 1]));
            }
            string[] missing = [.. Needed.Concat(command == "work" ? ["--snap-time"] : []).Where(name => options.All(option => option.Key != name))];
            return missing.Length == 0 ? new Mars(command, options) : throw Refused($"{command} lacks {string.Join(", ", missing)}");
        }
    }

    /// <summary>Protocol 1 (vere 3.1 to 3.5): <c>serf PIER KEY FLAGS HASHES LOOM ROCK EPHEMERAL TOSS PERSISTENT</c>.</summary>
    /// <param name="Parts">The nine parts after the command.</param>
    public sealed record Serf(IReadOnlyList<string> Parts) : WorkerArguments
    {
        private const int Count = 9;

        /// <inheritdoc/>
        public override string Pier => Parts[0];

        /// <inheritdoc/>
        public override VereProtocol Protocol => VereProtocol.One;

        /// <inheritdoc/>
        public override IReadOnlyList<string> Write() => ["serf", .. Parts];

        internal static Serf ReadParts(IReadOnlyList<string> arguments)
        {
            if (arguments.Count != Count + 1)
                throw Refused($"serf has {arguments.Count - 1} parts, and {Count} in vere 3.1 to 3.5");
            if (arguments[2].Split(':') is not { Length: 4 } key || !Array.TrueForAll(key, static part => ulong.TryParse(part, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out _)))
                throw Refused("serf's key is not four hexadecimal numbers");
            foreach ((string name, int at) in new[] { ("serf's flags", 3), ("serf's hash size", 4), ("serf's loom", 5), ("serf's toss", 8), ("serf's persistent cache", 9) })
                Number(name, arguments[at], uint.MaxValue);
            Number("serf's rock", arguments[6], ulong.MaxValue);
            return new Serf([.. arguments.Skip(1)]);
        }
    }

    /// <summary>
    /// Protocol 1: <c>play --watch-replay --loom N --replay-to N --snap-at N [flags] PIER</c>, which a king of 3.1 to 3.5 runs before its worker. No frames are spoken: its standard
    /// input tells it that the king lives.
    /// </summary>
    /// <param name="Arguments">All after the command; the flags among them are vere's, and passed on.</param>
    public sealed record Replay(IReadOnlyList<string> Arguments) : WorkerArguments
    {
        private static readonly string[] Start = ["--watch-replay", "--loom", "--replay-to", "--snap-at"];

        /// <inheritdoc/>
        public override string Pier => Arguments[^1];

        /// <inheritdoc/>
        public override VereProtocol Protocol => VereProtocol.One;

        /// <inheritdoc/>
        public override IReadOnlyList<string> Write() => ["play", .. Arguments];

        internal static Replay ReadParts(IReadOnlyList<string> arguments)
        {
            string[] after = [.. arguments.Skip(1)];
            if (after.Length < 8 || after[0] != Start[0] || after[1] != Start[1] || after[3] != Start[2] || after[5] != Start[3] || after[^1].StartsWith('-'))
                throw Refused("play is not followed by --watch-replay --loom N --replay-to N --snap-at N … PIER");
            foreach (int at in (int[])[2, 4, 6])
                Number(after[at - 1], after[at], ulong.MaxValue);
            return new Replay(after);
        }
    }
}
