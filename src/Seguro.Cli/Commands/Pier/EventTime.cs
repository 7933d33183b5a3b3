using System.Globalization;
using Seguro.Core;
using Seguro.Nouns;

namespace Seguro.Cli.Commands.Pier;

/// <summary>Finds an event by the time that it carries.</summary>
internal static class EventTime
{
    private const int MugSize = 4;

    /// <summary>The event that a text names: its number, or the last event up to a time, of Urbit's or of ISO 8601 (UTC where it says no zone).</summary>
    /// <remarks>
    /// Searches by halves, so a few dozen events are read of any log; a log whose clock was once set back may give a neighbour of that moment. Events
    /// without a time (the boot's formulas) count as the earliest.
    /// </remarks>
    /// <exception cref="SeguroException"><see cref="ErrorCode.BadValue"/>: it is neither; <see cref="ErrorCode.BeyondHead"/>: the log begins after that time; what the store throws.</exception>
    public static async ValueTask<EventNumber> ParseAsync(string text, EventLog log, LogState state, CancellationToken cancel)
    {
        if (ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number) && number > 0)
            return new EventNumber(number);
        UInt128 time = DateAtom.TryParse(text, out UInt128 urbit) ? urbit
            : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset iso) ? DateAtom.FromTime(iso)
            : throw new SeguroException(ErrorCode.BadValue, $"'{text}' is neither an event nor a time", "Write --to 600, --to 2026-11-30T12:00:00Z or --to ~2026.11.30..12.00.00.");
        (ulong low, ulong high) = (state.Base.Number.Value, state.Head.Number.Value);
        while (low < high)
        {
            ulong middle = low + ((high - low + 1) / 2);
            if (await ReadTimeAsync(log, state, new EventNumber(middle), cancel) <= time)
                low = middle;
            else
                high = middle - 1;
        }
        return low > state.Base.Number.Value
            ? new EventNumber(low)
            : throw new SeguroException(ErrorCode.BeyondHead, $"the first event of {log.Ship} in this log, {state.First}, is later than {text}", "Nothing was made. Name a later time.");
    }

    private static async ValueTask<UInt128> ReadTimeAsync(EventLog log, LogState state, EventNumber number, CancellationToken cancel)
    {
        await foreach (Event read in log.ReadAsync(state, number, number, cancel))
        {
            if (read.Payload.Length <= MugSize)
                break;
            try
            {
                return NounOutline.Of(read.Payload.Span[MugSize..], mostParts: 2, mostBytes: 16).Head is { Atom: { } now, AtomBits: > 64 } && now.TryGet(out UInt128 time) ? time : UInt128.Zero;
            }
            catch (NounException)
            {
                break; // no event of Urbit
            }
        }
        return UInt128.Zero;
    }
}
