using System.Buffers.Binary;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Seguro.Core;

namespace Seguro.Balancer;

/// <summary>
/// Waits for whichever of many sockets has something (<c>epoll</c>, level-triggered). The kernel hands them out in turn, so one that always has something holds up no other for longer than a step.
/// For one thread.
/// </summary>
internal sealed unsafe partial class SocketPoller : IDisposable
{
    /// <summary>The most that one <see cref="Wait"/> hands out.</summary>
    public const int Most = 64;

    private const int Add = 1;
    private const uint Readable = 1;
    private const int CloseOnExec = 0x80000;

    // struct epoll_event: 4 bytes of what, 8 of the user's; packed on x86-64 alone.
    private static readonly int DataOffset = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;
    private static readonly int EventSize = DataOffset + 8;

    private readonly SafeFileHandle _epoll;
    private readonly byte[] _events = GC.AllocateUninitializedArray<byte>(Most * EventSize, pinned: true);

    /// <summary>Waits for these, which it does not own; each is told that it is polled.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.ProcessFailed"/>: the system refuses.</exception>
    public SocketPoller(IReadOnlyList<DatagramSocket> sockets)
    {
        _epoll = epoll_create1(CloseOnExec);
        if (_epoll.IsInvalid)
            throw Failed("epoll_create1");
        Span<byte> wanted = stackalloc byte[EventSize];
        for (int index = 0; index < sockets.Count; index++)
        {
            sockets[index].IsPolled = true;
            BinaryPrimitives.WriteUInt32LittleEndian(wanted, Readable);
            BinaryPrimitives.WriteInt64LittleEndian(wanted[DataOffset..], index);
            fixed (byte* start = wanted)
            {
                if (epoll_ctl(_epoll, Add, sockets[index].Handle, start) != 0)
                    throw Failed("epoll_ctl");
            }
        }
    }

    /// <summary>Waits until some have something, or were interrupted.</summary>
    /// <param name="ready">Gets their indexes, <see cref="Most"/> at most.</param>
    /// <returns>How many.</returns>
    /// <exception cref="SeguroException"><see cref="ErrorCode.ProcessFailed"/>: the system refuses.</exception>
    public int Wait(Span<int> ready)
    {
        int got = epoll_wait(_epoll, (byte*)Marshal.UnsafeAddrOfPinnedArrayElement(_events, 0), Math.Min(Most, ready.Length), -1);
        if (got < 0)
            return Marshal.GetLastPInvokeError() == DatagramSocket.CallInterrupted ? 0 : throw Failed("epoll_wait");
        for (int index = 0; index < got; index++)
            ready[index] = (int)BinaryPrimitives.ReadInt64LittleEndian(_events.AsSpan((index * EventSize) + DataOffset));
        return got;
    }

    /// <inheritdoc/>
    public void Dispose() => _epoll.Dispose();

    private static SeguroException Failed(string call) => new(
        ErrorCode.ProcessFailed, $"{call} failed: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}", "See `ulimit -n`: each ship needs two descriptors. Otherwise this is a bug in Seguro; report it.");

    [LibraryImport("libc", SetLastError = true)]
    private static partial SafeFileHandle epoll_create1(int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_ctl(SafeFileHandle epoll, int operation, SafeSocketHandle socket, byte* wanted);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_wait(SafeFileHandle epoll, byte* events, int most, int timeout);
}
