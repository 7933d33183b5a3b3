using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Seguro.Core;

namespace Seguro.CommandLine;

/// <summary>
/// Where a command prints. Results go to standard output; progress, warnings and errors go to standard error, so that <c>--json</c> and raw bytes can be piped. Text without colours.
/// </summary>
public class PlainTerminal
{
    private static readonly JsonSerializerOptions JsonStyle = new(JsonSerializerDefaults.Web)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly bool _isOfProcess;

    /// <summary>Makes a terminal of these writers.</summary>
    /// <param name="output">Results.</param>
    /// <param name="errors">Progress, warnings, errors.</param>
    /// <param name="isOfProcess">They are the process's own.</param>
    protected PlainTerminal(TextWriter output, TextWriter errors, bool isOfProcess)
    {
        Output = output;
        Errors = errors;
        _isOfProcess = isOfProcess;
    }

    /// <summary>How results are written as JSON: camel case, one line.</summary>
    public static JsonSerializerOptions JsonForm => JsonStyle;

    /// <summary>Plain text of results.</summary>
    public TextWriter Output { get; }

    /// <summary>Plain text for people.</summary>
    public TextWriter Errors { get; }

    /// <summary>Cancelled when nobody reads <see cref="Output"/> any more; what writes next then fails in any case.</summary>
    public CancellationToken Closed => _isOfProcess ? StandardOutput.Closed : CancellationToken.None;

    /// <summary>The terminal of this process.</summary>
    public static PlainTerminal OfProcess() => new(OutputOfProcess(), Console.Error, isOfProcess: true);

    /// <summary>From now on what can't be printed is dropped: a service goes on when whoever read its output is gone, or its disk is full.</summary>
    public void Outlive()
    {
        if (_isOfProcess)
            StandardOutput.DropsWhatFails = true;
    }

    /// <summary>Prints a result as one line of JSON, in camel case.</summary>
    public void Json<T>(T value) => Output.WriteLine(JsonSerializer.Serialize(value, JsonStyle));

    /// <summary>Prints a warning for people.</summary>
    public virtual void Warn(string text) => Errors.WriteLine($"warning {text}");

    /// <summary>Prints, for people, what happens now.</summary>
    public virtual void Note(string text) => Errors.WriteLine(text);

    /// <summary>Prints an error: what, and what to do next.</summary>
    public void Report(SeguroException error, bool json)
    {
        ArgumentNullException.ThrowIfNull(error);
        if (json && TryJson(new { error = new { code = error.CodeText, name = error.Code.ToString(), message = error.Message, next = error.NextStep } }))
            return;
        Print(error);
    }

    /// <summary>Standard output, whose end is not hidden.</summary>
    protected static TextWriter OutputOfProcess() => new StreamWriter(new StandardOutput(), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { AutoFlush = true };

    /// <summary>Prints an error for people.</summary>
    protected virtual void Print(SeguroException error)
    {
        ArgumentNullException.ThrowIfNull(error);
        Errors.WriteLine($"error {error.CodeText} {error.Message}");
        Errors.WriteLine($"  next: {error.NextStep}");
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
}
