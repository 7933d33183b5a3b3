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
        return On<OpenCursor>(cursor, "the cursor is none, or was ended", error, static open => open.Owner, open =>
            open.Next(timeout, new Span<byte>(buffer, (int)Math.Min(capacity, int.MaxValue)), told));
    }

    [UnmanagedCallersOnly(EntryPoint = "seguro_end")]
    public static int End(nint cursor) => Finish<OpenCursor>(cursor, open => open.Owner.Forget(cursor));

    private static int Open(nint log, nint* cursor, NativeError* error, Func<OpenLog, CancellationToken, IAsyncEnumerable<LogPiece>> read)
    {
        if (cursor is null)
            return Text.Invalid("cursor is not to be NULL", error);
        return OnLog(log, error, open =>
        {
            *cursor = open.Add(new OpenCursor(open, end => read(open, end)));
            return Status.Ok;
        });
    }
}
