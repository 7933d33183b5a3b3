using System.Buffers.Binary;
using System.Security.Cryptography;
using Seguro.Core;
using Seguro.Nouns;

namespace Seguro.Nock.Ships;

/// <summary>A ship's state as a file. The format is Seguro's own, little-endian:</summary>
/// <remarks>
/// <code>
///  0  8  "SEGUROSN"
///  8  4  version of the format: 1
/// 12  4  life: how many events are formulas of the boot
/// 16  8  number of the event after which the state stands
/// 24 32  the log's chain at that event
/// 56  4  mug of the kernel; 0 before the boot's end
/// 60 16  time of the event, @amp;da; 0 where it has none
/// 76  …  jam of [%arvo kernel %names names]; before the boot's end of [%boot formulas], the last formula first
///  …  32  SHA-256 of all before
/// </code>
/// The names are those that <c>%fast</c> gave to cores (<see cref="NockMachine.ExportNames"/>): the hints ran long ago, and without the names no jet would be found.
/// </remarks>
sealed record SnapshotFile(Position Position, int Life, ShipState State, Noun Names)
{
    private const int HeaderSize = 76;
    private const uint Version = 1;
    private static ReadOnlySpan<byte> Magic => "SEGUROSN"u8;

    /// <summary>Writes it, durably, to a new file, and reads it back.</summary>
    /// <exception cref="IOException">The disk failed, or gave back other bytes.</exception>
    public void Write(string path, CancellationToken cancel)
    {
        byte[] hash;
        using (FileStream file = new(path, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16))
        {
            using HashingStream stream = new(file, cancel);
            stream.Write(Header());
            Jam.Write(State.Kernel is null ? Cell.Of("boot", State.Core) : Cell.Of("arvo", State.Core, "names", Names), stream);
            hash = stream.Finish();
            file.Write(hash);
            file.Flush(flushToDisk: true);
        }
        if (!HashOf(path, cancel).AsSpan().SequenceEqual(hash))
            throw new IOException($"{path} reads back as other bytes than were written");
    }

    /// <summary>Is the file whole?</summary>
    public static bool IsWhole(string path, CancellationToken cancel)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.Read);
        if (file.Length < HeaderSize + SHA256.HashSizeInBytes)
            return false;
        byte[] end = new byte[SHA256.HashSizeInBytes];
        file.Position = file.Length - end.Length;
        file.ReadExactly(end);
        return HashOf(path, cancel).AsSpan().SequenceEqual(end);
    }

    /// <summary>Reads it; the kernel runs on the machine, which must be a new one.</summary>
    /// <exception cref="SeguroException">It is damaged, or not one that can be used here.</exception>
    public static SnapshotFile Read(string path, int life, NockMachine machine)
    {
        if (new FileInfo(path).Length is var length && (length > Array.MaxLength || length < HeaderSize + SHA256.HashSizeInBytes))
            throw Bad($"a size of {length} bytes");
        ReadOnlySpan<byte> bytes = File.ReadAllBytes(path);
        ReadOnlySpan<byte> content = bytes[..^SHA256.HashSizeInBytes];
        if (!content.StartsWith(Magic))
            throw Bad("not a snapshot's beginning");
        if (!SHA256.HashData(content).AsSpan().SequenceEqual(bytes[^SHA256.HashSizeInBytes..]))
            throw Bad("its hash is not that of its bytes");
        if (BinaryPrimitives.ReadUInt32LittleEndian(content[8..]) is var version and not Version)
            throw Bad($"version {version} of the format");
        if (BinaryPrimitives.ReadInt32LittleEndian(content[12..]) is var itsLife && itsLife != life)
            throw Bad($"life {itsLife}, not {life}");
        EventNumber number = new(BinaryPrimitives.ReadUInt64LittleEndian(content[16..]));
        Position position = new(number, new Chain(content[24..56]));
        uint mug = BinaryPrimitives.ReadUInt32LittleEndian(content[56..]);
        Noun noun = Cue.From(content[HeaderSize..], CueLimits.Default with { Bytes = Array.MaxLength });

        if (mug == 0 && Axis.At(noun, 2) == "boot" && number.Value < (ulong)life)
            return new SnapshotFile(position, life, new ShipState(number, null, Axis.Get(noun, 3), 0), Atom.Zero);
        if (Axis.At(noun, 2) != "arvo" || Axis.At(noun, 14) != "names")
            throw Bad("not a state");
        ArvoKernel kernel = new(machine, Axis.Get(noun, 6));
        if (kernel.Mug != mug)
            throw Bad($"the state's mug is {kernel.Mug:x8}, it says {mug:x8}");
        machine.ImportNames(Axis.Get(noun, 15));
        UInt128 lastNow = BinaryPrimitives.ReadUInt128LittleEndian(content[60..]);
        return new SnapshotFile(position, life, new ShipState(number, kernel, kernel.Core, lastNow), Atom.Zero);
    }

    private byte[] Header()
    {
        byte[] header = new byte[HeaderSize];
        Span<byte> to = header;
        Magic.CopyTo(to);
        BinaryPrimitives.WriteUInt32LittleEndian(to[8..], Version);
        BinaryPrimitives.WriteInt32LittleEndian(to[12..], Life);
        BinaryPrimitives.WriteUInt64LittleEndian(to[16..], Position.Number.Value);
        Position.Chain.CopyTo(to[24..]);
        BinaryPrimitives.WriteUInt32LittleEndian(to[56..], State.Mug);
        BinaryPrimitives.WriteUInt128LittleEndian(to[60..], State.LastNow);
        return header;
    }

    // Of all but the hash at its end.
    private static byte[] HashOf(string path, CancellationToken cancel)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, 0, FileOptions.SequentialScan);
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[1 << 16];
        long rest = file.Length - SHA256.HashSizeInBytes;
        while (rest > 0)
        {
            cancel.ThrowIfCancellationRequested();
            int count = file.Read(buffer, 0, (int)Math.Min(buffer.Length, rest));
            if (count == 0)
                break;
            hash.AppendData(buffer, 0, count);
            rest -= count;
        }
        return hash.GetHashAndReset();
    }

    private static SeguroException Bad(string why) => new(ErrorCode.Corrupt, why, "An older snapshot, or the log from its beginning, leads to the same state.");
}
