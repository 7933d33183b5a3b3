using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace Seguro.Native;

/// <summary>What C programs hold: numbers that are given once, so that one that is no longer valid is told from all others instead of being followed.</summary>
internal static partial class Handles
{
    private const int Step = 16; // not to be taken for small numbers, nor for addresses

    private static readonly ConcurrentDictionary<nint, object> Objects = new();
    private static long s_last;
    private static int s_process;

    /// <summary>Whether this process was forked from one that had used the library: its threads are not here, so nothing of it works.</summary>
    public static bool IsForked
    {
        get
        {
            int process = GetProcessId();
            return Interlocked.CompareExchange(ref s_process, process, 0) is var first && first != 0 && first != process;
        }
    }

    /// <summary>A handle for an object.</summary>
    public static nint Add(object one)
    {
        nint handle = (nint)(Interlocked.Increment(ref s_last) * Step);
        Objects[handle] = one;
        return handle;
    }

    /// <summary>The object of a handle.</summary>
    public static bool TryGet<T>(nint handle, [NotNullWhen(true)] out T? one)
        where T : class
    {
        one = Objects.TryGetValue(handle, out object? any) ? any as T : null;
        return one is not null;
    }

    /// <summary>Takes a handle back: of several threads that do, one gets the object.</summary>
    public static bool TryTake<T>(nint handle, [NotNullWhen(true)] out T? one)
        where T : class
    {
        one = null;
        return TryGet(handle, out T? found) && Objects.TryRemove(new KeyValuePair<nint, object>(handle, found)) && (one = found) is not null;
    }

    [LibraryImport("libc", EntryPoint = "getpid")]
    [SuppressGCTransition]
    private static partial int GetProcessId();
}
