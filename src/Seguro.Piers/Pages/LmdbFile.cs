using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;
using Seguro.Core;
using Seguro.Files;

namespace Seguro.Piers;

/// <summary>
/// An LMDB file (data version 1, the format of liblmdb 0.9, which vere uses), read page by page without liblmdb: nothing in it is trusted,
/// so that a damaged or hostile file ends in an error and never in a fault of the process; nothing is mapped, so that memory stays small;
/// and nothing is locked, so that it can be read on read-only media and while a vere writes.
/// </summary>
/// <remarks>
/// The format: pages 0 and 1 are metas, written in turn; a page begins with its number (u64), two bytes, flags (u16), and the bounds of its
/// free room (two u16) or its count of pages (u32). Read from the headers and the behaviour of liblmdb; the tests compare it with liblmdb.
/// Reads may overlap, from any thread.
/// </remarks>
internal sealed class LmdbFile : IDisposable
{
    public const int HeaderSize = 16;
    public const int BranchFlag = 1;
    public const int LeafFlag = 2;
    public const int OverflowFlag = 4;
    private const int MetaFlag = 8;
    private const int Attempts = 8;
    private const uint Magic = 0xBEEFC0DE;
    private const int MetaSize = 24 + (2 * LmdbTable.Size) + 16;
    private const int BothMetas = 2 * (HeaderSize + MetaSize);
    private readonly SafeFileHandle _handle;

    private LmdbFile(string path, SafeFileHandle handle)
    {
        Path = path;
        _handle = handle;
    }

    public string Path { get; }

    /// <summary>The size of a page, in bytes: that of the machine that made the file.</summary>
    public int PageSize { get; private set; }

    /// <summary>The file that is open is the one that lies at <see cref="Path"/>: not moved, not removed, and no other in its place.</summary>
    /// <exception cref="IOException">There is nothing at the path.</exception>
    public bool IsAtItsPath => new FileInfo($"/proc/self/fd/{_handle.DangerousGetHandle()}").LinkTarget is { } open && open == LibC.RealPath(Path);

    /// <summary>How long the file is now, in bytes.</summary>
    public long Length => RandomAccess.GetLength(_handle);

