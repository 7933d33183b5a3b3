using System.Buffers.Binary;
using Seguro.Core;
using Seguro.Nouns;

namespace Seguro.Cli.Commands.Log;

/// <summary>An event's payload, taken apart as Urbit puts it together (vere-facts.md §2.3, §2.5).</summary>
internal abstract record DecodedEvent
{
    private const int MugSize = 4;

    private DecodedEvent()
    {
    }

    /// <summary>Takes a payload apart. Bytes of any kind may be in a log; what is no event of Urbit is <see cref="Opaque"/>.</summary>
    /// <param name="number">Which event it is.</param>
    /// <param name="payload">Its bytes.</param>
    /// <param name="life">How many events at the beginning of the log are formulas; <see langword="null"/> where the log does not say.</param>
    public static DecodedEvent Of(EventNumber number, ReadOnlySpan<byte> payload, ulong? life)
    {
        if (payload.Length <= MugSize)
            return new Opaque("it has no room for a mug and a noun");
        uint mug = BinaryPrimitives.ReadUInt32LittleEndian(payload);
        if (mug > int.MaxValue)
            return new Opaque($"its first four bytes are no mug (0x{mug:x8})");
        Noun noun;
        try
        {
            noun = Cue.From(payload[MugSize..]);
        }
        catch (NounException error)
        {
            return new Opaque(error.Message);
        }
        bool isFormula = number.Value <= life;
        if (!isFormula && noun is Cell { Head: Atom now, Tail: Cell { Head: Noun wire, Tail: Cell { Head: Atom tag } card } } && now.TryGet(out UInt128 time) && IsPath(wire))
            return new Timed(mug, noun, time, wire, tag, card);
        // Almost any bytes begin with some noun. A boot event is nothing but its noun, and has mug 0.
        if (life is null ? mug != 0 || !noun.IsCell : !isFormula)
            return new Opaque("it holds a noun that is not [time wire card]");
        return Jam.ToBytes(noun).AsSpan().SequenceEqual(payload[MugSize..]) ? new Formula(mug, noun) : new Opaque("there are other bytes beside its noun");
    }

    private static bool IsPath(Noun noun)
    {
        while (noun is Cell { Head: Atom } cell)
            noun = cell.Tail;
        return noun is Atom { IsSmall: true } end && end == Atom.Zero;
    }

    /// <summary>No event of Urbit.</summary>
    internal sealed record Opaque(string Reason) : DecodedEvent;

    /// <summary>One of the first, untimed events, which make the kernel.</summary>
    internal sealed record Formula(uint Mug, Noun Noun) : DecodedEvent;

    /// <summary><c>[time wire card]</c>, a card being <c>[tag data]</c>.</summary>
    internal sealed record Timed(uint Mug, Noun Noun, UInt128 Time, Noun Wire, Atom Tag, Cell Card) : DecodedEvent
    {
        /// <summary>Does it hold a ship's private keys (<c>%boot %dawn</c>, <c>%rekey</c>) or its entropy (<c>%wack</c>)?</summary>
        public bool IsSecret => Tag == "wack" || Tag == "rekey" || (Tag == "boot" && Axis.At(Card, 14) != "fake");

        /// <summary>Of an event that reports another's failure, <c>[%crud [mote trace] wire card]</c>: what went wrong with what.</summary>
        public FailedOvum? Failure => Tag == "crud" && Card.Tail is Cell { Head: Cell { Head: Atom mote, Tail: Noun trace }, Tail: Cell { Head: Noun wire, Tail: Cell { Head: Atom } card } }
            ? new FailedOvum(mote, trace, wire, card)
            : null;
    }

    /// <summary>What went wrong with an ovum.</summary>
    internal sealed record FailedOvum(Atom Mote, Noun Trace, Noun Wire, Cell Card);
}
