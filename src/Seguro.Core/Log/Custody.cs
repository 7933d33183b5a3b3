using System.Globalization;
using System.Text;

namespace Seguro.Core;

/// <summary>
/// Who may compute the ship's next event, as its log says it: the metadata <see cref="MetadataKey.Custody"/>. Of a mirrored log also how far its source was seen, when and where, since what was
/// computed there afterwards is not in the log.
/// </summary>
/// <remarks>
/// A mirror writes <c>mirrored</c> in the step that makes the log, or before its first event, and again at a pace; a cluster's first master writes <c>gated</c> before it computes anything, and says at
/// the same time that all events up to its head were released by another runtime (<see cref="MetadataKey.History"/>). Fenced by the term like all metadata.
/// </remarks>
/// <param name="Kind">Who computes.</param>
public sealed record Custody(CustodyKind Kind)
{
    /// <summary>The longest <see cref="Place"/>, in characters; a longer one loses its beginning.</summary>
    public const int LongestPlace = 1024;

    private const string TimeForm = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    /// <summary>Mirrored: the last event that was seen in the source. It may be above the log's head, where the copy is behind.</summary>
    public EventNumber Seen { get; init; }

    /// <summary>Mirrored: when that was, by the clock of the machine that the mirror runs on.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>Mirrored: a vere held the source then.</summary>
    public bool IsRunning { get; init; }

    /// <summary>Mirrored: where the source is, <c>MACHINE:PATH</c>.</summary>
    public string Place { get; init; } = "";

    /// <summary>The custody that a log's metadata says; <see langword="null"/> where it says none. A cluster's log of a time before this record is <see cref="CustodyKind.Gated"/>.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.Corrupt"/>: the value is none that Seguro writes.</exception>
    public static Custody? Read(IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        if (!metadata.TryGetValue(MetadataKey.Custody, out ReadOnlyMemory<byte> value))
            return metadata.ContainsKey(MetadataKey.History) || metadata.ContainsKey(MetadataKey.Members) ? new Custody(CustodyKind.Gated) : null;
        string text = Encoding.UTF8.GetString(value.Span);
        return Parse(text) ?? throw new SeguroException(
            ErrorCode.Corrupt, $"the log's metadata '{MetadataKey.Custody}' is none that Seguro writes: '{text[..Math.Min(text.Length, 64)]}'",
            "Take the log from another store or backup.");
    }

    /// <summary>The form that the store keeps: <c>gated</c>, <c>none</c>, or <c>mirrored NUMBER TIME up|down PLACE</c> in UTF-8.</summary>
    public byte[] ToBytes() => Encoding.UTF8.GetBytes(ToString());

    /// <inheritdoc/>
    public override string ToString() => Kind switch
    {
        CustodyKind.Gated => "gated",
        CustodyKind.Mirrored => string.Create(
            CultureInfo.InvariantCulture, $"mirrored {Seen} {At.UtcDateTime.ToString(TimeForm, CultureInfo.InvariantCulture)} {(IsRunning ? "up" : "down")} {Printable(Place)}"),
        _ => "none",
    };

    private static Custody? Parse(string text)
    {
        if (text is "gated" or "none")
            return new Custody(text is "gated" ? CustodyKind.Gated : CustodyKind.None);
        return text.Split(' ', 5) is ["mirrored", var number, var time, ("up" or "down") and var running, { Length: <= LongestPlace } place]
            && ulong.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out ulong seen)
            && DateTimeOffset.TryParseExact(time, TimeForm, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset at)
            ? new Custody(CustodyKind.Mirrored) { Seen = new EventNumber(seen), At = at, IsRunning = running is "up", Place = place }
            : null;
    }

    private static string Printable(string place)
    {
        string kept = place.Length > LongestPlace ? place[^LongestPlace..] : place;
        return string.Concat(kept.Select(static c => char.IsControl(c) || char.IsSurrogate(c) ? '?' : c));
    }
}
