using System.Diagnostics;

namespace Seguro.Testing;

/// <summary>Packets that are on their way, in the order in which they came; so many at the most, in memory that is taken once. For one thread.</summary>
/// <param name="capacity">How many packets.</param>
/// <param name="largest">The largest packet, in bytes.</param>
sealed class PacketQueue(int capacity, int largest)
{
    private readonly byte[] _bytes = GC.AllocateUninitializedArray<byte>(checked(capacity * largest), pinned: true);
    private readonly (long Due, int To, int Length)[] _packets = new (long, int, int)[capacity];
    private int _first;
    private long _lastDue;

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    /// <summary>Whether another fits.</summary>
    public bool IsFull => Count == capacity;

    /// <summary>Where the next packet is to be put before <see cref="Add"/>; not to be asked where it is full.</summary>
    public Span<byte> Free => Slot((_first + Count) % capacity);

    /// <summary>Adds the packet that was put into <see cref="Free"/>. It is never due before those that came before it.</summary>
    public void Add(int length, int to, long due)
    {
        _lastDue = Math.Max(_lastDue, due);
        _packets[(_first + Count) % capacity] = (_lastDue, to, length);
        Count++;
    }

    /// <summary>The first packet, if it is due at that time.</summary>
    public ReadOnlySpan<byte> PeekDue(long now, out int to)
    {
        if (Count == 0 || _packets[_first].Due > now)
        {
            to = -1;
            return default;
        }
        to = _packets[_first].To;
        return Slot(_first)[.._packets[_first].Length];
    }

    /// <summary>Takes the first packet off.</summary>
    public void Remove()
    {
        _first = (_first + 1) % capacity;
        Count--;
    }

    /// <summary>How long it is until the first packet is due; no longer than <paramref name="longest"/>.</summary>
    public TimeSpan Wait(long now, TimeSpan longest)
    {
        if (Count == 0)
            return longest;
        TimeSpan rest = Stopwatch.GetElapsedTime(now, Math.Max(now, _packets[_first].Due));
        return rest < longest ? rest : longest;
    }

    private Span<byte> Slot(int index) => _bytes.AsSpan(index * largest, largest);
}
