using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace Seguro.Core;

/// <summary>
/// A link of the SHA-256 hash chain over a log: <c>chain(n) = SHA-256(chain(n-1) ‖ n as u64le ‖ payload length as u64le ‖ payload)</c>,
/// <c>chain(0)</c> = 32 zero bytes (design.md §1). Two logs with the same chain at a number are the same up to that number.
/// </summary>
/// <remarks>32 bytes by value, compared by value; text is 64 lower-case hexadecimal digits.</remarks>
public readonly struct Chain : IEquatable<Chain>
{
    /// <summary>The size of a link, in bytes.</summary>
    public const int Size = 32;

    private readonly ulong _first;
    private readonly ulong _second;
    private readonly ulong _third;
    private readonly ulong _fourth;

    /// <summary>Takes a link's 32 bytes.</summary>
    /// <exception cref="ArgumentException">There are not just 32.</exception>
    public Chain(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Size)
            throw new ArgumentException($"A chain has {Size} bytes, not {bytes.Length}.", nameof(bytes));
        _first = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        _second = BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]);
        _third = BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]);
        _fourth = BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]);
    }

    /// <summary><c>chain(0)</c>: 32 zero bytes.</summary>
    public static Chain Zero => default;

    /// <summary>The same bytes?</summary>
    public static bool operator ==(Chain left, Chain right) => left.Equals(right);

    /// <summary>Other bytes?</summary>
    public static bool operator !=(Chain left, Chain right) => !left.Equals(right);

    /// <summary>Reads 64 hexadecimal digits.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out Chain chain)
    {
        chain = default;
        Span<byte> bytes = stackalloc byte[Size];
        if (text is not { Length: 2 * Size } || Convert.FromHexString(text, bytes, out _, out _) != System.Buffers.OperationStatus.Done)
            return false;
        chain = new Chain(bytes);
        return true;
    }

    /// <summary>Writes the 32 bytes at the start of <paramref name="destination"/>.</summary>
    public void CopyTo(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(destination, _first);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[8..], _second);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[16..], _third);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[24..], _fourth);
    }

    /// <summary>The 32 bytes in a new array, which the caller owns.</summary>
    public byte[] ToArray()
    {
        byte[] bytes = new byte[Size];
        CopyTo(bytes);
        return bytes;
    }

    /// <inheritdoc/>
    public bool Equals(Chain other) =>
        _first == other._first && _second == other._second && _third == other._third && _fourth == other._fourth;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Chain other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_first, _second, _third, _fourth);

    /// <summary>64 lower-case hexadecimal digits.</summary>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Size];
        CopyTo(bytes);
        return Convert.ToHexStringLower(bytes);
    }
}
