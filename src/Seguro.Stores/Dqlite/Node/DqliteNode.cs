using System.Net;
using System.Net.Sockets;
using Seguro.Core;
using Seguro.Identity;

namespace Seguro.Stores.Dqlite;

/// <summary>
/// A dqlite node in this process. A fault in the C library ends the process, so give it one of its own: <see cref="DqliteNodeProcess"/>.
/// </summary>
/// <remarks>
/// Durability: what the cluster acknowledged is fsync'd on a majority of its nodes. Traffic is mutual TLS 1.3 through this process, or plain
/// on loopback, straight to dqlite. All members block; the node itself runs on threads of its own.
/// </remarks>
public sealed class DqliteNode : IDisposable
{
    private static readonly string[] Refusals = ["permission", "too many open files", "cannot allocate", "read-only", "input/output error"];
    private static readonly TimeSpan MarkPause = TimeSpan.FromMilliseconds(200);

    private readonly Lock _markLock = new();
    private readonly Action<string> _warn;
    private readonly Lock _refusedLock = new();
    private long _refused;
    private string _lastRefused = "";
    private readonly NodeFolder _folder;
    private readonly ClusterCertificates? _certificates;
    private readonly AccessList? _access;
    private readonly NodeConnector _connector;
    private NodeListener? _listener;
    private nint _node;
    private bool _runs;
    private Timer? _mark;
    private NodeRecorder? _recorder;

    private DqliteNode(DqliteNodeOptions options, NodeFolder folder, ClusterCertificates? certificates, AccessList? access, Action<string> warn)
    {
        _folder = folder;
        _certificates = certificates;
        _access = access;
        _connector = new NodeConnector(options, certificates, access, warn);
        _warn = warn;
        Options = options;
    }

    /// <summary>What the node is.</summary>
    public DqliteNodeOptions Options { get; }

    /// <summary>Where dqlite itself listens, in this process.</summary>
    internal EndPoint Local { get; private set; } = new IPEndPoint(IPAddress.None, 0);

