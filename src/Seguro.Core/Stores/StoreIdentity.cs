using System.Buffers.Binary;
using System.Globalization;

namespace Seguro.Core;

/// <summary>
/// Which store this is: 16 random bytes that lie in the store itself. Whoever opens the same database, by whatever URL, reads the same; two databases never have
/// the same by chance.
/// </summary>
/// <remarks>
/// A copy (a restored dump, a copied file or pier) has the identity of its original: an identity tells stores apart that were made apart, not a store from its copy.
/// By value, compared by value; text is 32 lower-case hexadecimal digits.
/// </remarks>
public readonly record struct StoreIdentity
{
    /// <summary>The size, in bytes.</summary>
    public const int Size = 16;

    private readonly UInt128 _value;

    /// <summary>Takes the 16 bytes.</summary>
    /// <exception cref="ArgumentException">There are not just 16, or all of them are 0.</exception>
    public StoreIdentity(ReadOnlySpan<byte> bytes)
    {
        if (!IsOne(bytes))
            throw new ArgumentException($"A store's identity has {Size} bytes that are not all 0, not these {bytes.Length}.", nameof(bytes));
        _value = BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }

    /// <summary>Takes the bytes that a store keeps.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="where">The store, for the message.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.Corrupt"/>: they are not an identity.</exception>
    public static StoreIdentity Read(ReadOnlySpan<byte> bytes, string where) => IsOne(bytes)
        ? new StoreIdentity(bytes)
        : throw new SeguroException(
            ErrorCode.Corrupt, $"the identity of the store {where} is damaged: it has {bytes.Length} bytes, or is all zeros",
            "Restore the store from a backup, or import the log into a new one.");

    /// <summary>Reads 32 hexadecimal digits.</summary>
    public static bool TryParse(string? text, out StoreIdentity identity)
    {
        bool isOne = UInt128.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out UInt128 value)
            && text!.Length == 2 * Size && value != UInt128.Zero;
        Span<byte> bytes = stackalloc byte[Size];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, value);
        identity = isOne ? new StoreIdentity(bytes) : default;
        return isOne;
    }

    /// <summary>The 16 bytes in a new array, which the caller owns.</summary>
    public byte[] ToArray()
    {
        byte[] bytes = new byte[Size];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, _value);
        return bytes;
    }

    /// <summary>32 lower-case hexadecimal digits.</summary>
    public override string ToString() => _value.ToString("x32", CultureInfo.InvariantCulture);

    private static bool IsOne(ReadOnlySpan<byte> bytes) => bytes.Length == Size && bytes.IndexOfAnyExcept((byte)0) >= 0;
}
