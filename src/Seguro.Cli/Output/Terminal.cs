using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Seguro.Core;
using Spectre.Console;

namespace Seguro.Cli.Output;

/// <summary>
/// Where a command prints and reads. Results go to standard output; progress, warnings and errors go to standard error,
/// so that <c>--json</c> and raw bytes can be piped.
/// </summary>
public sealed class Terminal
{
    /// <summary>How results are written as JSON: camel case, one line.</summary>
    public static JsonSerializerOptions JsonForm => JsonStyle;

    private static readonly JsonSerializerOptions JsonStyle = new(JsonSerializerDefaults.Web)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly Func<CancellationToken> _closed = static () => CancellationToken.None;
    private readonly Action _outlive = static () => { };
    private readonly Func<Stream> _openInput;
    private readonly Func<Stream> _openRawOutput;

    /// <summary>Makes a terminal of these writers; tests give their own.</summary>
    /// <param name="output">Results.</param>
    /// <param name="errors">Progress, warnings, errors.</param>
    /// <param name="openInput">Opens raw standard input.</param>
    /// <param name="openRawOutput">Opens raw standard output.</param>
    /// <param name="isInteractive">May progress be drawn live on <paramref name="errors"/>?</param>
    public Terminal(TextWriter output, TextWriter errors, Func<Stream> openInput, Func<Stream> openRawOutput, bool isInteractive)
    {
        Output = output;
        Errors = errors;
        IsInteractive = isInteractive;
        _openInput = openInput;
        _openRawOutput = openRawOutput;
        Out = Create(output, isInteractive: false, isTerminal: false);
        Err = Create(errors, isInteractive, isTerminal: false);
    }

    private Terminal(TextWriter output)
        : this(output, Console.Error, Console.OpenStandardInput, static () => new StandardOutput(), !Console.IsErrorRedirected)
    {
        Out = Create(output, isInteractive: false, !Console.IsOutputRedirected);
        Err = Create(Console.Error, IsInteractive, !Console.IsErrorRedirected);
        _closed = static () => StandardOutput.Closed;
        _outlive = static () => StandardOutput.DropsWhatFails = true;
    }

    /// <summary>Plain text of results.</summary>
    public TextWriter Output { get; }

    /// <summary>Plain text for people.</summary>
    public TextWriter Errors { get; }

    /// <summary>Tables and colours on <see cref="Output"/>.</summary>
    public IAnsiConsole Out { get; }

    /// <summary>Progress and colours on <see cref="Errors"/>.</summary>
    public IAnsiConsole Err { get; }

    /// <summary>Progress may be drawn live.</summary>
    public bool IsInteractive { get; }

    /// <summary>The terminal of this process.</summary>
    public static Terminal OfProcess() => new(new StreamWriter(new StandardOutput(), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { AutoFlush = true });

    /// <summary>Cancelled when nobody reads <see cref="Output"/> any more; what writes next then fails in any case.</summary>
    public CancellationToken Closed => _closed();

    /// <summary>From now on what can't be printed is dropped: a service goes on when whoever read its output is gone, or its disk is full.</summary>
    public void Outlive() => _outlive();

    /// <summary>Raw standard input; the caller disposes of it.</summary>
    public Stream OpenInput() => _openInput();

    /// <summary>Raw standard output; the caller disposes of it.</summary>
    public Stream OpenRawOutput() => _openRawOutput();

    /// <summary>Prints a result as one line of JSON, in camel case.</summary>
    public void Json<T>(T value) => Output.WriteLine(JsonSerializer.Serialize(value, JsonStyle));

    /// <summary>Prints a result of several fields as a two-column list.</summary>
    public void Fields(params ReadOnlySpan<(string Name, string? Value)> fields)
    {
        int width = 0;
        foreach ((string name, string? value) in fields)
            width = value is null ? width : Math.Max(width, name.Length);
        foreach ((string name, string? value) in fields)
        {
            if (value is not null)
                Out.MarkupLineInterpolated($"[grey]{name.PadRight(width)}[/]   {value}");
        }
    }

    /// <summary>What is printed next takes the place of what stands there: on a terminal. Elsewhere it follows after an empty line.</summary>
    public void Redraw()
    {
        if (Out.Profile.Out.IsTerminal)
            Out.Clear(home: true);
        else
            Output.WriteLine();
    }

    /// <summary>Prints a warning for people.</summary>
    public void Warn(string text) => Err.MarkupLineInterpolated($"[yellow]warning[/] {text}");

    /// <summary>Prints, for people, what happens now.</summary>
    public void Note(string text) => Err.MarkupLineInterpolated($"[grey]{text}[/]");

    /// <summary>Prints an error: what, and what to do next.</summary>
    public void Report(SeguroException error, bool json)
    {
        ArgumentNullException.ThrowIfNull(error);
        if (json && TryJson(new { error = new { code = error.CodeText, name = error.Code.ToString(), message = error.Message, next = error.NextStep } }))
            return;
        Err.MarkupLineInterpolated($"[red bold]error {error.CodeText}[/] {error.Message}");
        Err.MarkupLineInterpolated($"  [grey]next:[/] {error.NextStep}");
    }

    /// <summary>As <see cref="Json"/>; false where standard output takes nothing, which may be the very error that is to be reported.</summary>
    private bool TryJson<T>(T value)
    {
        try
        {
            Json(value);
            return true;
        }
        catch (Exception failed) when (failed is SeguroException or OutputClosedException)
        {
            return false;
        }
    }

    private static IAnsiConsole Create(TextWriter writer, bool isInteractive, bool isTerminal)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = isTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = isTerminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = isInteractive ? InteractionSupport.Detect : InteractionSupport.No,
        });
        if (!isTerminal)
            console.Profile.Width = 4096; // a pipe has no width: don't fold what programs read
        return console;
    }
}
