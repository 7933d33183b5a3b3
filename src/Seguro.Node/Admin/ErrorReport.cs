using System.Globalization;
using Seguro.Core;

namespace Seguro.Node.Admin;

/// <summary>An error in JSON: <c>{"error":{"code":"SG2003", …}}</c>.</summary>
/// <param name="Error">What it says.</param>
public sealed record ErrorReport(ErrorReport.Content Error)
{
    /// <summary>Makes one of an error.</summary>
    public static ErrorReport Of(SeguroException error)
    {
        ArgumentNullException.ThrowIfNull(error);
        return new ErrorReport(new Content(error.CodeText, error.Code.ToString(), error.Message, error.NextStep));
    }

    /// <summary>The error again.</summary>
    public SeguroException ToException() => new(
        int.TryParse(Error.Code.AsSpan(Math.Min(2, Error.Code.Length)), NumberStyles.None, CultureInfo.InvariantCulture, out int code)
        && Enum.IsDefined((ErrorCode)code) ? (ErrorCode)code : ErrorCode.Unexpected,
        Error.Message, Error.Next);

    /// <summary>The fields.</summary>
    /// <param name="Code">The stable code.</param>
    /// <param name="Name">Its name.</param>
    /// <param name="Message">What happened.</param>
    /// <param name="Next">What to do.</param>
    public sealed record Content(string Code, string Name, string Message, string Next);
}
