using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Seguro.Core;

/// <summary>Computes links of the <see cref="Chain"/>, at once or piece by piece, so that an event of any size needs no second buffer.</summary>
/// <remarks>Not safe for use by two threads at a time. Holds a native hash; dispose of it.</remarks>
public sealed class ChainHasher : IDisposable
{
    private const int PrefixSize = Chain.Size + sizeof(ulong) + sizeof(ulong);
    private const int AtOnce = 2048;

    private IncrementalHash? _hash;
    private long _missing = -1;

    /// <summary>Made when it is first needed: short payloads need none.</summary>
    private IncrementalHash Hash => _hash ??= IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <summary>A single link, for those who compute one now and then.</summary>
    public static Chain Of(Chain previous, EventNumber number, ReadOnlySpan<byte> payload)
    {
        if (payload.Length <= AtOnce)
            return Short(previous, number, payload);
        using ChainHasher hasher = new();
        return hasher.Next(previous, number, payload);
    }

    /// <summary><c>chain(number)</c> from <c>chain(number - 1)</c> and the whole payload.</summary>
    public Chain Next(Chain previous, EventNumber number, ReadOnlySpan<byte> payload)
    {
        if (payload.Length <= AtOnce)
            return Short(previous, number, payload);
        Begin(previous, number, payload.Length);
        Add(payload);
        return End();
    }

    /// <summary>Begins a link whose payload of <paramref name="size"/> bytes will come in pieces. An unfinished link is dropped.</summary>
    public void Begin(Chain previous, EventNumber number, long size)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        if (_missing >= 0)
            Hash.TryGetHashAndReset(stackalloc byte[Chain.Size], out _);
        Span<byte> prefix = stackalloc byte[PrefixSize];
        WritePrefix(prefix, previous, number, size);
        Hash.AppendData(prefix);
        _missing = size;
    }

    /// <summary>Adds the next piece of the payload.</summary>
    /// <exception cref="InvalidOperationException">No link was begun, or the pieces are more than the size that was announced.</exception>
    public void Add(ReadOnlySpan<byte> piece)
    {
        if (piece.Length > _missing)
            throw new InvalidOperationException("More payload than was announced.");
        Hash.AppendData(piece);
        _missing -= piece.Length;
    }

    /// <summary>Ends the link and returns it.</summary>
    /// <exception cref="InvalidOperationException">Pieces are missing.</exception>
    public Chain End()
    {
        if (_missing != 0)
            throw new InvalidOperationException("Less payload than was announced.");
        Span<byte> digest = stackalloc byte[Chain.Size];
        Hash.TryGetHashAndReset(digest, out _);
        _missing = -1;
        return new Chain(digest);
    }

    /// <inheritdoc/>
    public void Dispose() => _hash?.Dispose();

    private static Chain Short(Chain previous, EventNumber number, ReadOnlySpan<byte> payload)
    {
        Span<byte> all = stackalloc byte[PrefixSize + payload.Length];
        WritePrefix(all, previous, number, payload.Length);
        payload.CopyTo(all[PrefixSize..]);
        Span<byte> digest = stackalloc byte[Chain.Size];
        SHA256.HashData(all, digest);
        return new Chain(digest);
    }

    private static void WritePrefix(Span<byte> prefix, Chain previous, EventNumber number, long size)
    {
        previous.CopyTo(prefix);
        BinaryPrimitives.WriteUInt64LittleEndian(prefix[Chain.Size..], number.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(prefix[(Chain.Size + sizeof(ulong))..], (ulong)size);
    }
}
