using System.Threading.Channels;

namespace Seguro.Vere.Relay;

/// <summary>Writes to a stream what it is given, in order, without making the giver wait.</summary>
/// <param name="stream">Where to; closed in the end.</param>
internal sealed class Outlet(Stream stream)
{
    private readonly Channel<(ReadOnlyMemory<byte> Bytes, TaskCompletionSource? Written)> _queue =
        Channel.CreateUnbounded<(ReadOnlyMemory<byte>, TaskCompletionSource?)>(new UnboundedChannelOptions { SingleReader = true });

    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Writes bytes, which must not change until they are written.</summary>
    public void Write(ReadOnlyMemory<byte> bytes) => _queue.Writer.TryWrite((bytes, null));

    /// <summary>Closes the stream once all that was given before is written. What is given later goes nowhere.</summary>
    public void Close() => _queue.Writer.TryComplete();

    /// <summary>Waits until all that was given before is written, or can't be any more.</summary>
    public Task WrittenAsync()
    {
        TaskCompletionSource written = new(TaskCreationOptions.RunContinuationsAsynchronously);
        return _queue.Writer.TryWrite((default, written)) ? written.Task : _over.Task;
    }

    /// <summary>Writes until it is closed.</summary>
    /// <returns>Whether all of it could be written: if not, the other end is gone.</returns>
    public async Task<bool> RunAsync(CancellationToken cancel)
    {
        bool isWhole = true;
        try
        {
            await foreach ((ReadOnlyMemory<byte> bytes, TaskCompletionSource? written) in _queue.Reader.ReadAllAsync(cancel))
            {
                written?.TrySetResult();
                if (bytes.IsEmpty)
                    continue;
                await stream.WriteAsync(bytes, cancel);
                await stream.FlushAsync(cancel);
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            isWhole = false;
        }
        _queue.Writer.TryComplete();
        await stream.DisposeAsync();
        while (_queue.Reader.TryRead(out (ReadOnlyMemory<byte>, TaskCompletionSource? Written) rest))
            rest.Written?.TrySetResult();
        _over.TrySetResult();
        return isWhole;
    }
}
