using Seguro.Core;
using Spectre.Console;

namespace Seguro.Cli.Output;

/// <summary>The terminal of the <c>seguro</c> command: with colours, tables and progress where somebody looks, and with standard input.</summary>
public sealed class Terminal : PlainTerminal
{
    private readonly Func<Stream> _openInput;
    private readonly Func<Stream> _openRawOutput;

    /// <summary>Makes a terminal of these writers; tests give their own.</summary>
    /// <param name="output">Results.</param>
    /// <param name="errors">Progress, warnings, errors.</param>
    /// <param name="openInput">Opens raw standard input.</param>
    /// <param name="openRawOutput">Opens raw standard output.</param>
    /// <param name="isInteractive">May progress be drawn live on <paramref name="errors"/>?</param>
    public Terminal(TextWriter output, TextWriter errors, Func<Stream> openInput, Func<Stream> openRawOutput, bool isInteractive)
        : base(output, errors, isOfProcess: false)
    {
        IsInteractive = isInteractive;
        _openInput = openInput;
        _openRawOutput = openRawOutput;
        Out = Create(output, isInteractive: false, isTerminal: false);
        Err = Create(errors, isInteractive, isTerminal: false);
    }

    private Terminal(TextWriter output)
        : base(output, Console.Error, isOfProcess: true)
    {
        IsInteractive = !Console.IsErrorRedirected;
        _openInput = Console.OpenStandardInput;
        _openRawOutput = static () => new StandardOutput();
        Out = Create(output, isInteractive: false, !Console.IsOutputRedirected);
        Err = Create(Console.Error, IsInteractive, !Console.IsErrorRedirected);
    }

    /// <summary>Tables and colours on <see cref="Output"/>.</summary>
    public IAnsiConsole Out { get; }

    /// <summary>Progress and colours on <see cref="Errors"/>.</summary>
    public IAnsiConsole Err { get; }

    /// <summary>Progress may be drawn live.</summary>
    public bool IsInteractive { get; }

    /// <summary>The terminal of this process.</summary>
    public static new Terminal OfProcess() => new(OutputOfProcess());

    /// <summary>Raw standard input; the caller disposes of it.</summary>
    public Stream OpenInput() => _openInput();

    /// <summary>Raw standard output; the caller disposes of it.</summary>
    public Stream OpenRawOutput() => _openRawOutput();

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

    /// <inheritdoc/>
    public override void Warn(string text) => Err.MarkupLineInterpolated($"[yellow]warning[/] {text}");

    /// <inheritdoc/>
    public override void Note(string text) => Err.MarkupLineInterpolated($"[grey]{text}[/]");

    /// <inheritdoc/>
    protected override void Print(SeguroException error)
    {
        ArgumentNullException.ThrowIfNull(error);
        Err.MarkupLineInterpolated($"[red bold]error {error.CodeText}[/] {error.Message}");
        Err.MarkupLineInterpolated($"  [grey]next:[/] {error.NextStep}");
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
