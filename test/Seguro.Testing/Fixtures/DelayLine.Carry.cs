using System.Buffers.Binary;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Seguro.Testing;

// The one thread that carries the packets.
public sealed partial class DelayLine
{
    private const int HeaderLength = 20;
    private const int TargetOffset = 16; // of the destination in an IPv4 header (RFC 791)
    private const int Burst = 64;
    private const short Readable = 1; // POLLIN
    private static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(50);

    private readonly Thread _thread;
    private long _oneWay;
    private long _carried;
    private long _lost;
    private int _onTheWay;
    private volatile bool _isStopped;

    /// <summary>How long a packet takes from any place to any other. May be changed; packets never overtake each other.</summary>
    public TimeSpan OneWay
    {
        get => Stopwatch.GetElapsedTime(0, Interlocked.Read(ref _oneWay));
        set => Interlocked.Exchange(ref _oneWay, (long)Math.Ceiling(value.TotalSeconds * Stopwatch.Frequency));
    }

    /// <summary>How many packets arrived.</summary>
    public long Carried => Interlocked.Read(ref _carried);

    /// <summary>How many were lost because too many were on their way.</summary>
    public long Lost => Interlocked.Read(ref _lost);

    /// <summary>How many are on their way.</summary>
    public int OnTheWay => Volatile.Read(ref _onTheWay);

    private void Carry()
    {
        PacketQueue queue = new(Capacity, LargestPacket);
        byte[] lost = new byte[LargestPacket];
        PollDescriptor[] waits = [.. _cards.Select(static card => new PollDescriptor { Descriptor = (int)card.Handle.DangerousGetHandle(), Events = Readable })];
        while (!_isStopped)
        {
            long now = Stopwatch.GetTimestamp();
            while (queue.PeekDue(now, out int to) is { IsEmpty: false } packet)
            {
                if (_cards[to].Write(packet))
                    Interlocked.Increment(ref _carried);
                queue.Remove();
            }
            Volatile.Write(ref _onTheWay, queue.Count);
            TimeSpan wait = queue.Wait(Stopwatch.GetTimestamp(), LongestWait);
            TimeSpec time = new() { Nanoseconds = wait.Ticks * TimeSpan.NanosecondsPerTick };
            if (ppoll(waits, (nuint)waits.Length, in time, 0) <= 0)
                continue;
            for (int from = 0; from < waits.Length; from++)
            {
                if (waits[from].Returned != 0)
                    Take(queue, _cards[from], lost);
            }
            Volatile.Write(ref _onTheWay, queue.Count);
        }
    }

    private void Take(PacketQueue queue, TunDevice card, byte[] lost)
    {
        for (int i = 0; i < Burst; i++)
        {
            Span<byte> packet = queue.IsFull ? lost : queue.Free;
            int length = card.Read(packet);
            if (length == 0)
                return;
            int to = TargetOf(packet[..length]);
            if (to < 0)
                continue; // the kernel's own: IPv6 neighbours, multicast
            if (queue.IsFull)
            {
                Volatile.Write(ref _onTheWay, queue.Count); // before the loss can be seen
                Interlocked.Increment(ref _lost);
            }
            else
                queue.Add(length, to, Stopwatch.GetTimestamp() + Interlocked.Read(ref _oneWay));
        }
    }

    private int TargetOf(ReadOnlySpan<byte> packet)
    {
        if (packet.Length < HeaderLength || packet[0] >> 4 != 4)
            return -1;
        uint place = BinaryPrimitives.ReadUInt32BigEndian(packet[TargetOffset..]) - _block - 1;
        return place < _places.Count ? (int)place : -1;
    }

    [LibraryImport("libc")]
    private static partial int ppoll(Span<PollDescriptor> descriptors, nuint count, in TimeSpec wait, nint signals);

    private struct PollDescriptor
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }

    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
