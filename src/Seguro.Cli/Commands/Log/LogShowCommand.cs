using System.CommandLine;
using System.Globalization;
using Seguro.Cli.Commands.Nouns;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Nouns;

namespace Seguro.Cli.Commands.Log;

/// <summary><c>seguro log show</c>: what events say.</summary>
internal static class LogShowCommand
{
    private const int ExcerptBytes = 32;
    private const int MostParts = 64;
    private const string Hidden = "its data hidden, for it is a ship's keys or entropy; --full prints it";

    public static Command Create(Terminal terminal)
    {
        Argument<string> range = new("RANGE") { Description = "An event or a range: 7, 7..12, 7.., ..12." };
        Option<int> limit = NounOutput.Limit();
        limit.DefaultValueFactory = static _ => 400;
        Option<bool> full = new("--full") { Description = "Print the whole event as text that `seguro noun` reads." };
        return new Command(
            "show", "Print events of Urbit decoded: time, wire, card, mug, sizes. Every event is checked against its chain. Example: seguro log show 14 --store sqlite:zod.db")
        {
            range, limit, full,
        }.WithLog().Does(terminal, async (parse, cancel) =>
        {
            EventRange wanted = EventRange.Parse(parse.GetRequiredValue(range));
            NounStyle style = NounOutput.Style(parse.GetValue(limit), aura: null);
            bool whole = parse.GetValue(full);
            await using IStore store = await CommonOptions.OpenStoreAsync(parse, terminal, StoreUse.Read, cancel);
            await using EventLog log = await CommonOptions.OpenLogAsync(parse, store, cancel);
            LogState state = await log.ReadStateAsync(cancel);
            (EventNumber from, EventNumber to) = wanted.Within(state);
            ulong? life = DecodedEvent.LifeOf(await log.Stored.ReadMetadataAsync(cancel));
            await foreach (Event read in log.ReadAsync(state, from, to, cancel))
            {
                DecodedEvent decoded = DecodedEvent.Of(read.Number, read.Payload.Span, life);
                if (parse.GetValue(CommonOptions.Json))
                    PrintJson(terminal, read, decoded, life, style, whole);
                else
                    PrintText(terminal, read, decoded, life, style, whole);
            }
            return 0;
        });
    }

    private static void PrintText(Terminal terminal, Event read, DecodedEvent decoded, ulong? life, NounStyle style, bool whole)
    {
        string size = $"{read.Payload.Length:N0} bytes";
        string chain = read.Chain.ToString();
        switch (decoded)
        {
            case DecodedEvent.Opaque opaque:
                terminal.Fields(
                    ("event", $"{read.Number}: no event of Urbit, {opaque.Reason}"), ("size", size), ("chain", chain), ("bytes", Excerpt(read.Payload.Span)));
                break;
            case DecodedEvent.Formula formula:
                terminal.Fields(
                    ("event", $"{read.Number}: boot formula{(life is null ? "" : $" {read.Number} of {life}")}"),
                    ("size", size),
                    ("chain", chain),
                    ("mug", MugText(formula.Mug)),
                    (whole ? "" : "noun", whole ? null : NounPrinter.Print(formula.Noun, style, out _)));
                PrintWhole(terminal, formula.Noun, whole);
                break;
            case DecodedEvent.Timed timed:
                DecodedEvent.FailedOvum? failure = timed.Failure;
                terminal.Fields(
                    ("event", $"{read.Number}: %{Word(timed.Tag)} from {WireText(timed.Wire)}"),
                    ("size", size),
                    ("chain", chain),
                    ("mug", MugText(timed.Mug)),
                    ("time", $"{DateAtom.Format(timed.Time)}{(Iso(timed.Time) is { } iso ? $"  ({iso})" : "")}"),
                    ("wire", WireText(timed.Wire)),
                    ("card", whole ? null : timed.IsSecret ? $"%{Word(timed.Tag)}, {Hidden}" : NounPrinter.Print(timed.Card, style, out _)),
                    ("failed", failure is null ? null : $"%{Word((Atom)failure.Card.Head)} from {WireText(failure.Wire)}, with %{Word(failure.Mote)}"),
                    ("trace", failure is null ? null : NounPrinter.Print(failure.Trace, style, out _)));
                PrintWhole(terminal, timed.Noun, whole);
                break;
        }
        terminal.Output.WriteLine();
    }

    private static void PrintWhole(Terminal terminal, Noun noun, bool whole)
    {
        if (whole)
            terminal.Output.WriteLine(NounPrinter.Print(noun, NounStyle.Complete, out _));
    }

    private static void PrintJson(Terminal terminal, Event read, DecodedEvent decoded, ulong? life, NounStyle style, bool whole)
    {
        ulong number = read.Number.Value;
        int size = read.Payload.Length;
        string chain = read.Chain.ToString();
        bool complete;
        switch (decoded)
        {
            case DecodedEvent.Opaque opaque:
                terminal.Json(new { number, size, chain, kind = "opaque", reason = opaque.Reason, bytes = Excerpt(read.Payload.Span) });
                break;
            case DecodedEvent.Formula formula:
                string noun = NounPrinter.Print(formula.Noun, whole ? NounStyle.Complete : style, out complete);
                terminal.Json(new { number, size, chain, kind = "formula", life, mug = NounOutput.Mug(formula.Mug), noun, complete });
                break;
            case DecodedEvent.Timed timed:
                string card = NounPrinter.Print(timed.IsSecret && !whole ? timed.Tag : timed.Card, whole ? NounStyle.Complete : style, out complete);
                terminal.Json(new
                {
                    number,
                    size,
                    chain,
                    kind = "event",
                    mug = NounOutput.Mug(timed.Mug),
                    time = DateAtom.Format(timed.Time),
                    iso = Iso(timed.Time),
                    wire = WireText(timed.Wire),
                    tag = Word(timed.Tag),
                    card,
                    complete = complete && (whole || !timed.IsSecret),
                    failure = timed.Failure is not { } failure ? null : new
                    {
                        mote = Word(failure.Mote),
                        wire = WireText(failure.Wire),
                        tag = Word((Atom)failure.Card.Head),
                        trace = NounPrinter.Print(failure.Trace, style, out _),
                    },
                    noun = whole ? NounPrinter.Print(timed.Noun, NounStyle.Complete, out _) : null,
                });
                break;
        }
    }

    private static string MugText(uint mug) => mug == 0 ? "0 (not checked)" : NounOutput.Mug(mug);

    private static string? Iso(UInt128 time) =>
        DateAtom.TryToTime(time, out DateTimeOffset known) ? known.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fff'Z'", CultureInfo.InvariantCulture) : null;

    /// <summary>A term as it is; another atom as a person would write it.</summary>
    private static string Word(Atom atom) => NounPrinter.Print(atom, 60).TrimStart('%');

    /// <summary>A path as <c>/a/b</c>; one with odd characters as a noun, for it may hold what a terminal obeys.</summary>
    private static string WireText(Noun wire)
    {
        string text = NounList.Items(wire).Skip(MostParts).Any() ? "" : NounList.PathText(wire);
        return text.Length > 0 && text.Length <= 200 && text.All(static letter => letter is > ' ' and <= '~') ? text : NounPrinter.Print(wire, 200);
    }

    private static string Excerpt(ReadOnlySpan<byte> bytes) =>
        "0x" + Convert.ToHexStringLower(bytes[..Math.Min(bytes.Length, ExcerptBytes)]) + (bytes.Length > ExcerptBytes ? "…" : "");
}