    /// <summary>Opens a file and checks both metas.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.NotFound"/>, <see cref="ErrorCode.FileAccess"/>, <see cref="ErrorCode.Corrupt"/>, <see cref="ErrorCode.NewerSchema"/>.</exception>
    public static LmdbFile Open(string path)
    {
        SafeFileHandle handle;
        try
        {
            handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new SeguroException(ErrorCode.NotFound, $"{path} is not there", "Check the pier's path.", missing);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw FileFault.Reading(path, refused);
        }
        LmdbFile file = new(path, handle);
        try
        {
            file.PageSize = file.ReadPageSize();
            file.ReadSnapshot();
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The newest committed state.</summary>
    public LmdbSnapshot ReadSnapshot()
    {
        Span<byte> metas = stackalloc byte[BothMetas];
        for (int attempt = 1; ; attempt++)
        {
            ReadMetas(metas);
            (ulong first, ulong second) = (TransactionOf(metas, 0), TransactionOf(metas, 1));
            // Each transaction writes the meta of its number's parity, so the two are neighbours, but for a new or compacted file with a 0.
            bool parity = (first & 1) == 0 && (second == 0 || (second & 1) == 1);
            bool neighbours = first == 0 || second == 0 || (first > second ? first - second : second - first) == 1;
            if (parity && neighbours)
                return Parse(MetaOf(metas, first > second ? 0 : 1));
            if (attempt == Attempts) // a writer may commit between our reading of the one and of the other
                throw Damage($"its two meta pages are of transactions {first} and {second}, which do not follow one another");
        }
    }

    /// <summary>
    /// The state before the newest one. Whoever wrote the newest had made this one durable before, so it survives a power cut, which the newest may not yet.
    /// </summary>
    public LmdbSnapshot ReadPreviousSnapshot()
    {
        Span<byte> metas = stackalloc byte[BothMetas];
        ReadMetas(metas);
        return Parse(MetaOf(metas, TransactionOf(metas, 0) > TransactionOf(metas, 1) ? 1 : 0));
    }

    /// <summary>
    /// Nothing that a read of <paramref name="snapshot"/> saw can have been overwritten: LMDB reuses pages that transaction F freed in
    /// F + 2 at the earliest (vere-facts.md §5c.7). Call it after reading, before using what was read.
    /// </summary>
    public bool IsStillWhole(in LmdbSnapshot snapshot)
    {
        Span<byte> metas = stackalloc byte[BothMetas];
        ReadMetas(metas);
        return Math.Max(TransactionOf(metas, 0), TransactionOf(metas, 1)) <= snapshot.Transaction + 1;
    }

    /// <summary>Waits until what the file shows is on the disk.</summary>
    public void Settle() => LibC.SyncData(_handle);

    /// <summary>Reads bytes of a page, or of the pages after it.</summary>
    public void Read(ulong page, long offset, Span<byte> into, in LmdbSnapshot snapshot)
    {
        if (page < 2 || page > snapshot.LastPage || page > long.MaxValue / 2 / (ulong)PageSize)
            throw Damage($"it points to page {page}, and its pages are 2 to {snapshot.LastPage}");
        if (ReadAt(((long)page * PageSize) + offset, into) < into.Length)
            throw Damage($"it ends before page {page}: it was cut off");
    }

    public SeguroException Damage(string what) => new(
        ErrorCode.Corrupt,
        $"{Path} is damaged: {what}",
        "Restore the file from a backup or from another member, or export the log from a store anew; nothing of the damaged part was used.");

    public void Dispose() => _handle.Dispose();

    private int ReadPageSize()
    {
        byte[] head = new byte[HeaderSize + MetaSize];
        if (ReadAt(0, head) < head.Length)
            throw Damage("it is too short for an LMDB file");
        CheckMeta(head);
        uint size = BinaryPrimitives.ReadUInt32LittleEndian(head.AsSpan(HeaderSize + 24));
        if (size is < 512 or > 32_768 || !System.Numerics.BitOperations.IsPow2(size))
            throw Damage($"its page size is {size}");
        return (int)size;
    }

    private void ReadMetas(Span<byte> metas)
    {
        int half = metas.Length / 2;
        if (ReadAt(0, metas[..half]) < half || ReadAt(PageSize, metas[half..]) < half)
            throw Damage("it is too short for its two meta pages");
        CheckMeta(metas[..half]);
        CheckMeta(metas[half..]);
    }

    private static ReadOnlySpan<byte> MetaOf(ReadOnlySpan<byte> metas, int index) => metas.Slice((index * (HeaderSize + MetaSize)) + HeaderSize, MetaSize);

    private static ulong TransactionOf(ReadOnlySpan<byte> metas, int index) => BinaryPrimitives.ReadUInt64LittleEndian(MetaOf(metas, index)[(MetaSize - 8)..]);

    private LmdbSnapshot Parse(ReadOnlySpan<byte> meta)
    {
        LmdbSnapshot snapshot = new(
            BinaryPrimitives.ReadUInt64LittleEndian(meta[(MetaSize - 8)..]),
            BinaryPrimitives.ReadUInt64LittleEndian(meta[(MetaSize - 16)..]),
            LmdbTable.Parse(meta[24..]),
            LmdbTable.Parse(meta[(24 + LmdbTable.Size)..]));
        if (BinaryPrimitives.ReadUInt32LittleEndian(meta[24..]) != PageSize || snapshot.Main.Flags != 0 || snapshot.LastPage == 0)
            throw Damage("its newest meta page makes no sense");
        return snapshot;
    }

    private void CheckMeta(ReadOnlySpan<byte> page)
    {
        int flags = BinaryPrimitives.ReadUInt16LittleEndian(page[10..]);
        if (flags != MetaFlag || BinaryPrimitives.ReadUInt32LittleEndian(page[HeaderSize..]) != Magic)
            throw Damage("a meta page does not begin as one");
        uint version = BinaryPrimitives.ReadUInt32LittleEndian(page[(HeaderSize + 4)..]);
        if (version != 1)
        {
            throw new SeguroException(
                ErrorCode.NewerSchema,
                $"{Path} is of LMDB data version {version}; vere and Seguro know version 1",
                "Use the program that made it; if the file should be a vere's, it is damaged: restore it from a backup.");
        }
    }

    private int ReadAt(long offset, Span<byte> into)
    {
        try
        {
            int read = 0;
            while (read < into.Length && RandomAccess.Read(_handle, into[read..], offset + read) is > 0 and int more)
                read += more;
            return read;
        }
        catch (IOException failed)
        {
            throw new SeguroException(ErrorCode.FileAccess, $"{Path} can't be read at byte {offset}: {failed.Message}", "Check the disk; then restore the file from a backup.", failed);
        }
    }
}
