using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Encodings.Web;

namespace Seguro.Node.Dashboard;

/// <summary>HTML that is written piece by piece: what stands between braces is text and is encoded, so that no name, warning or message can become markup.</summary>
/// <remarks>For one thread.</remarks>
sealed class HtmlText
{
    private readonly StringBuilder _text = new();

    /// <summary>Adds markup with text in it: the compiler has written it by then.</summary>
    public HtmlText Add([InterpolatedStringHandlerArgument("")] ref Markup markup)
    {
        _ = markup;
        return this;
    }

    /// <inheritdoc/>
    public override string ToString() => _text.ToString();

    /// <summary>Writes the pieces of an interpolated string: literals as they are, values encoded.</summary>
    [InterpolatedStringHandler]
    public readonly ref struct Markup
    {
        private readonly StringBuilder _text;

        /// <summary>Begins; the numbers are the compiler's.</summary>
        public Markup(int literals, int values, HtmlText html)
        {
            _text = html._text;
            _text.EnsureCapacity(_text.Length + literals + (values * 16));
        }

        /// <summary>Adds markup.</summary>
        public void AppendLiteral(string markup) => _text.Append(markup);

        /// <summary>Adds text.</summary>
        public void AppendFormatted(string? text) => _text.Append(HtmlEncoder.Default.Encode(text ?? ""));

        /// <summary>Adds a number, with separators of thousands.</summary>
        public void AppendFormatted(ulong number) => _text.Append(number.ToString("N0", CultureInfo.InvariantCulture));

        /// <summary>Adds a number, with separators of thousands.</summary>
        public void AppendFormatted(long number) => _text.Append(number.ToString("N0", CultureInfo.InvariantCulture));

        /// <summary>Adds a moment, to the second, in UTC.</summary>
        public void AppendFormatted(DateTimeOffset moment) => _text.Append(moment.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture));
    }
}
