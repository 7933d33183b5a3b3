using System.Globalization;
using System.Text;

namespace Seguro.Core;

/// <summary>
/// Who may compute the ship's next event, as its log says it: the metadata <see cref="MetadataKey.Custody"/>. Of a mirrored log also how far its source was seen, when and where, since what was
/// computed there afterwards is not in the log.
/// </summary>
/// <remarks>
/// A mirror writes <c>mirrored</c> in the step that makes the log, or before its first event, and again at a pace; a cluster's first master writes
/// <c>gated</c> before it computes anything, and says at
/// the same time that all events up to its head were released by another runtime (<see cref="MetadataKey.History"/>). <c>none</c> is written when a
/// ship is given back to a plain pier. Fenced by the term like
/// all metadata; a member looks at it before each campaign.
/// </remarks>
/// <param name="Kind">Who computes.</param>
public sealed record Custody(CustodyKind Kind)
{
    /// <summary>The longest <see cref="Place"/>, in characters; a longer one loses its beginning.</summary>
    public const int LongestPlace = 1024;

    private const string TimeForm = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    /// <summary>Mirrored: the last event that was seen in the source. It may be above the log's head, where the copy is behind. None: the log's head when the ship was given back.</summary>
    public EventNumber Seen { get; init; }

    /// <summary>When that was, by the clock of the machine that said so.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>Mirrored: a vere held the source then.</summary>
    public bool IsRunning { get; init; }

    /// <summary>Mirrored: where the source is, <c>MACHINE:PATH</c>. None: where the pier is that was made of the log; empty where none was made.</summary>
    public string Place { get; init; } = "";

    /// <summary>Gated: the store in which the cluster keeps its log; <see langword="null"/> where an older Seguro wrote it. In a log of another store it says that this is a copy.</summary>
    public StoreIdentity? Store { get; init; }

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

    /// <summary>
    /// Refuses a log that is not a cluster's to go on with: a vere computes the ship, or it was given back to one. A log that says nothing is
    /// nobody's yet; <paramref name="store"/> is compared where both are known.
    /// </summary>
    /// <param name="ship">Whose log it is, for the message.</param>
    /// <param name="metadata">The log's metadata.</param>
    /// <param name="store">The store that holds it.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.OtherCustody"/>; <see cref="ErrorCode.Corrupt"/>.</exception>
    public static void RequireCluster(Ship ship, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata, StoreIdentity? store)
    {
        if (Read(metadata) is not { } custody)
            return;
        string? why = custody.Kind switch
        {
            CustodyKind.Mirrored => $"the log of {ship} is a mirror's: a vere computes the ship, seen {custody.Sighting}",
            CustodyKind.None => $"{ship} was given back to a plain pier {custody.Sighting}: no member computes it",
            _ when custody.Store is { } own && store is { } here && own != here =>
                $"the log of {ship} is a copy: the cluster that computes the ship keeps its log in the store {own}, and this one is {here}",
            _ => null,
        };
        if (why is not null)
            throw new SeguroException(ErrorCode.OtherCustody, why, "See what is known and what can be done: `seguro custody show --store URL`.");
    }

    /// <summary>When and where it was said, and how far the log or its source was then, for people.</summary>
    public string Sighting => string.Create(
        CultureInfo.InvariantCulture, $"at {At.UtcDateTime.ToString(TimeForm, CultureInfo.InvariantCulture)} with event {Seen}{(Place.Length > 0 ? $" ({Printable(Place)})" : "")}");

    /// <summary>The form that the store keeps, in UTF-8: <c>gated [STORE]</c>, <c>none [NUMBER TIME [PLACE]]</c>, or <c>mirrored NUMBER TIME up|down PLACE</c>.</summary>
    public byte[] ToBytes() => Encoding.UTF8.GetBytes(ToString());

    /// <inheritdoc/>
    public override string ToString() => Kind switch
    {
        CustodyKind.Gated => Store is { } store ? $"gated {store}" : "gated",
        CustodyKind.Mirrored => string.Create(
            CultureInfo.InvariantCulture, $"mirrored {Seen} {At.UtcDateTime.ToString(TimeForm, CultureInfo.InvariantCulture)} {(IsRunning ? "up" : "down")} {Printable(Place)}"),
        _ when At == default => "none",
        _ => string.Create(CultureInfo.InvariantCulture, $"none {Seen} {At.UtcDateTime.ToString(TimeForm, CultureInfo.InvariantCulture)} {Printable(Place)}"),
    };

    private static Custody? Parse(string text) => text.Split(' ', 2) switch
    {
        ["gated"] => new Custody(CustodyKind.Gated),
        ["none"] => new Custody(CustodyKind.None),
        ["gated", var store] => StoreIdentity.TryParse(store, out StoreIdentity identity) ? new Custody(CustodyKind.Gated) { Store = identity } : null,
        ["none", var given] => given.Split(' ', 3) is [var number, var time, { Length: <= LongestPlace } place] ? Seeing(CustodyKind.None, number, time, place) : null,
        ["mirrored", var seen] => seen.Split(' ', 4) is [var number, var time, ("up" or "down") and var running, { Length: <= LongestPlace } place]
            && Seeing(CustodyKind.Mirrored, number, time, place) is { } mirrored ? mirrored with { IsRunning = running is "up" } : null,
        _ => null,
    };

    private static Custody? Seeing(CustodyKind kind, string number, string time, string place) =>
        ulong.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out ulong seen)
        && DateTimeOffset.TryParseExact(time, TimeForm, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset at)
            ? new Custody(kind) { Seen = new EventNumber(seen), At = at, Place = place }
            : null;

    private static string Printable(string place)
    {
        string kept = place.Length > LongestPlace ? place[^LongestPlace..] : place;
        return string.Concat(kept.Select(static c => char.IsControl(c) || char.IsSurrogate(c) ? '?' : c));
    }
}
