using System.Buffers;
using System.IO.MemoryMappedFiles;
using Seguro.Cli.Output;
using Seguro.Core;

namespace Seguro.Cli.Commands.Log;

/// <summary>
/// The bytes of a file as one piece of memory, without reading it all into memory: the file is mapped. Standard input goes through a temporary file.
/// </summary>
internal sealed class PayloadFile : MemoryManager<byte>, IAsyncDisposable
{
    private readonly MemoryMappedFile? _map;
    private readonly MemoryMappedViewAccessor? _view;
    private readonly string? _temporary;
    private readonly nint _start;
    private readonly int _length;

    private PayloadFile(string path, long length, string? temporary)
    {
        _temporary = temporary;
        _length = checked((int)length);
        if (_length == 0)
            return; // an empty file can't be mapped
        _map = MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
        _view = _map.CreateViewAccessor(0, _length, MemoryMappedFileAccess.Read);
        _start = AcquirePointer(_view);
    }

    /// <summary>The payload; valid until disposed of.</summary>
    public ReadOnlyMemory<byte> Bytes => _length == 0 ? ReadOnlyMemory<byte>.Empty : Memory;

    /// <summary>Opens a file, or standard input for '-'; refuses what the store can't hold before reading it.</summary>
    public static async Task<PayloadFile> OpenAsync(Terminal terminal, string path, StoreCapabilities capabilities, CancellationToken cancel)
    {
        string? temporary = null;
        if (path == "-")
        {
            temporary = Path.GetTempFileName();
            await using Stream input = terminal.OpenInput();
            await using FileStream copy = new(temporary, FileMode.Create, FileAccess.Write);
            await input.CopyToAsync(copy, cancel);
        }
        else if (!File.Exists(path))
        {
            throw new SeguroException(ErrorCode.NotFound, $"there is no file '{path}'", "Check the path; '-' reads standard input.");
        }
        long length = new FileInfo(temporary ?? path).Length;
        FragmentPlan.For(length, capabilities);
        return new PayloadFile(temporary ?? path, length, temporary);
    }

    public override unsafe Span<byte> GetSpan() => new((byte*)_start, _length);

    public override unsafe MemoryHandle Pin(int elementIndex = 0) => new((byte*)_start + elementIndex);

    public override void Unpin()
    {
    }

    public ValueTask DisposeAsync()
    {
        Dispose(disposing: true);
        return ValueTask.CompletedTask;
    }

    private static unsafe nint AcquirePointer(MemoryMappedViewAccessor view)
    {
        byte* start = null;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        return (nint)(start + view.PointerOffset);
    }

    protected override void Dispose(bool disposing)
    {
        if (!disposing)
            return;
        _view?.SafeMemoryMappedViewHandle.ReleasePointer();
        _view?.Dispose();
        _map?.Dispose();
        if (_temporary is not null)
            File.Delete(_temporary);
    }
}
