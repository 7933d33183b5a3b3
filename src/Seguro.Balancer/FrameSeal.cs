using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Seguro.Balancer;

/// <summary>
/// Makes and checks the end of frames: 4 bytes that name the key, and a MAC: the first 16 bytes of HMAC-SHA256 (RFC 2104, truncated as its §5 allows) of the SHA-256 of all before, and the
/// key's name. So the balancer hashes a datagram once, however many members get it. Not for two threads at once; allocates nothing per frame.
/// </summary>
public sealed class FrameSeal : IDisposable
{
    /// <summary>Bytes of a seal.</summary>
    public const int Size = sizeof(uint) + MacSize;

    private const int MacSize = 16;

    private readonly IncrementalHash _hash;

    /// <summary>Makes a seal of a key.</summary>
    public FrameSeal(MemberKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        _hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key.Bytes);
        Id = key.Id;
    }

    /// <summary>Names the key.</summary>
    public uint Id { get; }

    /// <summary>The key that sealed bytes name.</summary>
    /// <param name="bytes">At least <see cref="Size"/> bytes.</param>
    public static uint IdIn(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[^Size..]);

    /// <summary>What a seal is made of.</summary>
    /// <param name="bytes">All before it.</param>
    /// <param name="digest">32 bytes.</param>
    public static void Digest(ReadOnlySpan<byte> bytes, Span<byte> digest) => SHA256.HashData(bytes, digest);

    /// <summary>Writes the seal.</summary>
    /// <param name="digest">What <see cref="Digest"/> made of all before it.</param>
    /// <param name="seal">Exactly <see cref="Size"/> bytes.</param>
    public void Write(ReadOnlySpan<byte> digest, Span<byte> seal)
    {
        Span<byte> full = stackalloc byte[HMACSHA256.HashSizeInBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(seal, Id);
        _hash.AppendData(digest);
        _hash.AppendData(seal[..sizeof(uint)]);
        _hash.GetHashAndReset(full);
        full[..MacSize].CopyTo(seal[sizeof(uint)..]);
    }

    /// <summary>The last bytes are the seal of those before; takes the same time wherever they differ.</summary>
    public bool Matches(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < Size)
            return false;
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        Span<byte> seal = stackalloc byte[Size];
        Digest(bytes[..^Size], digest);
        Write(digest, seal);
        return CryptographicOperations.FixedTimeEquals(seal, bytes[^Size..]);
    }

    /// <inheritdoc/>
    public void Dispose() => _hash.Dispose();
}
