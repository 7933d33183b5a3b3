using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Seguro.Core;
using Seguro.Identity;

namespace Seguro.Stores.Dqlite;

/// <summary>Makes dqlite's connections to other nodes: it calls back for each, on libuv's pool of threads.</summary>
sealed unsafe class NodeConnector : IDisposable
{
    private readonly ClusterCertificates? _certificates;
    private readonly AccessList? _access;
    private readonly TimeSpan _patience;
    private readonly Action<string> _warn;
    private readonly NodeTunnels _tunnels;
    private GCHandle _self;

    /// <param name="options">The node's.</param>
    /// <param name="certificates">The node's, not owned; <see langword="null"/> for plain connections.</param>
    /// <param name="access">Who may be connected with; <see langword="null"/> for plain connections.</param>
    /// <param name="warn">Told, in a sentence, of every connection that could not be made.</param>
    public NodeConnector(DqliteNodeOptions options, ClusterCertificates? certificates, AccessList? access, Action<string> warn)
    {
        _certificates = certificates;
        _access = access;
        _patience = options.ConnectTime;
        _warn = warn;
        _tunnels = new NodeTunnels(options.MaxConnections, Refuse);
        _self = GCHandle.Alloc(this);
    }

    /// <summary>The callback for <see cref="DqliteLibrary.SetConnect"/>.</summary>
    public static delegate* unmanaged<nint, byte*, int*, int> Callback => &Connect;

    /// <summary>The callback's argument; good until <see cref="Dispose"/>.</summary>
    public nint Argument => GCHandle.ToIntPtr(_self);

    /// <summary>Breaks off what there is. dqlite must have stopped.</summary>
    public void Dispose()
    {
        _tunnels.Close();
        if (_self.IsAllocated)
            _self.Free();
    }

    /// <summary>Breaks off whoever may not be connected with any more.</summary>
    public IReadOnlyList<ClusterIdentity> BreakRefused() => _tunnels.BreakRefused();

    private string? Refuse(ClusterIdentity peer) => _access?.RefuseMember(peer);

    [UnmanagedCallersOnly]
    private static int Connect(nint argument, byte* address, int* descriptor)
    {
        // No exception may leave: the caller is C.
        try
        {
            NodeConnector connector = Unsafe.As<NodeConnector>(GCHandle.FromIntPtr(argument).Target!);
            string text = Marshal.PtrToStringUTF8((nint)address) ?? "";
            try
            {
                *descriptor = connector.Connect(NodeAddress.Parse(text));
                return 0;
            }
            catch (Exception error)
            {
                connector._warn($"node {text} can't be reached: {(error.InnerException ?? error).Message}");
                return 1;
            }
        }
        catch (Exception)
        {
            return 1;
        }
    }

    private int Connect(HostAddress address)
    {
        if (_certificates is null && !address.IsIPv4Loopback())
            throw new SocketException((int)SocketError.AccessDenied, "plain traffic is for loopback only");
        long start = Environment.TickCount64;
        SocketException? failure = null;
        foreach (IPEndPoint endpoint in address.Resolve())
        {
            TimeSpan rest = _patience - TimeSpan.FromMilliseconds(Environment.TickCount64 - start);
            if (rest <= TimeSpan.Zero)
                break;
            try
            {
                int descriptor = Posix.Connect(endpoint, rest);
                return _certificates is null ? descriptor : Encrypt(new Socket(new SafeSocketHandle(descriptor, ownsHandle: true)), address, _certificates, start);
            }
            catch (SocketException error)
            {
                failure = error;
            }
        }
        throw failure ?? new SocketException((int)SocketError.TimedOut);
    }

    private int Encrypt(Socket network, HostAddress address, ClusterCertificates certificates, long start)
    {
        if (!_tunnels.TryTake())
        {
            network.Dispose();
            throw new SocketException((int)SocketError.TooManyOpenSockets);
        }
        SslStream? tls = null;
        try
        {
            NodeTunnels.Tune(network);
            tls = new SslStream(new NetworkStream(network));
            TimeSpan rest = _patience - TimeSpan.FromMilliseconds(Environment.TickCount64 - start);
            using (new Timer(static socket => TlsTunnel.Shutdown((Socket)socket!, SocketShutdown.Both), network, rest > TimeSpan.Zero ? rest : TimeSpan.Zero, Timeout.InfiniteTimeSpan))
                tls.AuthenticateAsClient(certificates.ClientOptions(address.Host, Refuse));
            (int theirs, Socket ours) = Posix.SocketPair();
            _tunnels.Start(network, tls, ours, "dqlite client");
            return theirs;
        }
        catch (Exception error)
        {
            tls?.Dispose();
            network.Dispose();
            _tunnels.GiveBack();
            throw error is SocketException ? error : new SocketException((int)SocketError.ConnectionAborted, (error.InnerException ?? error).Message);
        }
    }
}
