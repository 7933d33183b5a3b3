using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Seguro.Core;

namespace Seguro.Cli.Demo.Probes;

/// <summary>
/// Talks UDP to a ship from outside, and records every answer: numbered datagrams to the small kernel (<c>DemoKernel</c>), which says in its answers which event
/// each became. What it saw is the truth about effects, whatever Seguro says of itself.
/// </summary>
/// <remarks>
/// <para>
/// A datagram is <c>SGPR</c>, the probe's number (8 bytes, little-endian), the datagram's (8), zeros up to the size asked for, and a byte 1. An
/// answer is two counters (8 bytes each), the datagram, and a byte 1.
/// </para>
/// <para>Threading: all members may be called from any thread.</para>
/// </remarks>
public sealed class ShipProbe : IDisposable
{
    /// <summary>The smallest datagram, in bytes.</summary>
    public const int SmallestSize = 4 + 8 + 8 + 1;

    /// <summary>The largest, so that it travels in one frame from the balancer to the members with its answer.</summary>
    public const int LargestSize = 60_000;

    private const int AnswerOverhead = 8 + 8 + 1;
    private static ReadOnlySpan<byte> Magic => "SGPR"u8;

    private readonly Socket _socket;
    private readonly IReadOnlyList<IPEndPoint> _doors;
    private readonly Thread _receiver;
    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly ulong _id;
    private readonly int _size;
    private readonly Action<ProbeAnswer>? _answer;
    private readonly ConcurrentDictionary<long, TimeSpan> _sent = new();
    private readonly ConcurrentDictionary<long, TaskCompletionSource<ProbeAnswer>> _waiting = new();
    private readonly ConcurrentDictionary<long, bool> _answered = new();
    private volatile bool _isDisposed;
    private long _next;

    /// <summary>Opens a socket of its own; nothing is sent yet.</summary>
    /// <param name="ship">The ship's public address.</param>
    /// <param name="size">How many bytes a datagram has.</param>
    /// <param name="time">The clock for latencies.</param>
    /// <param name="answered">Called with each answer, repeats too, on the receiving thread: must be quick.</param>
    public ShipProbe(IPEndPoint ship, int size, TimeProvider time, Action<ProbeAnswer>? answered = null)
        : this([ship], size, time, answered)
    {
    }

