using System.Buffers.Binary;
using System.Text;
using Seguro.Core;
using Seguro.Nouns;

namespace Seguro.Cli.Commands.Log;

/// <summary>Where an event came from, as far as the beginning of its payload tells (vere-facts.md §2.5, §7): decoded in bounded memory, whatever the event carries.</summary>
/// <param name="Wire">The first two parts of its wire, such as <c>/e/http-server</c>; what comes behind differs from event to event.</param>
/// <param name="Card">The tag of its card, such as <c>%hear</c>.</param>
/// <param name="Peer">The ship that sent the packet, of one that says so in the clear.</param>
/// <param name="Agent">What within the ship it is for, where it says: an application's path, an agent of lick, a desk.</param>
/// <param name="Time">Its time.</param>
internal sealed record EventSource(string Wire, string Card, string? Peer, string? Agent, DateTimeOffset? Time)
{
    /// <summary>So much of a payload is looked at, in bytes.</summary>
    public const int Head = 1 << 16;

    private const int MugSize = 4;
    private const int MostParts = 2048;
    private const int MostBytes = 256;
    private const int LongestWord = 40;

    /// <summary>One of the boot's formulas, which have neither time nor wire.</summary>
    public static EventSource Boot { get; } = new("(boot)", "(formula)", null, null, null);

    /// <summary>Takes the beginning of a payload apart; <see langword="null"/> where it is no event of Urbit.</summary>
    /// <param name="number">Which event it is.</param>
    /// <param name="start">The payload's first bytes, at most <see cref="Head"/> of them.</param>
    /// <param name="size">The size of the whole payload, in bytes.</param>
    /// <param name="life">How many events at the beginning of the log are formulas.</param>
    public static EventSource? Of(EventNumber number, ReadOnlySpan<byte> start, long size, ulong? life)
    {
        if (number.Value <= life)
            return Boot;
        if (start.Length <= MugSize)
            return null;
        NounOutline noun;
        try
        {
            noun = NounOutline.Of(start[MugSize..], MostParts, MostBytes, isCut: start.Length < size);
        }
        catch (NounException)
        {
            return null;
        }
        if (noun is not { Head.Atom: { } now, Tail: { Head: { IsUnknown: false } wire, Tail: { Head.Atom: { } tag, Tail: { } data } } } || !now.TryGet(out UInt128 time))
            return null;
        string card = Word(tag) is { Length: > 0 } word ? $"%{word}" : "(unnamed)";
        return new EventSource(WireOf(wire), card, PeerOf(card, data), AgentOf(card, data), DateAtom.TryToTime(time, out DateTimeOffset known) ? known : null);
    }

    private static string WireOf(NounOutline wire)
    {
        string[] parts = [.. wire.Items(2).Select(static part => part.Atom is { } atom ? Word(atom) ?? "?" : "?")];
        return "/" + string.Join('/', parts);
    }

    /// <summary><c>[%hear lane blob]</c>: the sender is in the header of an older packet, in the clear. A newer one (mesa) names none.</summary>
    private static string? PeerOf(string card, NounOutline data)
    {
        if (card == "%heer")
            return "(mesa)";
        if (card != "%hear" || data.Tail is not { Atom: { } blob, AtomBits: var bits })
            return null;
        Span<byte> packet = stackalloc byte[32];
        packet.Clear();
        blob.Bytes[..Math.Min(blob.Bytes.Length, packet.Length)].CopyTo(packet);
        uint header = BinaryPrimitives.ReadUInt32LittleEndian(packet);
        int size = 2 << (int)((header >> 7) & 3);
        int at = sizeof(uint) + (header >> 31 == 0 ? 6 : 0) + 1; // an origin where it was relayed, then the life-ticks
        if (((long)bits + 7) / 8 < at + size)
            return null;
        Span<byte> sender = stackalloc byte[16];
        sender.Clear();
        packet.Slice(at, size).CopyTo(sender);
        return ShipName.Format(BinaryPrimitives.ReadUInt128LittleEndian(sender));
    }

    private static string? AgentOf(string card, NounOutline data) => card switch
    {
        // [secure address method url …]
        "%request" or "%request-local" => data.Tail?.Tail?.Tail?.Head?.Atom is { } url ? SiteOf(Encoding.UTF8.GetString(url.Bytes)) : null,
        "%soak" or "%fyrd" or "%into" => FirstWord(data),
        "%belt" or "%blew" or "%hail" => "dill",
        "%receive" => "http-client",
        "%wake" => "timers",
        _ => null,
    };

    /// <summary>The part of an address that says which application it is for: <c>/apps/landscape</c>, <c>/~/channel</c>, <c>/spider</c>.</summary>
    private static string SiteOf(string url)
    {
        string[] parts = url.Split('?', '#')[0].Split('/', StringSplitOptions.RemoveEmptyEntries);
        int kept = parts is ["apps" or "~" or "docket", ..] ? 2 : 1;
        string site = "/" + string.Join('/', parts.Take(kept));
        return site.Length <= LongestWord && site.All(static letter => letter is > ' ' and <= '~') ? site : "(other address)";
    }

    private static string? FirstWord(NounOutline data)
    {
        NounOutline? at = data;
        for (int depth = 0; depth < 8 && at is { IsCell: true }; depth++)
            at = at.Head;
        return at?.Atom is { } atom ? Word(atom) : null;
    }

    /// <summary>A cord that can be printed; <see langword="null"/> for anything else.</summary>
    private static string? Word(Atom atom)
    {
        ReadOnlySpan<byte> bytes = atom.Bytes;
        if (bytes.Length > LongestWord)
            return null;
        foreach (byte one in bytes)
        {
            if (one is <= (byte)' ' or > (byte)'~')
                return null;
        }
        return Encoding.ASCII.GetString(bytes);
    }
}
