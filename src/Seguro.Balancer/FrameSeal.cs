using System.Security.Cryptography;

namespace Seguro.Balancer;

/// <summary>Makes and checks the MAC of frames: the first 16 bytes of HMAC-SHA256 (RFC 2104, truncated as its §5 allows). Not for two threads at once; allocates nothing per frame.</summary>
public sealed class FrameSeal : IDisposable
{
    /// <summary>Bytes of a MAC.</summary>
    public const int Size = 16;

    private readonly IncrementalHash _hash;

    /// <summary>Makes a seal of a key.</summary>
    public FrameSeal(ClusterKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        _hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key.Bytes);
    }

    /// <summary>Writes the MAC of some bytes.</summary>
    /// <param name="bytes">All before the MAC.</param>
    /// <param name="mac">Exactly <see cref="Size"/> bytes.</param>
    public void Write(ReadOnlySpan<byte> bytes, Span<byte> mac)
    {
        Span<byte> full = stackalloc byte[HMACSHA256.HashSizeInBytes];
        _hash.AppendData(bytes);
        _hash.GetHashAndReset(full);
        full[..Size].CopyTo(mac);
    }

    /// <summary>The last bytes are the MAC of those before; takes the same time wherever they differ.</summary>
    public bool Matches(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < Size)
            return false;
        Span<byte> mac = stackalloc byte[Size];
        Write(bytes[..^Size], mac);
        return CryptographicOperations.FixedTimeEquals(mac, bytes[^Size..]);
    }

    /// <inheritdoc/>
    public void Dispose() => _hash.Dispose();
}
