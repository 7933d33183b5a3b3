using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Seguro.Core;
using Seguro.Identity;

namespace Seguro.Stores.Dqlite;

/// <summary>Takes encrypted connections from nodes and clients that show a certificate of the cluster, and hands their bytes to dqlite.</summary>
sealed class NodeListener : IDisposable
{
    private const int Backlog = 128;

    private readonly Socket[] _sockets;
    private readonly UnixDomainSocketEndPoint _dqlite;
    private readonly ClusterCertificates _certificates;
    private readonly AccessList _access;
    private readonly TimeSpan _patience;
    private readonly Action<string> _warn;
    private readonly NodeTunnels _tunnels;
    private readonly Doorstep _doorstep;
    private readonly Action<string> _refused;
    private volatile bool _closed;

    /// <summary>Binds and listens, but takes nobody before <see cref="Start"/>.</summary>
    /// <param name="options">The node's.</param>
    /// <param name="certificates">The node's; not owned.</param>
    /// <param name="access">Who is let in.</param>
    /// <param name="dqlite">dqlite's abstract Unix socket, as it names it: <c>@NAME</c>.</param>
    /// <param name="warn">Told, in a sentence, of every connection refused.</param>
    /// <param name="refused">Told, in words, of everybody who was not let in.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.ProcessFailed"/>: the address is taken, or not this machine's.</exception>
    public NodeListener(DqliteNodeOptions options, ClusterCertificates certificates, AccessList access, string dqlite, Action<string> warn, Action<string> refused)
    {
        _access = access;
        _refused = refused;
        _doorstep = new Doorstep(options.MaxConnections / 2, Math.Max(4, options.MaxConnections / 4), refused);
        _certificates = certificates;
        _patience = options.ConnectTime;
        _warn = warn;
        _tunnels = new NodeTunnels(options.MaxConnections, access.RefuseConnection);
        _dqlite = new UnixDomainSocketEndPoint('\0' + dqlite[1..]);
        _sockets = Listen(options.Listen ?? options.Address);
    }

    public void Start()
    {
        foreach (Socket socket in _sockets)
            TlsTunnel.StartThread(() => Accept(socket), "dqlite accept");
    }

    /// <summary>Breaks off whoever is not let in any more.</summary>
    public IReadOnlyList<ClusterIdentity> BreakRefused() => _tunnels.BreakRefused();

    public void Dispose()
    {
        _closed = true;
        foreach (Socket socket in _sockets)
            socket.Dispose();
        _tunnels.Close();
    }

    /// <summary>Listens on what the address says and on nothing else: a name's addresses are looked up, as those of the links are.</summary>
    private static Socket[] Listen(HostAddress address)
    {
        List<Socket> sockets = [];
        object at = address;
        try
        {
            foreach (IPEndPoint endpoint in address.Resolve())
            {
                at = endpoint;
                Socket socket = new(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
                sockets.Add(socket);
                if (endpoint.Address.Equals(IPAddress.IPv6Any))
                    socket.DualMode = true;
                socket.Bind(endpoint);
                socket.Listen(Backlog);
            }
            return [.. sockets];
        }
        catch (SocketException error)
        {
            foreach (Socket socket in sockets)
                socket.Dispose();
            throw new SeguroException(ErrorCode.ProcessFailed, $"the node can't listen on {at}: {error.Message}",
                "End the process that uses the port, or give the node an address of this machine.", error);
        }
    }

    private void Accept(Socket socket)
    {
        while (!_closed)
        {
            Socket network;
            try
            {
                network = socket.Accept();
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException)
            {
                if (_closed)
                    return;
                _warn($"a connection could not be taken: {error.Message}");
                Thread.Sleep(100); // Out of descriptors, say: they come back as connections end.
                continue;
            }
            if (_doorstep.Enter(Remote(network), () => TlsTunnel.Shutdown(network, SocketShutdown.Both)) is not { } visit)
            {
                network.Dispose();
                continue;
            }
            TlsTunnel.StartThread(() => Welcome(network, visit), "dqlite handshake");
        }
    }

    private static EndPoint? Remote(Socket network)
    {
        try
        {
            return network.RemoteEndPoint;
        }
        catch (SocketException)
        {
            return null; // it is gone already
        }
    }

    private void Welcome(Socket network, Doorstep.Visit visit)
    {
        Socket? local = null;
        SslStream? tls = null;
        EndPoint? from = null;
        bool isTaken = false;
        try
        {
            from = network.RemoteEndPoint;
            NodeTunnels.Tune(network);
            tls = new SslStream(new NetworkStream(network));
            using (new Timer(static socket => TlsTunnel.Shutdown((Socket)socket!, SocketShutdown.Both), network, _patience, Timeout.InfiniteTimeSpan))
                tls.AuthenticateAsServer(_certificates.ServerOptions(_access.RefuseConnection, why => _refused($"{from}: {why}")));
            visit.Dispose();
            isTaken = _tunnels.TryTake();
            if (!isTaken)
                throw new SocketException((int)SocketError.TooManyOpenSockets);
            local = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            local.Connect(_dqlite);
            _tunnels.Start(network, tls, local, "dqlite server");
        }
        catch (Exception error)
        {
            // Whatever a stranger's bytes brought about must end this connection, not the process.
            if (!_closed)
                _warn($"a connection from {from} was refused: {(error.InnerException ?? error).Message}");
            tls?.Dispose();
            network.Dispose();
            local?.Dispose();
            if (isTaken)
                _tunnels.GiveBack();
        }
        finally
        {
            visit.Dispose();
        }
    }
}