    /// <summary>Starts a node. It reads its whole database: about 9 s a GiB.</summary>
    /// <param name="options">What the node is; checked.</param>
    /// <param name="warn">Told, in a sentence, of connections refused and not made. From any thread.</param>
    /// <exception cref="SeguroException">
    /// <see cref="ErrorCode.MissingLibrary"/>, <see cref="ErrorCode.InsecureTransport"/>, <see cref="ErrorCode.LostDisk"/>,
    /// <see cref="ErrorCode.ForeignDatabase"/>, <see cref="ErrorCode.BadValue"/>,
    /// those of <see cref="ClusterCertificates.Load"/>, or <see cref="ErrorCode.ProcessFailed"/>: folder or port in use, or what dqlite says.
    /// </exception>
    public static DqliteNode Start(DqliteNodeOptions options, Action<string> warn)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(warn);
        options.Check();
        DqliteLibrary.Require();
        ClusterCertificates? certificates = options.Certificates is { } path ? ClusterCertificates.Load(path) : null;
        NodeFolder folder;
        AccessList? list;
        try
        {
            list = certificates is null ? null : new AccessList(certificates.Identity.Cluster, options.Access ?? new AccessRecord());
            certificates?.RequireHost(options.Address.Host);
            folder = NodeFolder.Open(options);
        }
        catch
        {
            certificates?.Dispose();
            throw;
        }
        DqliteNode node = new(options, folder, certificates, list, warn);
        try
        {
            node.Run();
            return node;
        }
        catch
        {
            node.Dispose();
            throw;
        }
    }

    /// <summary>How many connections were refused, and why the last one was.</summary>
    internal (long Count, string Last) Refused
    {
        get
        {
            lock (_refusedLock)
                return (_refused, _lastRefused);
        }
    }

    /// <summary>Another list of who is let in is in force from now on; whoever is not on it is cut off. For any thread.</summary>
    public void SetAccess(AccessRecord access)
    {
        if (_access is null)
            return;
        _access.Set(access);
        foreach (ClusterIdentity cut in _connector.BreakRefused().Concat(_listener?.BreakRefused() ?? []).Distinct())
            _warn($"{cut.Name} was cut off: {_access.RefuseConnection(cut)}");
    }

    /// <summary>Stops the node. May take seconds while it writes a snapshot.</summary>
    public void Dispose()
    {
        lock (_markLock)
        {
            _mark?.Dispose();
            _mark = null;
        }
        _recorder?.Dispose();
        _listener?.Dispose();
        if (_runs)
            _ = DqliteLibrary.Stop(_node);
        _runs = false;
        if (_node != 0)
            DqliteLibrary.Destroy(_node);
        _node = 0;
        _connector.Dispose();
        _folder.Dispose();
        _certificates?.Dispose();
    }

    private unsafe void Run()
    {
        // Connecting blocks a thread of libuv's pool, which disk I/O needs too: four are too few beside dead peers.
        Posix.SetVariable("UV_THREADPOOL_SIZE", "16");
        Check(DqliteLibrary.Create(Options.Id, Options.Address.ToString(), _folder.Path, out _node), "made");
        Check(DqliteLibrary.SetNetworkLatency(_node, (uint)Math.Max(1, Options.NetworkLatency.TotalMilliseconds)), "told the latency");
        Check(DqliteLibrary.SetSnapshots(_node, (uint)Options.SnapshotThreshold, (uint)Options.SnapshotTrailing), "told when to write snapshots");
        Check(DqliteLibrary.SetConnect(_node, NodeConnector.Callback, _connector.Argument), "given connections");
        if (_certificates is null)
        {
            IPEndPoint endpoint = Options.Address.Resolve()[0];
            if (DqliteLibrary.Bind(_node, endpoint.ToString()) != 0)
                throw new SeguroException(ErrorCode.ProcessFailed, $"the node can't bind to {endpoint}", "End the process that uses the port, or give the node another.");
            Local = endpoint;
            // dqlite leaves Nagle's algorithm on.
            _ = Posix.SetNoDelayOnBound(endpoint);
        }
        else
        {
            Check(DqliteLibrary.Bind(_node, "@"), "bound");
            Local = new UnixDomainSocketEndPoint('\0' + DqliteLibrary.Text(DqliteLibrary.BoundAddress(_node))[1..]);
            // Bound before dqlite starts, so that a taken port is found out while nothing happened yet; it takes connections only after.
            _listener = new NodeListener(Options, _certificates, _access!, DqliteLibrary.Text(DqliteLibrary.BoundAddress(_node)), _warn, NoteRefused);
        }
        if (DqliteLibrary.Start(_node) != 0)
        {
            SeguroException error = NotStarted();
            // A node whose start failed half-way can't be freed safely: its loop still has open handles.
            _node = 0;
            throw error;
        }
        _runs = true;
        _folder.RefuseCorruptFiles();
        _recorder = new NodeRecorder(_folder.Path, _folder.Recorded, _warn);
        if (!_folder.MarkStarted())
            _mark = new Timer(static node => ((DqliteNode)node!).Mark(), this, MarkPause, Timeout.InfiniteTimeSpan);
        _listener?.Start();
    }

    private void NoteRefused(string why)
    {
        lock (_refusedLock)
            (_refused, _lastRefused) = (_refused + 1, why);
    }

    private void Mark()
    {
        try
        {
            if (_folder.MarkStarted())
                return;
        }
        catch (Exception error) when (error is SeguroException or IOException or UnauthorizedAccessException)
        {
            _warn(error.Message);
        }
        lock (_markLock)
            _mark?.Change(MarkPause, Timeout.InfiniteTimeSpan);
    }

    private SeguroException NotStarted()
    {
        string message = DqliteLibrary.Text(DqliteLibrary.Message(_node));
        try
        {
            _folder.RefuseCorruptFiles();
        }
        catch (SeguroException error)
        {
            return NodeFolder.Lost($"{error.Message} ({message})", _folder.Path);
        }
        if (message.Contains("space", StringComparison.OrdinalIgnoreCase))
            return new SeguroException(ErrorCode.DiskFull, $"dqlite can't start in {_folder.Path}: {message}", "Free some space on that disk.");
        // Its own files are what raft reads first; what the system refuses it says in the system's words.
        bool isRefused = Array.Exists(Refusals, words => message.Contains(words, StringComparison.OrdinalIgnoreCase));
        return message.StartsWith("raft_", StringComparison.Ordinal) && !isRefused
            ? NodeFolder.Lost($"dqlite can't read the node's data in {_folder.Path}: {message}", _folder.Path)
            : new SeguroException(ErrorCode.ProcessFailed, $"dqlite can't start in {_folder.Path}: {message}", "See that this user may read and write there, and open enough files (ulimit -n).");
    }

    private void Check(int result, string done)
    {
        if (result != 0)
            throw new SeguroException(ErrorCode.ProcessFailed, $"the dqlite node can't be {done} (code {result}): {(_node == 0 ? "" : DqliteLibrary.Text(DqliteLibrary.Message(_node)))}",
                "See whether the folder can be written and the package libdqlite0 is whole.");
    }
}
