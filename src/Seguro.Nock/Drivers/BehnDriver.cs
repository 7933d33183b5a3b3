using Seguro.Nouns;

namespace Seguro.Nock.Drivers;

/// <summary>Between one alarm clock and a ship's nouns (vere-facts.md §7.2). Safe for several threads.</summary>
public static class BehnDriver
{
    private static readonly Noun WakeWire = NounList.Path("b", "behn");
    private static readonly Atom Doze = Cord.Of("doze");

    /// <summary>The ovum's bytes that say that the driver has started: jam of <c>[/b/behn/(instance) %born ~]</c>. A new array.</summary>
    /// <param name="start">When it started: the instance is the mug of that time, as vere makes it, written as <c>@uv</c>. A kernel then asks for its alarm anew.</param>
    public static byte[] Born(DateTimeOffset start) =>
        Jam.ToBytes(Cell.Of(NounList.Path("b", "behn", Uv.Format(Atom.Of((ulong)Atom.Of(DateAtom.Stamp(start)).Mug))), "born", 0));

    /// <summary>The ovum's bytes for the alarm: jam of <c>[/b/behn %wake ~]</c>. A new array.</summary>
    public static byte[] Wake() => Jam.ToBytes(Cell.Of(WakeWire, "wake", 0));

    /// <summary>Reads an effect, where it is a <c>%doze</c>: it takes the place of the one before.</summary>
    /// <param name="effect">Jam of <c>[wire %doze when]</c>.</param>
    /// <param name="when">When the alarm is to ring, which may be past; null: no more.</param>
    public static bool TryReadDoze(ReadOnlySpan<byte> effect, out DateTimeOffset? when)
    {
        when = null;
        Noun noun;
        try
        {
            noun = Cue.From(effect);
        }
        catch (NounException)
        {
            return false;
        }
        if (noun is not Cell { Tail: Cell { Head: Atom tag, Tail: Noun unit } } || !tag.Equals(Doze))
            return false;
        if (unit is Atom { IsSmall: true, Low: 0 })
            return true;
        if (unit is not Cell { Head: Atom { IsSmall: true, Low: 0 }, Tail: Atom date } || !date.TryGet(out UInt128 time))
            return false;
        // What .NET's calendar can't express is before or after all that it can.
        when = DateAtom.TryToTime(time, out DateTimeOffset moment) ? moment
            : time < DateAtom.FromTime(DateTimeOffset.MinValue) ? DateTimeOffset.MinValue : DateTimeOffset.MaxValue;
        return true;
    }
}
