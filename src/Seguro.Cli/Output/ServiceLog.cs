using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Seguro.Core;

namespace Seguro.Cli.Output;

/// <summary>The log of a service on standard output, an entry a line: as text, as text for systemd's journal, or as JSON with fields. From any thread.</summary>
internal sealed class ServiceLog : ILogger
{
    private const string Journal = "JOURNAL_STREAM";

    private static readonly (string Word, LogLevel Level)[] Levels = [("debug", LogLevel.Debug), ("info", LogLevel.Information), ("warning", LogLevel.Warning), ("error", LogLevel.Error)];

    private static readonly Option<string> Form = new("--log-format")
    {
        Description = "text; journal: no time, and <N> before each line, by which systemd's journal knows the level; json: one object a line; auto: journal where systemd says that it reads, else text.",
        HelpName = "auto|text|journal|json",
        DefaultValueFactory = static _ => "auto",
    };

    private static readonly Option<string> Least = new("--log-level")
    {
        Description = "The least level that is said.",
        HelpName = "debug|info|warning|error",
        DefaultValueFactory = static _ => "info",
    };

    private readonly Lock _printing = new();
    private readonly Terminal _terminal;
    private readonly string _form;
    private readonly LogLevel _least;
    private readonly (string Name, string Value)[] _always;
    private readonly string _before = "";

    private ServiceLog(ServiceLog node, Ship ship)
        : this(node._terminal, node._form, node._least, [.. node._always, ("ship", ship.Name)])
    {
        _printing = node._printing;
        _before = $"{ship}: ";
    }

    /// <summary>Makes one.</summary>
    /// <param name="terminal">Where it prints.</param>
    /// <param name="form"><c>text</c>, <c>journal</c> or <c>json</c>.</param>
    /// <param name="least">The least level that is said.</param>
    /// <param name="always">Fields of every entry in JSON.</param>
    public ServiceLog(Terminal terminal, string form, LogLevel least, params (string Name, string Value)[] always)
    {
        _terminal = terminal;
        _form = form;
        _least = least;
        _always = always;
    }

    /// <summary>What it prints is JSON.</summary>
    public bool IsJson => _form == "json";

    /// <summary>Gives a command the options of a log.</summary>
    public static Command AddTo(Command command)
    {
        command.Options.Add(Form);
        command.Options.Add(Least);
        return command;
    }

    /// <summary>The log that a command line asks for; <c>--json</c> is the same as <c>--log-format json</c>.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.BadValue"/>.</exception>
    public static ServiceLog Of(Terminal terminal, ParseResult parse, bool json, params (string Name, string Value)[] always)
    {
        string form = parse.GetRequiredValue(Form);
        if (form is not ("auto" or "text" or "journal" or "json"))
            throw new SeguroException(ErrorCode.BadValue, $"--log-format {form}", "Write auto, text, journal or json.");
        string least = parse.GetRequiredValue(Least);
        if (!Array.Exists(Levels, level => level.Word == least))
            throw new SeguroException(ErrorCode.BadValue, $"--log-level {least}", "Write debug, info, warning or error.");
        if (json)
            form = "json";
        else if (form == "auto")
            form = Environment.GetEnvironmentVariable(Journal) is { Length: > 0 } ? "journal" : "text";
        return new ServiceLog(terminal, form, Array.Find(Levels, level => level.Word == least).Level, always);
    }

    /// <summary>The log of one ship on a node that holds many: it stands before each text, and is a field of each entry in JSON.</summary>
    public ServiceLog Of(Ship ship) => new(this, ship);

    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) => logLevel >= _least && logLevel is not LogLevel.None;

    /// <inheritdoc/>
    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel))
            return;
        string text = formatter(state, exception);
        string line = _form switch
        {
            "json" => Json(logLevel, text, state as IEnumerable<KeyValuePair<string, object?>>),
            "journal" => Prefixed(logLevel, _before + text),
            _ => $"{Now()} {Word(logLevel),-7} {_before}{text}",
        };
        lock (_printing)
        {
            _terminal.Output.WriteLine(line);
            _terminal.Output.Flush();
        }
    }

    // Levels of syslog, as sd-daemon(3) has them; each line of a text needs its own.
    private static string Prefixed(LogLevel level, string text)
    {
        int number = level switch
        {
            LogLevel.Critical => 2,
            LogLevel.Error => 3,
            LogLevel.Warning => 4,
            LogLevel.Information => 6,
            _ => 7,
        };
        return string.Join('\n', text.Split('\n').Select(line => $"<{number}>{line}"));
    }

    private string Json(LogLevel level, string text, IEnumerable<KeyValuePair<string, object?>>? values)
    {
        JsonObject entry = new() { ["time"] = Now(), ["level"] = Word(level), ["notice"] = text };
        foreach ((string name, string value) in _always)
            entry[name] = value;
        JsonObject fields = [];
        foreach ((string name, object? value) in values ?? [])
        {
            // A sentence that was made elsewhere is its own only value.
            if (name != "{OriginalFormat}" && value?.ToString() != text)
                fields[char.ToLowerInvariant(name[0]) + name[1..]] = Node(value);
        }
        if (fields.Count > 0)
            entry["fields"] = fields;
        return entry.ToJsonString(Terminal.JsonForm);
    }

    private static JsonNode? Node(object? value) => value switch
    {
        null => null,
        bool truth => truth,
        int number => number,
        long number => number,
        ulong number => number,
        double number => number,
        EventNumber number => number.Value,
        Term term => term.Value,
        IFormattable formattable => formattable.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString(),
    };

    private static string Now() => DateTimeOffset.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    private static string Word(LogLevel level) => level is LogLevel.Critical ? "error" : Levels.LastOrDefault(known => known.Level <= level, Levels[0]).Word;
}
