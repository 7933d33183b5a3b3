using System.Buffers.Binary;

namespace Seguro.Piers;

/// <summary>The codec of vere's META table since 1.0 (vere-facts.md §2.4): plain names; numbers as the fewest little-endian bytes, so 0 is empty.</summary>
internal static class PierMeta
{
    public const string Table = "META";
    public const string Events = "EVENTS";
    public const string Version = "version";
    public const string Who = "who";
    public const string Fake = "fake";
    public const string Life = "life";

    /// <summary>What vere 0.8 to 0.10 wrote where later ones write <see cref="Fake"/>.</summary>
    public const string OldFake = "is-fake";

    /// <summary>What the names of Seguro's own records begin with, in META and beside the tables.</summary>
    public static ReadOnlySpan<byte> OwnPrefix => "seguro."u8;

    /// <summary>The most bytes of a value of vere's.</summary>
    public const int LargestValue = 16;

    /// <summary>A number as its fewest little-endian bytes.</summary>
    public static byte[] Encode(UInt128 number)
    {
        Span<byte> bytes = stackalloc byte[LargestValue];
        BinaryPrimitives.WriteUInt128LittleEndian(bytes, number);
        return bytes[..(bytes.LastIndexOfAnyExcept((byte)0) + 1)].ToArray();
    }

    /// <summary>Reads a number of at most 16 bytes; <see langword="null"/> where there are more.</summary>
    public static UInt128? Decode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > LargestValue)
            return null;
        Span<byte> padded = stackalloc byte[LargestValue];
        padded.Clear();
        bytes.CopyTo(padded);
        return BinaryPrimitives.ReadUInt128LittleEndian(padded);
    }

    /// <summary>A loobean: yes is 0.</summary>
    public static byte[] EncodeFake(bool isFake) => isFake ? [] : [1];

    /// <summary>The values of an identity, under their names.</summary>
    public static IEnumerable<KeyValuePair<string, byte[]>> Encode(PierIdentity identity) =>
    [
        new(Who, Encode(identity.Who)),
        new(Fake, EncodeFake(identity.IsFake)),
        new(Life, Encode(identity.Life)),
    ];

    /// <summary>The identity that values make.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="read">Gives the value of a name, or <see langword="null"/>.</param>
    /// <exception cref="Core.SeguroException"><see cref="Core.ErrorCode.NotAPier"/>: a value is missing or is none of vere's.</exception>
    public static PierIdentity Decode(string path, Func<string, byte[]?> read)
    {
        UInt128 who = Number(Who);
        UInt128 fake = Number(Fake);
        UInt128 life = Number(Life);
        if (fake > 1)
            throw PierFault.NotAPier(path, $"its META says {fake} for 'fake', which is neither yes (0) nor no (1)");
        if (life > int.MaxValue)
            throw PierFault.NotAPier(path, $"its META says {life} for 'life', and there are no more than {int.MaxValue}");
        return new PierIdentity(who, fake == 0, (uint)life);

        UInt128 Number(string name)
        {
            byte[] value = read(name) ?? throw PierFault.NotAPier(path, $"its META has no '{name}'", "Restore the pier from a backup: vere can't open it like this either.");
            return Decode(value) ?? throw PierFault.NotAPier(path, $"the value of '{name}' in its META has {value.Length} bytes, more than a number of vere's");
        }
    }
}
