using System.Threading.Channels;
using Seguro.Core;
using Seguro.Sdk;

namespace Seguro.Native;

/// <summary>A writer that a C program has, and its callbacks: one at a time, in the order of the appends.</summary>
internal sealed class OpenWriter : IAsyncDisposable
{
    private const int MostCallbacks = 65_536;

    [ThreadStatic]
    private static bool s_isInCallback;

    private readonly Channel<Awaited> _awaited = Channel.CreateUnbounded<Awaited>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Lock _lock = new();
    private readonly Task _calling;
    private readonly CancellationTokenRegistration _lost;
    private int _outstanding;

    public unsafe OpenWriter(OpenLog owner, SeguroWriter writer, delegate* unmanaged<void*, void> lost, void* context)
    {
        Owner = owner;
        Writer = writer;
        _calling = Task.Run(CallAsync, CancellationToken.None);
        if (lost is not null)
            _lost = writer.Lost.Register(() => Tell(lost, context));
    }

    /// <summary>This thread is inside a callback, from which nothing may be closed: it would wait for itself.</summary>
    public static bool IsInCallback => s_isInCallback;

    public OpenLog Owner { get; }

    public SeguroWriter Writer { get; }

    /// <summary>Begins an append, and calls back when it has ended. What is thrown is before anything was begun.</summary>
    public unsafe void Begin(ulong first, ReadOnlyMemory<byte>[] payloads, delegate* unmanaged<void*, int, ulong, NativeError*, void> appended, void* context)
    {
        lock (_lock)
        {
            if (Volatile.Read(ref _outstanding) >= MostCallbacks)
                throw new SeguroException(ErrorCode.QueueFull, $"{MostCallbacks:N0} callbacks are still to be made", "Nothing was written. Let the callbacks return first.");
            Task<ulong> append = Writer.AppendAtAsync(first, payloads, aside: true);
            if (append.IsFaulted)
                append.GetAwaiter().GetResult();
            Interlocked.Increment(ref _outstanding);
            _awaited.Writer.TryWrite(new Awaited(append, (nint)appended, (nint)context));
        }
    }

    /// <summary>Waits for appends and callbacks, and gives the lease back.</summary>
    public async ValueTask DisposeAsync()
    {
        await Writer.DisposeAsync();
        lock (_lock)
            _awaited.Writer.TryComplete();
        await _calling;
        await _lost.DisposeAsync();
    }

    private static unsafe void Tell(delegate* unmanaged<void*, void> lost, void* context)
    {
        s_isInCallback = true;
        lost(context);
        s_isInCallback = false;
    }

    private static unsafe void Call(Awaited awaited)
    {
        NativeError error = default;
        int status = Status.Ok;
        ulong last = 0;
        try
        {
            last = awaited.Append.GetAwaiter().GetResult();
        }
        catch (Exception exception)
        {
            status = Text.Fail(exception, &error);
        }
        s_isInCallback = true;
        ((delegate* unmanaged<void*, int, ulong, NativeError*, void>)awaited.Callback)((void*)awaited.Context, status, last, status == Status.Ok ? null : &error);
        s_isInCallback = false;
    }

    private async Task CallAsync()
    {
        await foreach (Awaited awaited in _awaited.Reader.ReadAllAsync(CancellationToken.None))
        {
            await ((Task)awaited.Append).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Call(awaited);
            Interlocked.Decrement(ref _outstanding);
        }
    }

    private readonly record struct Awaited(Task<ulong> Append, nint Callback, nint Context);
}
