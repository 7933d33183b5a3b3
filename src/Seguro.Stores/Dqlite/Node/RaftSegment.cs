using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace Seguro.Stores.Dqlite;

/// <summary>
/// Reads a segment of dqlite's raft log, before dqlite does, to find damage that dqlite would pass over: at the first unreadable
/// entry of an open segment it cuts off that one and all that follow, acknowledged or not, without a word.
/// </summary>
/// <remarks>
/// Format, from libraft 0.15.0, <c>src/uv_segment.c</c> and <c>src/uv_encoding.c</c>, all little-endian: u64 format 1; then batches of
/// u32 CRC of the header, u32 CRC of the data, header (u64 n, then n of u64 term, u8 type, 3 unused, u32 size), data. The CRC is the
/// one of polynomial 0x04C11DB7, most significant bit first, from 0, not inverted. An open segment ends in zeros.
/// </remarks>
static class RaftSegment
{
    private const int Preamble = 16;
    private const int LargestFile = 1 << 30;
    private const ulong MostEntries = (8 << 20) / 32;
    private static readonly uint[] Table = MakeTable();

    /// <summary>The name is that of a segment: <c>open-N</c>, or two numbers of 16 digits with a hyphen between.</summary>
    public static bool IsSegment(string name) => IsOpen(name)
        || (name.Length >= 33 && name.IndexOf('-', StringComparison.Ordinal) is >= 16 and int hyphen && name.AsSpan(0, hyphen).IndexOfAnyExceptInRange('0', '9') < 0
            && name.AsSpan(hyphen + 1).IndexOfAnyExceptInRange('0', '9') < 0);

    /// <summary>Something was written into the segment; dqlite makes open ones in advance, full of zeros.</summary>
    public static bool HasEntries(string path)
    {
        Span<byte> format = stackalloc byte[8];
        try
        {
            using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            return stream.ReadAtLeast(format, format.Length, throwOnEndOfStream: false) == format.Length && !IsZero(format);
        }
        catch (FileNotFoundException)
        {
            return false; // A running dqlite renames them as it closes them.
        }
    }

    /// <summary>Where the first batch begins, in bytes.</summary>
    public const int FirstBatch = sizeof(ulong);

    /// <summary>The batch that begins at <paramref name="offset"/>, by its header, which has a checksum of its own; <see langword="null"/> where there is none. Its data is not looked at.</summary>
    public static (long Length, ulong Entries, ulong Term)? ReadBatch(SafeFileHandle file, long offset)
    {
        Span<byte> start = stackalloc byte[Preamble];
        if (RandomAccess.Read(file, start, offset) < start.Length)
            return null;
        ulong count = BinaryPrimitives.ReadUInt64LittleEndian(start[8..]);
        if (count is 0 or > MostEntries)
            return null;
        byte[] header = new byte[8 + ((int)count * 16)];
        if (RandomAccess.Read(file, header, offset + 8) < header.Length || Crc(header) != BinaryPrimitives.ReadUInt32LittleEndian(start))
            return null;
        return (8 + header.Length + DataSize(header), count, LastTerm(header));
    }

    /// <summary>Reads a whole segment.</summary>
    /// <returns>How many entries it has that can be read, and the term of the last one.</returns>
    /// <exception cref="Seguro.Core.SeguroException"><see cref="Seguro.Core.ErrorCode.LostDisk"/>: entries that may have been acknowledged can't be read.</exception>
    public static (ulong Entries, ulong Term) Check(string path)
    {
        FileInfo info = new(path);
        if (info.Length > LargestFile)
            throw NodeFolder.Lost($"{path} has {info.Length} bytes, more than a log segment can have", Path.GetDirectoryName(path)!);
        ReadOnlySpan<byte> content = File.ReadAllBytes(path);
        bool open = IsOpen(Path.GetFileName(path));
        if (open && IsZero(content))
            return (0, 0);
        if (content.Length < 8 || BinaryPrimitives.ReadUInt64LittleEndian(content) != 1)
            throw NodeFolder.Lost($"{path} does not begin as a log segment does", Path.GetDirectoryName(path)!);
        int offset = FirstBatch;
        (ulong Entries, ulong Term) read = (0, 0);
        while (offset < content.Length)
        {
            int length = BatchLength(content[offset..]);
            if (length == 0)
                break;
            ulong count = BinaryPrimitives.ReadUInt64LittleEndian(content[(offset + 8)..]);
            read = (read.Entries + count, LastTerm(content.Slice(offset + 8, 8 + ((int)count * 16))));
            offset += length;
        }
        if (offset == content.Length)
            return read;
        ReadOnlySpan<byte> rest = content[offset..];
        if (open && (IsZero(rest) || !HoldsBatch(rest)))
            return read; // Never written, or the last write was torn by a crash: it was not acknowledged.
        throw NodeFolder.Lost($"{path} is damaged at byte {offset}, before entries that may have been acknowledged", Path.GetDirectoryName(path)!);
    }

    /// <summary>The length of the batch at the beginning of <paramref name="content"/>, or 0 where there is none that is whole.</summary>
    private static int BatchLength(ReadOnlySpan<byte> content)
    {
        if (content.Length < Preamble)
            return 0;
        ulong count = BinaryPrimitives.ReadUInt64LittleEndian(content[8..]);
        if (count is 0 or > MostEntries || Preamble + ((int)count * 16) > content.Length)
            return 0;
        ReadOnlySpan<byte> header = content.Slice(8, 8 + ((int)count * 16));
        if (Crc(header) != BinaryPrimitives.ReadUInt32LittleEndian(content))
            return 0;
        long size = DataSize(header);
        int start = 8 + header.Length;
        if (size > content.Length - start || Crc(content.Slice(start, (int)size)) != BinaryPrimitives.ReadUInt32LittleEndian(content[4..]))
            return 0;
        return start + (int)size;
    }

    /// <summary>The sum of the entries' sizes, by a header: a count, then 16 bytes an entry.</summary>
    private static long DataSize(ReadOnlySpan<byte> header)
    {
        long size = 0;
        for (int at = 8; at < header.Length; at += 16)
            size += BinaryPrimitives.ReadUInt32LittleEndian(header[(at + 12)..]);
        return size;
    }

    private static ulong LastTerm(ReadOnlySpan<byte> header) => BinaryPrimitives.ReadUInt64LittleEndian(header[^16..]);

    // Sizes of entries are multiples of 8 in dqlite, so batches begin at multiples of 8.
    private static bool HoldsBatch(ReadOnlySpan<byte> rest)
    {
        for (int offset = 8; offset + Preamble <= rest.Length; offset += 8)
        {
            if (BatchLength(rest[offset..]) != 0)
                return true;
        }
        return false;
    }

    private static bool IsOpen(string name) => name.StartsWith("open-", StringComparison.Ordinal) && name.Length > 5 && name.AsSpan(5).IndexOfAnyExceptInRange('0', '9') < 0;

    private static bool IsZero(ReadOnlySpan<byte> bytes) => bytes.IndexOfAnyExcept((byte)0) < 0;

    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        uint crc = 0;
        foreach (byte value in bytes)
            crc = (crc << 8) ^ Table[(crc >> 24) ^ value];
        return crc;
    }

    private static uint[] MakeTable()
    {
        uint[] table = new uint[256];
        for (uint i = 0; i < 256; i++)
        {
            uint crc = i << 24;
            for (int bit = 0; bit < 8; bit++)
                crc = (crc & 0x80000000) != 0 ? (crc << 1) ^ 0x04C11DB7 : crc << 1;
            table[i] = crc;
        }
        return table;
    }
}
