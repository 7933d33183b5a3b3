using System.Runtime.CompilerServices;
using Seguro.Cli.Output;
using Seguro.Core;

namespace Seguro.Cli.Commands.Log;

/// <summary>A file whose bytes become an event, read piece by piece. Standard input goes through a temporary file, because its size must be known first.</summary>
internal sealed class PayloadFile : IAsyncDisposable
{
    private const int PieceSize = 1 << 20;

    private readonly FileStream _stream;
    private readonly string? _temporary;

    private PayloadFile(string path, string? temporary)
    {
        _temporary = temporary;
        _stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan | FileOptions.Asynchronous);
        Size = _stream.Length;
    }

    /// <summary>The payload's size, in bytes.</summary>
    public long Size { get; }

    /// <summary>Opens a file, or standard input for '-'.</summary>
    public static async Task<PayloadFile> OpenAsync(Terminal terminal, string path, CancellationToken cancel)
    {
        if (path != "-")
        {
            return File.Exists(path)
                ? new PayloadFile(path, temporary: null)
                : throw new SeguroException(ErrorCode.NotFound, $"there is no file '{path}'", "Check the path; '-' reads standard input.");
        }
        string temporary = Path.GetTempFileName();
        await using (Stream input = terminal.OpenInput())
        await using (FileStream copy = new(temporary, FileMode.Create, FileAccess.Write))
            await input.CopyToAsync(copy, cancel);
        return new PayloadFile(temporary, temporary);
    }

    /// <summary>The bytes, in pieces, from the beginning; each is valid until the next is asked for.</summary>
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        _stream.Position = 0;
        byte[] piece = new byte[(int)Math.Min(PieceSize, Math.Max(Size, 1))];
        for (long left = Size; left > 0;)
        {
            int read = await _stream.ReadAsync(piece.AsMemory(0, (int)Math.Min(piece.Length, left)), cancel);
            if (read == 0)
                throw new SeguroException(ErrorCode.FileAccess, $"{_stream.Name} became shorter while it was read", "Nothing was appended of it. Append a file that is not being written.");
            left -= read;
            yield return piece.AsMemory(0, read);
        }
    }

    /// <summary>All bytes at once.</summary>
    public async Task<byte[]> ReadWholeAsync(CancellationToken cancel)
    {
        byte[] whole = new byte[Size];
        int read = 0;
        await foreach (ReadOnlyMemory<byte> piece in ReadAsync(cancel))
        {
            piece.CopyTo(whole.AsMemory(read));
            read += piece.Length;
        }
        return whole;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync();
        if (_temporary is not null)
            File.Delete(_temporary);
    }
}
