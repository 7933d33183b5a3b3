using System.Buffers.Binary;
using System.Security.Cryptography;
using Seguro.Core;

namespace Seguro.Balancer;

/// <summary>The secret that one member and the balancer share: 32 bytes that authenticate the frames between them.</summary>
public sealed class MemberKey : IEquatable<MemberKey>
{
    /// <summary>Bytes of a key.</summary>
    public const int Size = 32;

    private readonly byte[] _bytes;

    /// <summary>Takes a copy of a key.</summary>
    /// <param name="bytes">Exactly <see cref="Size"/> bytes.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.BadValue"/>: another length.</exception>
    public MemberKey(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Size)
            throw new SeguroException(ErrorCode.BadValue, $"a member's key has {Size} bytes, not {bytes.Length}", KeyRing.MakeNew);
        _bytes = bytes.ToArray();
        Id = BinaryPrimitives.ReadUInt32LittleEndian(SHA256.HashData([.. "seguro member key"u8, .. bytes]));
    }

    /// <summary>What a frame says of the key that it was made with: 4 bytes of a hash of it.</summary>
    public uint Id { get; }

    /// <summary>The bytes.</summary>
    internal ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>Makes a new one.</summary>
    public static MemberKey Create() => new(RandomNumberGenerator.GetBytes(Size));

    /// <summary>Reads 64 hexadecimal digits.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out MemberKey? key)
    {
        Span<byte> bytes = stackalloc byte[Size];
        key = text.Length == Size * 2 && Convert.FromHexString(text, bytes, out _, out int count) == System.Buffers.OperationStatus.Done && count == Size ? new MemberKey(bytes) : null;
        return key is not null;
    }

    /// <summary>The key as 64 hexadecimal digits: a secret, for files only.</summary>
    public string ToSecretText() => Convert.ToHexStringLower(_bytes);

    /// <inheritdoc/>
    public bool Equals(MemberKey? other) => other is not null && CryptographicOperations.FixedTimeEquals(_bytes, other._bytes);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as MemberKey);

    /// <inheritdoc/>
    public override int GetHashCode() => (int)Id;
}
