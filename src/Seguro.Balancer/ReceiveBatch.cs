using System.Runtime.InteropServices;
using Seguro.Core;

namespace Seguro.Balancer;

/// <summary>Room outside of the managed heap for the datagrams that one call of the kernel hands out, each with free room before and behind it. For one thread.</summary>
internal sealed unsafe class ReceiveBatch : IDisposable
{
    private readonly int _before;
    private readonly int _room;
    private readonly int _stride;
    private long _errors;
    private byte* _bytes;
    private byte* _addresses;
    private DatagramSocket.Message* _messages;
    private DatagramSocket.Segment* _segments;

    /// <summary>Takes the memory.</summary>
    /// <param name="slots">The most datagrams at once.</param>
    /// <param name="before">Bytes left free before each.</param>
    /// <param name="room">The largest datagram.</param>
    /// <param name="behind">Bytes left free behind the largest.</param>
    public ReceiveBatch(int slots, int before, int room, int behind)
    {
        Slots = slots;
        _before = before;
        _room = room;
        _stride = (before + room + behind + 63) & ~63;
        _bytes = (byte*)NativeMemory.AllocZeroed((nuint)slots, (nuint)_stride);
        _addresses = (byte*)NativeMemory.AllocZeroed((nuint)slots, DatagramSocket.AddressRoom);
        _messages = (DatagramSocket.Message*)NativeMemory.AllocZeroed((nuint)slots, (nuint)sizeof(DatagramSocket.Message));
        _segments = (DatagramSocket.Segment*)NativeMemory.AllocZeroed((nuint)slots, (nuint)sizeof(DatagramSocket.Segment));
        for (int slot = 0; slot < slots; slot++)
        {
            _segments[slot] = new DatagramSocket.Segment { Start = Start(slot) + before, Size = (nuint)room };
            _messages[slot].Segments = _segments + slot;
            _messages[slot].SegmentCount = 1;
            _messages[slot].Address = _addresses + (slot * DatagramSocket.AddressRoom);
        }
    }

    /// <summary>The most datagrams at once.</summary>
    public int Slots { get; }

    /// <summary>Errors of the system that passed.</summary>
    public long Errors => Volatile.Read(ref _errors);

    /// <summary>Waits for datagrams: how many there are; 0 where there are none after all, or after the socket was interrupted.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.ProcessFailed"/>: the socket is of no more use.</exception>
    public int Receive(DatagramSocket socket)
    {
        for (int slot = 0; slot < Slots; slot++)
            _messages[slot].AddressSize = DatagramSocket.AddressRoom;
        int got = socket.Receive(_messages, Slots);
        if (socket.IsInterrupted)
            return 0; // What it returned then are no datagrams.
        if (got >= 0)
            return got;
        switch (-got)
        {
            case DatagramSocket.BadDescriptor or DatagramSocket.BadAddress or DatagramSocket.BadArgument or DatagramSocket.NoSocket:
                throw new SeguroException(
                    ErrorCode.ProcessFailed, $"receiving on {socket.Address} failed: {Marshal.GetPInvokeErrorMessage(-got)}", "This is a bug in Seguro; start the balancer again, and report it.");
            case DatagramSocket.CallInterrupted or DatagramSocket.NothingThere:
                return 0;
            default:
                // What a router said about a datagram that was sent earlier (ICMP), or a shortage of memory: it passes, but must not become a busy loop.
                _errors++;
                Thread.Sleep(1);
                return 0;
        }
    }

    /// <summary>The datagram was larger than the room.</summary>
    public bool IsTruncated(int slot) => (_messages[slot].Flags & DatagramSocket.Truncated) != 0;

    /// <summary>Who sent it.</summary>
    public PeerAddress Peer(int slot) => PeerAddress.ReadSocketAddress(new ReadOnlySpan<byte>(_messages[slot].Address, DatagramSocket.AddressRoom));

    /// <summary>Its size in bytes.</summary>
    public int Size(int slot) => (int)Math.Min(_messages[slot].Size, (uint)_room);

    /// <summary>The datagram.</summary>
    public Span<byte> Datagram(int slot) => new(Start(slot) + _before, Size(slot));

    /// <summary>The datagram with all the room around it; it begins at <c>before</c>.</summary>
    public Span<byte> Room(int slot) => new(Start(slot), _stride);

    /// <summary>The first byte of <see cref="Room"/>.</summary>
    public byte* Start(int slot) => _bytes + ((nint)slot * _stride);

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.Free(_bytes);
        NativeMemory.Free(_addresses);
        NativeMemory.Free(_messages);
        NativeMemory.Free(_segments);
        _bytes = null;
        _addresses = null;
        _messages = null;
        _segments = null;
    }
}
