namespace Seguro.Vere.Running;

/// <summary>What king and worker print, in a file that does not grow for ever: <c>vere.log</c>, and the one before it. Safe for any thread.</summary>
/// <param name="folder">The member's folder.</param>
public sealed class PrintLog(string folder) : IDisposable
{
    private const long Longest = 16 << 20;

    private readonly string _path = Path.Combine(folder, "vere.log");
    private readonly Lock _gate = new();
    private FileStream? _file;

    /// <summary>Writes down all that comes from a stream, until it ends.</summary>
    /// <param name="from">The stream.</param>
    /// <param name="seen">Sees it as well, before it is written; the bytes are valid until it returns.</param>
    public async Task TakeAsync(Stream from, Action<ReadOnlyMemory<byte>>? seen = null)
    {
        byte[] buffer = new byte[4096];
        try
        {
            for (int read = await from.ReadAsync(buffer); read > 0; read = await from.ReadAsync(buffer))
            {
                seen?.Invoke(buffer.AsMemory(0, read));
                Write(buffer.AsSpan(0, read));
            }
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            // What a ship prints is not worth ending it; but its pipe must be emptied, or it stands still.
            await from.CopyToAsync(Stream.Null).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
            _file?.Dispose();
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            if (_file is { Length: > Longest })
            {
                _file.Dispose();
                File.Move(_path, _path + ".1", overwrite: true);
                _file = null;
            }
            _file ??= new FileStream(_path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
            _file.Write(bytes);
            _file.Flush();
        }
    }
}
