using Seguro.Nouns;

namespace Seguro.Harbor.Format;

/// <summary>The time in an event of vere's, <c>[time wire card]</c> behind a mug (vere-facts.md §2.5).</summary>
internal static class EventTime
{
    private const int MugSize = 4;
    private const int LongestPayload = 1 << 20;
    private const int LongestTime = 16;

    /// <summary>The time; <see langword="null"/> where the payload is no such event, or a large one, which is not taken apart for this.</summary>
    public static DateTimeOffset? Of(ReadOnlySpan<byte> payload)
    {
        if (payload.Length is <= MugSize or > LongestPayload)
            return null;
        try
        {
            return Cue.From(payload[MugSize..], new CueLimits(LongestPayload, int.MaxValue, LongestPayload)) is Cell { Head: Atom now, Tail: Cell { Tail: Cell } }
                && now.Bytes.Length <= LongestTime && now.TryGet(out UInt128 time) && DateAtom.TryToTime(time, out DateTimeOffset at)
                ? at
                : null;
        }
        catch (NounException)
        {
            return null;
        }
    }
}
