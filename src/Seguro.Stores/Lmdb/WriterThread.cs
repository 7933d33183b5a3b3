using System.Threading.Channels;

namespace Seguro.Stores.Lmdb;

/// <summary>A thread that does one thing after the other, in the order in which they were asked for: LMDB's write transactions belong to a thread.</summary>
sealed class WriterThread : IDisposable
{
    private const int LongestQueue = 1024;
    private readonly Channel<Action> _queue = Channel.CreateBounded<Action>(new BoundedChannelOptions(LongestQueue) { SingleReader = true });
    private readonly Thread _thread;

    public WriterThread(string name)
    {
        _thread = new Thread(Run) { IsBackground = true, Name = name };
        _thread.Start();
    }

    /// <summary>Does something on the thread. Once it began it is not given up, because it reads its caller's bytes; before, it can be cancelled.</summary>
    public async Task<T> DoAsync<T>(Func<T> work, CancellationToken cancel)
    {
        TaskCompletionSource<T> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int begun = 0;
        await _queue.Writer.WriteAsync(
            () =>
            {
                if (Interlocked.Exchange(ref begun, 1) != 0)
                    return;
                try
                {
                    done.SetResult(work());
                }
                catch (Exception failed)
                {
                    done.SetException(failed);
                }
            },
            cancel);
        using CancellationTokenRegistration registration = cancel.Register(() =>
        {
            if (Interlocked.Exchange(ref begun, 1) == 0)
                done.SetCanceled(cancel);
        });
        return await done.Task;
    }

    /// <summary>Ends the thread when all that was asked for is done.</summary>
    public void Dispose()
    {
        _queue.Writer.TryComplete();
        _thread.Join();
    }

    private void Run()
    {
        while (_queue.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            while (_queue.Reader.TryRead(out Action? work))
                work();
        }
    }
}
