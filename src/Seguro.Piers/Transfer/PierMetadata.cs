using System.Text;
using Seguro.Core;
using Seguro.Nouns;

namespace Seguro.Piers.Transfer;

/// <summary>A pier's identity as a log's metadata, in the bytes that vere keeps in META (vere-facts.md §2.4), and back.</summary>
public static class PierMetadata
{
    /// <summary>The key of the runtime that last wrote the pier which was imported, such as <c>4.6</c>: what an export writes by default.</summary>
    public const string Vere = "vere";

    private const int LargestVere = 126;
    private const int LargestWho = PierMeta.LargestValue;
    private const int LargestLife = 4;

    /// <summary>The metadata of a log of this ship.</summary>
    public static IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Write(PierIdentity identity)
    {
        ArgumentNullException.ThrowIfNull(identity);
        return new Dictionary<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal)
        {
            [MetadataKey.Who] = PierMeta.Encode(identity.Who),
            [MetadataKey.Fake] = PierMeta.EncodeFake(identity.IsFake),
            [MetadataKey.Life] = PierMeta.Encode(identity.Life),
        };
    }

    /// <summary>The identity that a log's metadata gives.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.NotFound"/>, <see cref="ErrorCode.Corrupt"/>, <see cref="ErrorCode.ForeignShip"/>:
    /// something that a pier needs is missing, malformed or another ship's.</exception>
    public static PierIdentity Read(Ship ship, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        UInt128 who = Number(ship, metadata, MetadataKey.Who, LargestWho);
        UInt128 fake = Number(ship, metadata, MetadataKey.Fake, 1);
        UInt128 life = Number(ship, metadata, MetadataKey.Life, LargestLife);
        if (fake > 1)
            throw Malformed(ship, MetadataKey.Fake, metadata[MetadataKey.Fake]);
        if (ShipName.ToShip(who) != ship)
            throw new SeguroException(ErrorCode.ForeignShip, $"the log of {ship} says that it belongs to {ShipName.Format(who)}", "Take the log from another store or backup.");
        return new PierIdentity(who, fake == 0, (uint)life);
    }

    /// <summary>The runtime that the log was imported from; <see langword="null"/> where it does not say, or nothing that vere could have.</summary>
    public static string? ReadVere(IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        return metadata.TryGetValue(Vere, out ReadOnlyMemory<byte> bytes) && bytes.Length is > 0 and <= LargestVere && Ascii.IsValid(bytes.Span)
            ? Encoding.ASCII.GetString(bytes.Span)
            : null;
    }

    /// <summary>The metadata of a log that this pier goes into.</summary>
    public static IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Write(PierInfo info)
    {
        ArgumentNullException.ThrowIfNull(info);
        Dictionary<string, ReadOnlyMemory<byte>> metadata = new(Write(info.Identity), StringComparer.Ordinal);
        if (info.VereVersion.Length is > 0 and <= LargestVere)
            metadata[Vere] = Encoding.ASCII.GetBytes(info.VereVersion);
        return metadata;
    }

    /// <summary>Refuses a pier that is not of the log's ship, or of another life of it. What the log does not say yet is not compared.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.ForeignShip"/> or <see cref="ErrorCode.Diverged"/>.</exception>
    public static void Compare(PierInfo pier, Ship ship, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata)
    {
        ArgumentNullException.ThrowIfNull(pier);
        ArgumentNullException.ThrowIfNull(metadata);
        Ship who = ShipName.ToShip(pier.Identity.Who);
        if (who != ship)
            throw Foreign($"the pier {pier.Path} belongs to {who}, the log to {ship}");
        foreach ((string key, ReadOnlyMemory<byte> mine) in Write(pier.Identity))
        {
            if (!metadata.TryGetValue(key, out ReadOnlyMemory<byte> theirs) || theirs.Span.SequenceEqual(mine.Span))
                continue;
            throw key switch
            {
                MetadataKey.Fake => Foreign($"the {who} of the pier {pier.Path} is a {Kind(mine)} ship, that of the log a {Kind(theirs)} one"),
                MetadataKey.Who => Foreign($"the pier {pier.Path} belongs to {who}, the log says another number (0x{Convert.ToHexStringLower(theirs.Span)}, little-endian)"),
                _ => new SeguroException(
                    ErrorCode.Diverged,
                    $"the boot of {who} has {pier.Identity.Life} formulas in the pier {pier.Path}, another number in the log (0x{Convert.ToHexStringLower(theirs.Span)}, little-endian)",
                    "They are logs of two boots of the ship. Nothing was written; use another store for this pier."),
            };
        }
    }

    private static string Kind(ReadOnlyMemory<byte> fake) => fake.IsEmpty ? "fake" : "real";

    private static SeguroException Foreign(string what) =>
        new(ErrorCode.ForeignShip, what, "Nothing was written. Check the pier's path and the store's URL; another ship needs a log of its own.");

    private static UInt128 Number(Ship ship, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata, string key, int largest)
    {
        if (!metadata.TryGetValue(key, out ReadOnlyMemory<byte> bytes))
        {
            throw new SeguroException(
                ErrorCode.NotFound,
                $"the log of {ship} has no metadata '{key}', without which vere opens no pier",
                "Import the ship's pier once more, which sets it.");
        }
        return bytes.Length <= largest && PierMeta.Decode(bytes.Span) is { } number ? number : throw Malformed(ship, key, bytes);
    }

    private static SeguroException Malformed(Ship ship, string key, ReadOnlyMemory<byte> bytes) => new(
        ErrorCode.Corrupt,
        $"the metadata '{key}' of {ship} is not what vere writes: {bytes.Length} bytes, 0x{Convert.ToHexStringLower(bytes.Span[..Math.Min(bytes.Length, 32)])}",
        "Take the log from another store or backup.");
}
