using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Seguro.Balancer;

/// <summary>Datagrams to send with one call of the kernel; the bytes stay where they are until <see cref="Flush"/>. Bounded by its slots. For one thread.</summary>
internal sealed unsafe class SendQueue : IDisposable
{
    private readonly int _slots;
    private readonly AddressFamily _family;
    private DatagramSocket.Message* _messages;
    private DatagramSocket.Segment* _segments;
    private byte* _addresses;
    private byte* _ends;
    private int _count;

    /// <summary>Takes the memory.</summary>
    /// <param name="slots">The most datagrams between two flushes.</param>
    /// <param name="family">The family of the socket.</param>
    public SendQueue(int slots, AddressFamily family)
    {
        _slots = slots;
        _family = family;
        _messages = (DatagramSocket.Message*)NativeMemory.AllocZeroed((nuint)slots, (nuint)sizeof(DatagramSocket.Message));
        _segments = (DatagramSocket.Segment*)NativeMemory.AllocZeroed(2 * (nuint)slots, (nuint)sizeof(DatagramSocket.Segment));
        _ends = (byte*)NativeMemory.AllocZeroed((nuint)slots, FrameSeal.Size);
        _addresses = (byte*)NativeMemory.AllocZeroed((nuint)slots, DatagramSocket.AddressRoom);
        for (int slot = 0; slot < slots; slot++)
        {
            _messages[slot].Segments = _segments + (2 * slot);
            _messages[slot].Address = _addresses + (slot * DatagramSocket.AddressRoom);
        }
    }

    /// <summary>Adds a datagram; false where a socket of this family can't reach the peer.</summary>
    /// <param name="start">Its first byte; must stay until the flush.</param>
    /// <param name="size">Its size.</param>
    /// <param name="peer">Where it goes.</param>
    public bool Add(byte* start, int size, PeerAddress peer) => Add(start, size, peer, default);

    /// <summary>The same, with an end of its own, which is copied.</summary>
    /// <param name="start">Its first byte; must stay until the flush.</param>
    /// <param name="size">Its size without the end.</param>
    /// <param name="peer">Where it goes.</param>
    /// <param name="end">Nothing, or <see cref="FrameSeal.Size"/> bytes.</param>
    public bool Add(byte* start, int size, PeerAddress peer, ReadOnlySpan<byte> end)
    {
        if (_count == _slots)
            throw new InvalidOperationException("more datagrams than slots");
        int addressSize = peer.WriteSocketAddress(new Span<byte>(_messages[_count].Address, DatagramSocket.AddressRoom), _family);
        if (addressSize == 0)
            return false;
        _messages[_count].AddressSize = (uint)addressSize;
        DatagramSocket.Segment* segments = _segments + (2 * _count);
        byte* own = _ends + (FrameSeal.Size * _count);
        segments[0] = new DatagramSocket.Segment { Start = start, Size = (nuint)size };
        segments[1] = new DatagramSocket.Segment { Start = own, Size = (nuint)end.Length };
        end.CopyTo(new Span<byte>(own, FrameSeal.Size));
        _messages[_count].SegmentCount = end.IsEmpty ? 1u : 2u;
        _count++;
        return true;
    }

    /// <summary>Sends all; what the kernel does not take (no route, a full buffer, a peer's port of 0) is left out.</summary>
    /// <returns>How many were sent, and how many not.</returns>
    public (int Sent, int Refused) Flush(DatagramSocket socket)
    {
        int sent = 0;
        int refused = 0;
        while (sent + refused < _count)
        {
            int done = socket.Send(_messages + sent + refused, _count - sent - refused);
            if (done > 0)
                sent += done;
            else if (done != -DatagramSocket.CallInterrupted)
                refused++;
        }
        _count = 0;
        return (sent, refused);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.Free(_messages);
        NativeMemory.Free(_segments);
        NativeMemory.Free(_addresses);
        NativeMemory.Free(_ends);
        _messages = null;
        _segments = null;
        _addresses = null;
        _ends = null;
    }
}
