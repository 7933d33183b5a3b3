using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Seguro.Core;

namespace Seguro.Balancer;

/// <summary>
/// A bound UDP socket of Linux that hands many datagrams to one call of the kernel (<c>recvmmsg</c>, <c>sendmmsg</c>) and reports errors as numbers, not as exceptions:
/// a peer with an address that can't be answered must not cost an allocation.
/// </summary>
internal sealed unsafe partial class DatagramSocket : IDisposable
{
    public const ushort FamilyInet = 2;
    public const ushort FamilyInet6 = 10;

    /// <summary>Room for an address of either family: <c>sizeof(sockaddr_in6)</c>.</summary>
    public const int AddressRoom = 28;

    /// <summary><c>MSG_TRUNC</c>: the datagram was larger than the room for it.</summary>
    public const int Truncated = 0x20;

    // errno, from <asm-generic/errno.h>.
    public const int CallInterrupted = 4;
    public const int BadDescriptor = 9;
    public const int NothingThere = 11;
    public const int BadAddress = 14;
    public const int BadArgument = 22;
    public const int NoSocket = 88;

    // From <bits/socket.h>, <asm-generic/socket.h> and <linux/sock_diag.h>; x86-64 and arm64 agree.
    private const int WaitForOne = 0x10000;
    private const int DoNotWait = 0x40;
    private const int NoSignal = 0x4000;
    private const int LevelSocket = 1;
    private const int SocketMemory = 55;
    private const int MemoryDrops = 8;

    private readonly Socket _socket;
    private volatile bool _isInterrupted;

    private DatagramSocket(Socket socket, IPEndPoint address)
    {
        _socket = socket;
        Address = address;
    }

    /// <summary>Where it is bound.</summary>
    public IPEndPoint Address { get; }

    /// <summary>Its family; one of IPv6 also carries IPv4, mapped.</summary>
    public AddressFamily Family => _socket.AddressFamily;

    /// <summary><see cref="Interrupt"/> was called.</summary>
    public bool IsInterrupted => _isInterrupted;

    /// <summary>Bytes of the kernel's buffer for what comes in, as the kernel granted and counts it (with its own overhead).</summary>
    public int ReceiveBuffer => _socket.ReceiveBufferSize;

    /// <summary>Bytes of the kernel's buffer for what goes out.</summary>
    public int SendBuffer => _socket.SendBufferSize;

    /// <summary>How many datagrams the kernel dropped because its buffer was full.</summary>
    public long Drops
    {
        get
        {
            Span<byte> memory = stackalloc byte[36];
            try
            {
                int size = _socket.GetRawSocketOption(LevelSocket, SocketMemory, memory);
                return size >= (MemoryDrops + 1) * 4 ? BitConverter.ToUInt32(memory[(MemoryDrops * 4)..]) : 0;
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException)
            {
                return 0; // A kernel that does not tell, or the end.
            }
        }
    }

    /// <summary>Binds.</summary>
    /// <param name="address">Port 0 asks for a free one.</param>
    /// <param name="bufferBytes">What to ask the kernel for, in each direction; it grants at most net.core.rmem_max and wmem_max.</param>
    /// <exception cref="SeguroException">
    /// <see cref="ErrorCode.BadValue"/>: the address is in use, or not of this machine; <see cref="ErrorCode.ProcessFailed"/>: the process may have no more open files.
    /// </exception>
    public static DatagramSocket Bind(IPEndPoint address, int bufferBytes)
    {
        Socket socket = Open(address);
        try
        {
            if (address.AddressFamily == AddressFamily.InterNetworkV6)
                socket.DualMode = true;
            socket.ReceiveBufferSize = bufferBytes;
            socket.SendBufferSize = bufferBytes;
            socket.Bind(address);
            return new DatagramSocket(socket, (IPEndPoint)socket.LocalEndPoint!);
        }
        catch (SocketException error)
        {
            socket.Dispose();
            throw new SeguroException(ErrorCode.BadValue, $"can't listen on {address}: {error.Message}", "Choose an address of this machine and a port that nobody uses.", error);
        }
    }

    private static Socket Open(IPEndPoint address)
    {
        try
        {
            return new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        }
        catch (SocketException error)
        {
            throw new SeguroException(
                ErrorCode.ProcessFailed, $"there is no socket for {address}: {error.Message}", "Let the process have more open files (`ulimit -n`, or LimitNOFILE= of its unit): each ship takes two, and some hundred are for the rest; or name fewer ships.", error);
        }
    }

    /// <summary>The descriptor, for who waits for several; whoever holds it keeps this object, too.</summary>
    public SafeSocketHandle Handle => _socket.SafeHandle;

    /// <summary>A <see cref="SocketPoller"/> waits for it, so that <see cref="Receive"/> does not. Before the first of both.</summary>
    public bool IsPolled { get; set; }

    /// <summary>Takes the datagrams that are there; it waits for the first where the socket is not polled.</summary>
    /// <returns>How many; or the negative number of the system's error. After <see cref="Interrupt"/> it does not wait any more.</returns>
    public int Receive(Message* messages, int count)
    {
        int got = recvmmsg(_socket.SafeHandle, messages, (uint)count, IsPolled ? DoNotWait : WaitForOne, null);
        return got >= 0 ? got : -Marshal.GetLastPInvokeError();
    }

    /// <summary>Sends in order without waiting, up to the first that can't be sent.</summary>
    /// <returns>How many were sent, at least one; or the negative number of the system's error about the first.</returns>
    public int Send(Message* messages, int count)
    {
        int sent = sendmmsg(_socket.SafeHandle, messages, (uint)count, DoNotWait | NoSignal);
        return sent >= 0 ? sent : -Marshal.GetLastPInvokeError();
    }

    /// <summary>Wakes the thread that waits for what comes in, for good.</summary>
    public void Interrupt()
    {
        _isInterrupted = true;
        try
        {
            _socket.Shutdown(SocketShutdown.Receive);
        }
        catch (SocketException)
        {
            // ENOTCONN, always: but Linux has woken the waiting thread by then.
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    [LibraryImport("libc", SetLastError = true)]
    private static partial int recvmmsg(SafeSocketHandle socket, Message* messages, uint count, int flags, void* timeout);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int sendmmsg(SafeSocketHandle socket, Message* messages, uint count, int flags);

    /// <summary><c>struct iovec</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Segment
    {
        public byte* Start;
        public nuint Size;
    }

    /// <summary><c>struct mmsghdr</c> of a 64-bit Linux: 64 bytes.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Message
    {
        public byte* Address;
        public uint AddressSize;
        public Segment* Segments;
        public nuint SegmentCount;
        public void* Control;
        public nuint ControlSize;
        public int Flags;
        private readonly int _gap;
        public uint Size;
        private readonly int _end;
    }
}
