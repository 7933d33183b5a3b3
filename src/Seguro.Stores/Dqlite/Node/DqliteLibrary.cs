using System.Reflection;
using System.Runtime.InteropServices;
using Seguro.Core;

namespace Seguro.Stores.Dqlite;

/// <summary>The calls of <c>libdqlite.so.0</c> (Debian's <c>libdqlite0</c> 1.11.1; header <c>dqlite.h</c> of <c>libdqlite-dev</c>). All block.</summary>
static unsafe partial class DqliteLibrary
{
    private const string File = "libdqlite.so.0";

    /// <summary>Refuses to go on without the library.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.MissingLibrary"/>.</exception>
    public static void Require()
    {
        if (!NativeLibrary.TryLoad(File, Assembly.GetExecutingAssembly(), DllImportSearchPath.SafeDirectories, out _))
            throw new SeguroException(ErrorCode.MissingLibrary, $"{File}, which holds the dqlite database, is not installed", "Run: apt-get install libdqlite0");
    }

    /// <summary>The version: major × 10000 + minor × 100 + release.</summary>
    [LibraryImport(File, EntryPoint = "dqlite_version_number")]
    public static partial int Version();

    /// <summary>Makes a node; no copy of the texts' memory is kept. On failure the node is still there, for its message.</summary>
    [LibraryImport(File, EntryPoint = "dqlite_node_create", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Create(ulong id, string address, string folder, out nint node);

    /// <summary>Frees a node that does not run.</summary>
    [LibraryImport(File, EntryPoint = "dqlite_node_destroy")]
    public static partial void Destroy(nint node);

    /// <summary>Binds to <c>IPV4:PORT</c>, or to an abstract Unix socket of its own choice (<c>@</c>), at once; listens when started.</summary>
    [LibraryImport(File, EntryPoint = "dqlite_node_set_bind_address", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Bind(nint node, string address);

    /// <summary>The address bound to; UTF-8, the node's own memory.</summary>
    [LibraryImport(File, EntryPoint = "dqlite_node_get_bind_address")]
    public static partial nint BoundAddress(nint node);

    /// <summary>How it reaches other nodes: called on libuv's pool; 0 and a connected blocking descriptor, which becomes dqlite's, or another number.</summary>
    [LibraryImport(File, EntryPoint = "dqlite_node_set_connect_func")]
    public static partial int SetConnect(nint node, delegate* unmanaged<nint, byte*, int*, int> connect, nint argument);

    /// <summary>Election after 15 times this, heartbeat every 1.5 times this.</summary>
    [LibraryImport(File, EntryPoint = "dqlite_node_set_network_latency_ms")]
    public static partial int SetNetworkLatency(nint node, uint milliseconds);

    /// <summary>How many log entries between snapshots, and how many are kept behind one (at least 4 and at least the former).</summary>
    [LibraryImport(File, EntryPoint = "dqlite_node_set_snapshot_params")]
    public static partial int SetSnapshots(nint node, uint threshold, uint trailing);

    /// <summary>Starts its thread, reads the folder, and returns when it runs.</summary>
    [LibraryImport(File, EntryPoint = "dqlite_node_start")]
    public static partial int Start(nint node);

    /// <summary>Ends its thread; may take seconds.</summary>
    [LibraryImport(File, EntryPoint = "dqlite_node_stop")]
    public static partial int Stop(nint node);

    /// <summary>The last error's text; UTF-8, the node's own memory.</summary>
    [LibraryImport(File, EntryPoint = "dqlite_node_errmsg")]
    public static partial nint Message(nint node);

    /// <summary>Reads a text of the library's.</summary>
    public static string Text(nint text) => Marshal.PtrToStringUTF8(text) ?? "";
}
