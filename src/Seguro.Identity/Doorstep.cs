using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Seguro.Identity;

/// <summary>
/// Connections of which it is not known yet who is at the other end: bounded by address, and in all. Where all places are taken the one that waits longest is closed, so that nobody holds a
/// door shut by standing in it.
/// </summary>
/// <remarks>For any thread.</remarks>
/// <param name="most">How many there may be.</param>
/// <param name="mostByAddress">How many of one address; of IPv6, of one network of 64 bits.</param>
/// <param name="refused">Hears why one was refused, or closed to make room.</param>
public sealed class Doorstep(int most, int mostByAddress, Action<string>? refused = null)
{
    private readonly Lock _lock = new();
    private readonly LinkedList<Visit> _waiting = new();
    private readonly Dictionary<UInt128, int> _byAddress = [];

    /// <summary>How many wait now.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _waiting.Count;
        }
    }

    /// <summary>Takes a place.</summary>
    /// <param name="from">Who came.</param>
    /// <param name="close">Closes the connection, from any thread and without blocking; called at most once, and not after the place was given back.</param>
    /// <returns>The place, to be given back when it is known who it is, and when the connection ends; <see langword="null"/>: too many of this address wait.</returns>
    public Visit? Enter(EndPoint? from, Action close)
    {
        ArgumentNullException.ThrowIfNull(close);
        IPAddress? address = (from as IPEndPoint)?.Address;
        UInt128 key = KeyOf(address);
        Visit visit = new(this, key, close);
        string? why = null;
        bool isTaken = false;
        lock (_lock)
        {
            int count = _byAddress.GetValueOrDefault(key);
            if (count >= mostByAddress)
            {
                why = $"{address}: {count} of its connections wait already without having shown who they are";
            }
            else
            {
                if (_waiting.Count >= most)
                {
                    why = $"{most} connections wait without having shown who they are: the oldest was closed";
                    Visit oldest = _waiting.First!.Value;
                    Remove(oldest);
                    oldest.Close(); // inside the lock: who gave its place back is not closed any more
                }
                _byAddress[key] = _byAddress.GetValueOrDefault(key) + 1;
                visit.Place = _waiting.AddLast(visit);
                isTaken = true;
            }
        }
        if (why is not null)
            refused?.Invoke(why);
        return isTaken ? visit : null;
    }

    private void Leave(Visit visit)
    {
        lock (_lock)
            Remove(visit);
    }

    private void Remove(Visit visit)
    {
        if (visit.Place is not { } place)
            return;
        visit.Place = null;
        _waiting.Remove(place);
        if (--_byAddress[visit.Key] == 0)
            _byAddress.Remove(visit.Key);
    }

    /// <summary>Whom an address counts for: of IPv6, the network of 64 bits.</summary>
    public static UInt128 KeyOf(IPAddress? address)
    {
        if (address is null)
            return default;
        Span<byte> bytes = stackalloc byte[16];
        address.MapToIPv6().TryWriteBytes(bytes, out _);
        if (address.AddressFamily == AddressFamily.InterNetworkV6 && !address.IsIPv4MappedToIPv6)
            bytes[8..].Clear();
        return BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }

    /// <summary>A place on the doorstep.</summary>
    public sealed class Visit : IDisposable
    {
        private readonly Doorstep _doorstep;
        private readonly Action _close;

        internal Visit(Doorstep doorstep, UInt128 key, Action close)
        {
            _doorstep = doorstep;
            Key = key;
            _close = close;
        }

        internal UInt128 Key { get; }

        internal LinkedListNode<Visit>? Place { get; set; }

        /// <summary>Gives the place back: it is known who is there, or the connection ended. Again: nothing.</summary>
        public void Dispose() => _doorstep.Leave(this);

        internal void Close() => _close();
    }
}
