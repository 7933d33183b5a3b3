using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Seguro.Stores.Dqlite;

/// <summary>The few calls of Linux that the class library does not offer. Constants are those of x86-64 and arm64.</summary>
static unsafe partial class Posix
{
    private const int FamilyUnix = 1;
    private const int FamilyInet = 2;
    private const int FamilyInet6 = 10;
    private const int SocketStream = 1;
    private const int SocketCloseOnExec = 0x80000;
    private const int LevelSocket = 1;
    private const int LevelTcp = 6;
    private const int SendTimeout = 21;
    private const int NoDelay = 1;
    private const int UserTimeout = 18;

    /// <summary>A pair of connected Unix sockets: one for dqlite (a bare descriptor), one for C#. Both block.</summary>
    public static (int Theirs, Socket Ours) SocketPair()
    {
        int* pair = stackalloc int[2];
        if (socketpair(FamilyUnix, SocketStream | SocketCloseOnExec, 0, pair) != 0)
            throw new SocketException(Marshal.GetLastPInvokeError());
        return (pair[0], new Socket(new SafeSocketHandle(pair[1], ownsHandle: true)));
    }

    /// <summary>
    /// A connected TCP socket that blocks, with TCP_NODELAY. It is made by hand because a socket of the class library that ever
    /// did anything asynchronous does not block any more, and a bounded connect is asynchronous there.
    /// </summary>
    /// <returns>The descriptor, which the caller owns.</returns>
    /// <exception cref="SocketException">Nobody answered within <paramref name="patience"/>.</exception>
    public static int Connect(IPEndPoint address, TimeSpan patience)
    {
        int family = address.AddressFamily == AddressFamily.InterNetworkV6 ? FamilyInet6 : FamilyInet;
        int descriptor = socket(family, SocketStream | SocketCloseOnExec, 0);
        if (descriptor < 0)
            throw new SocketException(Marshal.GetLastPInvokeError());
        // connect(2) keeps to SO_SNDTIMEO.
        SetTimeout(descriptor, patience);
        SocketAddress native = address.Serialize();
        int result;
        fixed (byte* bytes = native.Buffer.Span)
            result = connect(descriptor, bytes, (uint)native.Size);
        if (result != 0)
        {
            int error = Marshal.GetLastPInvokeError();
            _ = close(descriptor);
            throw new SocketException((int)SocketError.SocketError, Marshal.GetPInvokeErrorMessage(error));
        }
        SetTimeout(descriptor, TimeSpan.Zero);
        SetOption(descriptor, LevelTcp, NoDelay, 1);
        return descriptor;
    }

    /// <summary>Gives up on a peer that does not acknowledge for this long, instead of the kernel's quarter of an hour.</summary>
    public static void SetUserTimeout(int descriptor, TimeSpan patience) =>
        SetOption(descriptor, LevelTcp, UserTimeout, (int)patience.TotalMilliseconds);

    /// <summary>
    /// Sets TCP_NODELAY on this process's socket that is bound to an address, before it listens: Linux hands the option on to what is accepted from it.
    /// For listeners of native code that doesn't do so itself.
    /// </summary>
    /// <returns>How many sockets there were.</returns>
    public static int SetNoDelayOnBound(IPEndPoint address)
    {
        ReadOnlySpan<byte> wanted = address.Serialize().Buffer.Span[..8];
        byte* name = stackalloc byte[128];
        int found = 0;
        foreach (string path in Directory.EnumerateFileSystemEntries("/proc/self/fd"))
        {
            if (!int.TryParse(Path.GetFileName(path), out int descriptor))
                continue;
            uint length = 128;
            // Family, port and IPv4 address are the first eight bytes of a sockaddr_in.
            if (getsockname(descriptor, name, &length) != 0 || length < 8 || !new ReadOnlySpan<byte>(name, 8).SequenceEqual(wanted))
                continue;
            SetOption(descriptor, LevelTcp, NoDelay, 1);
            found++;
        }
        return found;
    }

    /// <summary>Sets a variable where native code sees it; the class library's own setter does not reach it.</summary>
    public static void SetVariable(string name, string value) => _ = setenv(name, value, 0);

    /// <summary>Ends the process now, without running anything.</summary>
    public static void EndProcess(int exitCode) => _exit(exitCode);

    private static void SetTimeout(int descriptor, TimeSpan patience)
    {
        long* value = stackalloc long[2];
        value[0] = (long)patience.TotalSeconds;
        value[1] = patience.Milliseconds * 1000L;
        _ = setsockopt(descriptor, LevelSocket, SendTimeout, value, 2 * sizeof(long));
    }

    private static void SetOption(int descriptor, int level, int option, int value) =>
        _ = setsockopt(descriptor, level, option, &value, sizeof(int));

    [LibraryImport("libc")]
    private static partial int close(int descriptor);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socket(int family, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int connect(int descriptor, byte* address, uint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socketpair(int family, int type, int protocol, int* pair);

    [LibraryImport("libc")]
    private static partial int setsockopt(int descriptor, int level, int option, void* value, uint length);

    [LibraryImport("libc")]
    private static partial int getsockname(int descriptor, byte* address, uint* length);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int setenv(string name, string value, int overwrite);

    [LibraryImport("libc")]
    private static partial void _exit(int code);
}
