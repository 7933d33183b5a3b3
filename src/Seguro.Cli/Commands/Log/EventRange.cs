using System.Globalization;
using Seguro.Core;

namespace Seguro.Cli.Commands.Log;

/// <summary>A range of events as people write it: <c>7</c>, <c>7..12</c>, <c>7..</c>, <c>..12</c>.</summary>
internal readonly record struct EventRange(EventNumber? From, EventNumber? To)
{
    public static EventRange Parse(string text)
    {
        int dots = text.IndexOf("..", StringComparison.Ordinal);
        if (dots < 0)
        {
            EventNumber one = Number(text, text);
            return new EventRange(one, one);
        }
        string from = text[..dots];
        string to = text[(dots + 2)..];
        return new EventRange(from.Length == 0 ? null : Number(from, text), to.Length == 0 ? null : Number(to, text));
    }

    /// <summary>The range's ends in a log; open ends become the log's own.</summary>
    public (EventNumber From, EventNumber To) Within(LogState state)
    {
        EventNumber from = From ?? state.First;
        EventNumber to = To ?? state.Head.Number;
        if (To is not null && to < from)
            throw new SeguroException(ErrorCode.BadValue, $"the range {from}..{to} runs backwards", "Write the lower number first.");
        return (from, to);
    }

    private static EventNumber Number(string digits, string whole) =>
        ulong.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out ulong value) && value > 0
            ? new EventNumber(value)
            : throw new SeguroException(ErrorCode.BadValue, $"'{whole}' is not an event number nor a range", "Write 7, 7..12, 7.. or ..12; events are numbered from 1.");
}