    /// <summary>As the other, for a ship that may be at any of several addresses: each datagram goes to all of them.</summary>
    public ShipProbe(IReadOnlyList<IPEndPoint> doors, int size, TimeProvider time, Action<ProbeAnswer>? answered = null)
    {
        ArgumentNullException.ThrowIfNull(doors);
        ArgumentOutOfRangeException.ThrowIfZero(doors.Count);
        ArgumentNullException.ThrowIfNull(time);
        if (size is < SmallestSize or > LargestSize)
            throw new SeguroException(ErrorCode.BadValue, $"a probe's datagram can't have {size} bytes", $"Ask for {SmallestSize} to {LargestSize}.");
        _size = size;
        _time = time;
        _answer = answered;
        _start = time.GetTimestamp();
        _id = BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(8));
        _doors = doors;
        _socket = new Socket(doors[0].AddressFamily, SocketType.Dgram, ProtocolType.Udp) { ReceiveBufferSize = 8 << 20, SendBufferSize = 8 << 20 };
        if (doors.Count == 1)
            _socket.Connect(doors[0]);
        else
            _socket.Bind(new IPEndPoint(doors[0].AddressFamily is AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0));
        _receiver = new Thread(Receive) { IsBackground = true, Name = "probe" };
        _receiver.Start();
    }

    /// <summary>The probe's number: tells its datagrams from other probes' in the log.</summary>
    public ulong Id => _id;

    /// <summary>The time since the probe began.</summary>
    public TimeSpan Now => _time.GetElapsedTime(_start);

    /// <summary>How many different datagrams were sent.</summary>
    public long Sent => Interlocked.Read(ref _next);

    /// <summary>How many of them were answered.</summary>
    public int AnsweredCount => _answered.Count;

    /// <summary>Sends the next datagram, once; returns its number.</summary>
    public long Send()
    {
        long sequence = Interlocked.Increment(ref _next);
        _sent[sequence] = Now;
        Send(sequence);
        return sequence;
    }

    /// <summary>Sends a datagram again, as a peer does that got no answer.</summary>
    public void SendAgain(long sequence) => Send(sequence);

    /// <summary>Sends the next datagram, again after each <paramref name="patience"/>, until it is answered.</summary>
    public async Task<ProbeAnswer> AskAsync(TimeSpan patience, CancellationToken cancel)
    {
        long sequence = Interlocked.Increment(ref _next);
        TaskCompletionSource<ProbeAnswer> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting[sequence] = answer;
        _sent[sequence] = Now;
        try
        {
            while (true)
            {
                Send(sequence);
                using CancellationTokenSource soon = CancellationTokenSource.CreateLinkedTokenSource(cancel);
                Task finished = await Task.WhenAny(answer.Task, Task.Delay(patience, _time, soon.Token));
                await soon.CancelAsync();
                if (finished == answer.Task)
                    return await answer.Task;
                cancel.ThrowIfCancellationRequested();
            }
        }
        finally
        {
            _waiting.TryRemove(sequence, out _);
        }
    }

    /// <summary>Finds a probe's datagram in bytes, such as an event's: its number, where they hold one of this probe's.</summary>
    public bool TryFind(ReadOnlySpan<byte> bytes, out long sequence)
    {
        Span<byte> sign = stackalloc byte[12];
        Magic.CopyTo(sign);
        BinaryPrimitives.WriteUInt64LittleEndian(sign[4..], _id);
        int at = bytes.IndexOf(sign);
        sequence = 0;
        if (at < 0 || bytes.Length < at + 20)
            return false;
        sequence = BinaryPrimitives.ReadInt64LittleEndian(bytes[(at + 12)..]);
        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _isDisposed = true;
        _socket.Dispose();
        _receiver.Join();
    }

    private void Send(long sequence)
    {
        Span<byte> datagram = _size <= 2048 ? stackalloc byte[_size] : new byte[_size];
        datagram.Clear();
        Magic.CopyTo(datagram);
        BinaryPrimitives.WriteUInt64LittleEndian(datagram[4..], _id);
        BinaryPrimitives.WriteInt64LittleEndian(datagram[12..], sequence);
        datagram[^1] = 1;
        foreach (IPEndPoint door in _doors)
        {
            try
            {
                if (_doors.Count == 1)
                    _socket.Send(datagram);
                else
                    _socket.SendTo(datagram, door);
            }
            catch (SocketException)
            {
                // Nobody listens there now: as if it was lost on the way.
            }
        }
    }

    private void Receive()
    {
        byte[] buffer = new byte[ushort.MaxValue];
        while (!_isDisposed)
        {
            int length;
            try
            {
                length = _socket.Receive(buffer);
            }
            catch (SocketException)
            {
                continue; // an ICMP error about something that was sent
            }
            catch (ObjectDisposedException)
            {
                return;
            }
            if (!TryRead(buffer.AsSpan(0, length), out long sequence, out ulong heard, out ulong events) || !_sent.TryGetValue(sequence, out TimeSpan sent))
                continue;
            TimeSpan now = Now;
            ProbeAnswer answer = new(sequence, heard, events, now, now - sent, !_answered.TryAdd(sequence, true));
            if (_waiting.TryGetValue(sequence, out TaskCompletionSource<ProbeAnswer>? waiting))
                waiting.TrySetResult(answer);
            _answer?.Invoke(answer);
        }
    }

    private bool TryRead(ReadOnlySpan<byte> answer, out long sequence, out ulong heard, out ulong events)
    {
        (sequence, heard, events) = (0, 0, 0);
        if (answer.Length != _size + AnswerOverhead || !answer[16..].StartsWith(Magic) || BinaryPrimitives.ReadUInt64LittleEndian(answer[20..]) != _id)
            return false;
        heard = BinaryPrimitives.ReadUInt64LittleEndian(answer);
        events = BinaryPrimitives.ReadUInt64LittleEndian(answer[8..]);
        sequence = BinaryPrimitives.ReadInt64LittleEndian(answer[28..]);
        return true;
    }
}
