using System.Net;

namespace Seguro.Balancer;

/// <summary>Where the ship is now. Safe for any thread.</summary>
public sealed class ShipPlaces
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, (PeerAddress At, ushort UdpPort)> _known = new(StringComparer.Ordinal);
    private ShipPlace? _current;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Where it is; <see langword="null"/> where nobody is known to be master.</summary>
    public ShipPlace? Current => Look().Current;

    /// <summary>Where it is, and what completes when that changes.</summary>
    public (ShipPlace? Current, Task Changed) Look()
    {
        lock (_lock)
            return (_current, _changed.Task);
    }

    /// <summary>Where members are on whose machines the ship can run, master or not, and the UDP port that it has there: each member's last word, for as long as the balancer lives.</summary>
    public IReadOnlyList<(IPAddress Address, int UdpPort)> Known
    {
        get
        {
            lock (_lock)
                return [.. _known.Values.Select(static known => (known.At.ToEndPoint().Address, (int)known.UdpPort))];
        }
    }

    /// <summary>Waits until it is somewhere else than there.</summary>
    public async Task UntilLeftAsync(ShipPlace place, CancellationToken cancel)
    {
        while (true)
        {
            (ShipPlace? current, Task changed) = Look();
            if (current != place)
                return;
            await changed.WaitAsync(cancel);
        }
    }

    /// <summary>It is there from now on; <see langword="null"/>: nowhere that is known.</summary>
    public void Set(ShipPlace? place)
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            if (place == _current)
                return;
            _current = place;
            changed = Change();
        }
        changed.SetResult();
    }

    /// <summary>A member says where the ship has its port there. Allocates only where that is news.</summary>
    internal void Know(string member, PeerAddress at, ushort udpPort)
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            if (_known.TryGetValue(member, out (PeerAddress At, ushort UdpPort) known) && known == (at, udpPort))
                return;
            _known[member] = (at, udpPort);
            changed = Change();
        }
        changed.SetResult();
    }

    private TaskCompletionSource Change()
    {
        TaskCompletionSource changed = _changed;
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return changed;
    }
}
