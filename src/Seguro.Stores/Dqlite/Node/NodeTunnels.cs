using System.Net.Security;
using System.Net.Sockets;
using Seguro.Identity;

namespace Seguro.Stores.Dqlite;

/// <summary>The encrypted connections of one direction, with a limit on their number.</summary>
/// <param name="limit">The most.</param>
/// <param name="refuse">Says why somebody may not be spoken with; <see langword="null"/>: may.</param>
sealed class NodeTunnels(int limit, Func<ClusterIdentity, string?> refuse)
{
    // Connections to a peer that vanished would else hang for a quarter of an hour, and the node with them.
    private static readonly TimeSpan PeerSilence = TimeSpan.FromSeconds(5);

    private readonly HashSet<TlsTunnel> _tunnels = [];
    private int _count;
    private bool _closed;

    /// <summary>Takes a place; <see langword="false"/> where all are taken.</summary>
    public bool TryTake()
    {
        if (Interlocked.Increment(ref _count) <= limit)
            return true;
        Interlocked.Decrement(ref _count);
        return false;
    }

    /// <summary>Gives a place back that was taken for a connection that did not come to be.</summary>
    public void GiveBack() => Interlocked.Decrement(ref _count);

    /// <summary>Starts a tunnel in a place taken before; it gives the place back when it ends.</summary>
    public void Start(Socket network, SslStream tls, Socket local, string name)
    {
        TlsTunnel tunnel = new(network, tls, local, Ended);
        lock (_tunnels)
            _tunnels.Add(tunnel);
        tunnel.Start(name);
        // Whoever was taken off the list since the handshake is not missed: the list changes first, the tunnels that are known then are looked at next.
        if (Volatile.Read(ref _closed) || refuse(tunnel.Peer) is not null)
            tunnel.Break();
    }

    /// <summary>Breaks those off whose other side is not let in any more; says whose.</summary>
    public IReadOnlyList<ClusterIdentity> BreakRefused()
    {
        TlsTunnel[] tunnels;
        lock (_tunnels)
            tunnels = [.. _tunnels.Where(tunnel => refuse(tunnel.Peer) is not null)];
        foreach (TlsTunnel tunnel in tunnels)
            tunnel.Break();
        return [.. tunnels.Select(static tunnel => tunnel.Peer).Distinct()];
    }

    /// <summary>Breaks all of them off; those that come later break at once.</summary>
    public void Close()
    {
        Volatile.Write(ref _closed, true);
        TlsTunnel[] tunnels;
        lock (_tunnels)
            tunnels = [.. _tunnels];
        foreach (TlsTunnel tunnel in tunnels)
            tunnel.Break();
    }

    /// <summary>Makes small frames leave at once, and silence end a connection.</summary>
    public static void Tune(Socket network)
    {
        network.NoDelay = true;
        network.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        network.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 3);
        network.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 1);
        Posix.SetUserTimeout((int)network.SafeHandle.DangerousGetHandle(), PeerSilence);
    }

    private void Ended(TlsTunnel tunnel)
    {
        lock (_tunnels)
            _tunnels.Remove(tunnel);
        GiveBack();
    }
}
