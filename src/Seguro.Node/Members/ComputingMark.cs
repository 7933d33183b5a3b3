using System.IO.MemoryMappedFiles;
using Seguro.Core;

namespace Seguro.Node.Members;

/// <summary>
/// Which ovum a process is computing, in the file <c>computing</c>: 8 bytes that name the process's life, then 4 bytes of the ovum's digest, 0 for none; little-endian.
/// </summary>
/// <remarks>
/// The file is mapped, so a note costs a store to memory, and outlives the process however that ends. It does not outlive the machine: a machine does not go down of an ovum.
/// One writer at a time.
/// </remarks>
sealed class ComputingMark : IDisposable
{
    private const int Size = 4096;
    private const int DigestAt = sizeof(ulong);
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;

    /// <summary>Opens the folder's file, or makes it, and begins a life.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.FileAccess"/>.</exception>
    public ComputingMark(string folder, ulong life)
    {
        string path = Path.Combine(folder, "computing");
        try
        {
            _file = MemoryMappedFile.CreateFromFile(path, FileMode.OpenOrCreate, null, Size);
            _view = _file.CreateViewAccessor(0, Size);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            _file?.Dispose();
            throw new SeguroException(ErrorCode.FileAccess, $"the file {path} can't be written: {error.Message}", "Look at the disk and its permissions, then start the member again.", error);
        }
        (LastLife, LastDigest) = (_view.ReadUInt64(0), _view.ReadUInt32(DigestAt));
        _view.Write(DigestAt, 0);
        _view.Write(0, life);
    }

    /// <summary>The life before this one; 0 where there was none.</summary>
    public ulong LastLife { get; }

    /// <summary>What it was computing when it ended; 0 where nothing was.</summary>
    public uint LastDigest { get; }

    /// <summary>Notes what is being computed; 0: nothing.</summary>
    public void Set(uint digest) => _view.Write(DigestAt, digest);

    /// <inheritdoc/>
    public void Dispose()
    {
        _view.Dispose();
        _file.Dispose();
    }
}
