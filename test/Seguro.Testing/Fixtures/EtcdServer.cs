using System.Diagnostics;

namespace Seguro.Testing;

/// <summary>One member of an <see cref="EtcdCluster"/>: Debian's etcd as a process of its own, in a temporary folder, on free ports of loopback.</summary>
public sealed class EtcdServer : IAsyncDisposable
{
    private readonly Watchdog _watchdog;
    private readonly string _folder;
    private readonly string[] _options;
    private readonly int _clientTarget = FreePort.Next();
    private readonly int _peerTarget = FreePort.Next();
    private Process? _process;

    internal EtcdServer(string name, string folder, string[] options, Watchdog watchdog)
    {
        Name = name;
        _folder = folder;
        _options = options;
        _watchdog = watchdog;
        Client = new TcpRelay(ClientPort, _clientTarget);
        Peer = new TcpRelay(PeerPort, _peerTarget);
    }

    /// <summary>Its name in the cluster.</summary>
    public string Name { get; }

    /// <summary>Where clients reach it, through <see cref="Client"/>.</summary>
    public int ClientPort { get; } = FreePort.Next();

    /// <summary>Where the other members reach it, through <see cref="Peer"/>.</summary>
    public int PeerPort { get; } = FreePort.Next();

    /// <summary>Passes on what clients say.</summary>
    public TcpRelay Client { get; }

    /// <summary>Passes on what the other members say.</summary>
    public TcpRelay Peer { get; }

    /// <summary>The id of its process; 0 where it does not run.</summary>
    public int Pid => _process is { HasExited: false } process ? process.Id : 0;

    /// <summary>What it wrote to its log: the end of it.</summary>
    public string Log => File.Exists(LogFile) && File.ReadAllText(LogFile) is var text ? text[^Math.Min(text.Length, 4000)..] : "";

    private string LogFile => Path.Combine(_folder, Name + ".log");

    /// <summary>Kills it (−9); it stays down until <see cref="Start"/>.</summary>
    public async Task KillAsync()
    {
        if (_process is not { } process)
            return;
        _process = null;
        process.Kill();
        await process.WaitForExitAsync(CancellationToken.None);
        _watchdog.Gone(process.Id);
        process.Dispose();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        await Client.DisposeAsync();
        await Peer.DisposeAsync();
    }

    internal void Start(string scheme, string cluster)
    {
        string[] own =
        [
            "--name", Name, "--data-dir", Path.Combine(_folder, Name),
            "--listen-client-urls", $"{scheme}://127.0.0.1:{_clientTarget}", "--advertise-client-urls", $"{scheme}://127.0.0.1:{ClientPort}",
            "--listen-peer-urls", $"http://127.0.0.1:{_peerTarget}", "--initial-advertise-peer-urls", $"http://127.0.0.1:{PeerPort}",
            "--initial-cluster", cluster, "--initial-cluster-token", "seguro-test", "--logger", "zap", "--enable-grpc-gateway=false",
            "--snapshot-count", "1000",
        ];
        _process = new Process
        {
            // "exec" keeps the process id, so that the one we hold is etcd's.
            StartInfo = new ProcessStartInfo("sh", ["-c", "exec \"$@\" </dev/null >>\"$0\" 2>&1", LogFile, "etcd", .. own, .. _options]) { WorkingDirectory = "/" },
        };
        _process.Start();
        _watchdog.Process(_process.Id);
    }
}
