using System.Runtime.InteropServices;
using Seguro.Sdk;

namespace Seguro.Native;

internal static unsafe partial class Exports
{
    [UnmanagedCallersOnly(EntryPoint = "seguro_read")]
    public static int Read(nint log, ulong from, ulong to, nint* cursor, NativeError* error) =>
        Open(log, cursor, error, (open, end) => open.Log.StreamAsync(from, to, end));

    [UnmanagedCallersOnly(EntryPoint = "seguro_tail")]
    public static int Tail(nint log, ulong from, nint* cursor, NativeError* error) =>
        Open(log, cursor, error, (open, end) => open.Log.StreamTailAsync(from, end));

    [UnmanagedCallersOnly(EntryPoint = "seguro_next")]
    public static int Next(nint cursor, long timeout, byte* buffer, nuint capacity, NativeEvent* told, NativeError* error)
    {
        if (told is null || (buffer is null && capacity > 0))
            return Text.Invalid("buffer and event are not to be NULL", error);
        if (Handles.IsForked)
            return Status.Forked;
        if (!Handles.TryGet(cursor, out OpenCursor? open))
            return Text.Invalid("the cursor is none, or was ended", error);
        if (!open.Owner.TryEnter())
            return Text.Fail(new OperationCanceledException(), error);
        try
        {
            return open.Next(timeout, new Span<byte>(buffer, (int)Math.Min(capacity, int.MaxValue)), told);
        }
        catch (Exception exception)
        {
            return Text.Fail(exception, error);
        }
        finally
        {
            open.Owner.Leave();
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "seguro_end")]
    public static int End(nint cursor)
    {
        if (Handles.IsForked)
            return Status.Forked;
        if (!Handles.TryTake(cursor, out OpenCursor? open))
            return Status.Invalid;
        try
        {
            open.Owner.Forget(cursor);
            open.DisposeAsync().AsTask().GetAwaiter().GetResult();
            return Status.Ok;
        }
        catch (Exception exception)
        {
            return Text.Fail(exception, null);
        }
    }

    private static int Open(nint log, nint* cursor, NativeError* error, Func<OpenLog, CancellationToken, IAsyncEnumerable<LogPiece>> read)
    {
        if (cursor is null)
            return Text.Invalid("cursor is not to be NULL", error);
        int status = Enter(log, error, out OpenLog? open);
        if (open is null)
            return status;
        try
        {
            *cursor = open.Add(new OpenCursor(open, end => read(open, end)));
            return Status.Ok;
        }
        catch (Exception exception)
        {
            return Text.Fail(exception, error);
        }
        finally
        {
            open.Leave();
        }
    }
}
