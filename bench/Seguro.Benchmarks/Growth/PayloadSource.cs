using System.Security.Cryptography;

namespace Seguro.Benchmarks;

/// <summary>Payloads of one size that can't be compressed, without memory for each: places in one block of random bytes.</summary>
/// <param name="bytes">The size of a payload.</param>
internal sealed class PayloadSource(int bytes)
{
    private const int BlockSize = 8 << 20;
    private const int Stride = 4099; // a prime: it takes long until a place comes again

    private static readonly byte[] Block = RandomNumberGenerator.GetBytes(BlockSize);
    private int _place;

    /// <summary>The size of a payload.</summary>
    public int Bytes => bytes;

    /// <summary>The next payload; its bytes never change.</summary>
    public ReadOnlyMemory<byte> Next()
    {
        _place = (_place + Stride) % (BlockSize - bytes);
        return Block.AsMemory(_place, bytes);
    }
}
