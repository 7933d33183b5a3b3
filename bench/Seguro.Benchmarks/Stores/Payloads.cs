namespace Seguro.Benchmarks;

/// <summary>Payloads of seeded random bytes, no two of them the same. Their memory is used again for the next ones.</summary>
internal sealed class Payloads
{
    private const int Seed = 500;
    private readonly Dictionary<(int Count, int Bytes), (byte[][] Buffers, ReadOnlyMemory<byte>[] Memory)> _made = [];
    private readonly Random _random = new(Seed);
    private ulong _stamp;

    /// <summary>So many events of this size, of at least 16 bytes; valid until the next call.</summary>
    public ReadOnlyMemory<byte>[] Next(int count, int bytes)
    {
        if (!_made.TryGetValue((count, bytes), out (byte[][] Buffers, ReadOnlyMemory<byte>[] Memory) made))
        {
            made.Buffers = new byte[count][];
            for (int i = 0; i < count; i++)
                _random.NextBytes(made.Buffers[i] = new byte[bytes]);
            made.Memory = [.. made.Buffers.Select(static buffer => (ReadOnlyMemory<byte>)buffer)];
            _made.Add((count, bytes), made);
        }
        // Behind the four bytes that are a mug in a pier.
        foreach (byte[] buffer in made.Buffers)
            BitConverter.TryWriteBytes(buffer.AsSpan(4), ++_stamp);
        return made.Memory;
    }
}
