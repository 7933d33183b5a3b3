using System.Diagnostics;

namespace Seguro.Testing;

/// <summary>One member of an <see cref="EtcdCluster"/>: Debian's etcd as a process of its own, in a temporary folder, on free ports of loopback, or of a place of its own.</summary>
public sealed class EtcdServer : IAsyncDisposable
{
    private readonly Watchdog _watchdog;
    private readonly string _folder;
    private readonly string[] _options;
    private readonly LinePlace? _place;
    private readonly int _clientTarget;
    private readonly int _peerTarget;
    private Process? _process;

    internal EtcdServer(string name, string folder, string[] options, Watchdog watchdog, LinePlace? place)
    {
        _place = place;
        Name = name;
        _folder = folder;
        _options = options;
        _watchdog = watchdog;
        if (place is not null)
        {
            (_clientTarget, _peerTarget) = (ClientPort, PeerPort);
            return;
        }
        Client = new TcpRelay(ClientPort, _clientTarget = FreePort.Next());
        Peer = new TcpRelay(PeerPort, _peerTarget = FreePort.Next());
    }

    /// <summary>Its name in the cluster.</summary>
    public string Name { get; }

    /// <summary>Its data folder.</summary>
    public string Data => Path.Combine(_folder, Name);

    /// <summary>The address of its ports.</summary>
    public string Host => _place?.Host ?? "127.0.0.1";

    /// <summary>Where clients reach it, through <see cref="Client"/>.</summary>
    public int ClientPort { get; } = FreePort.Next();

    /// <summary>Where the other members reach it, through <see cref="Peer"/>.</summary>
    public int PeerPort { get; } = FreePort.Next();

    /// <summary>Passes on what clients say; <see langword="null"/> for a member in a place of its own, which is reached directly.</summary>
    public TcpRelay? Client { get; }

    /// <summary>Passes on what the other members say; <see langword="null"/> like <see cref="Client"/>.</summary>
    public TcpRelay? Peer { get; }

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
        if (Client is not null)
            await Client.DisposeAsync();
        if (Peer is not null)
            await Peer.DisposeAsync();
    }

    internal void Start(string scheme, string cluster)
    {
        string[] own =
        [
            "--name", Name, "--data-dir", Data,
            "--listen-client-urls", $"{scheme}://{Host}:{_clientTarget}", "--advertise-client-urls", $"{scheme}://{Host}:{ClientPort}",
            "--listen-peer-urls", $"http://{Host}:{_peerTarget}", "--initial-advertise-peer-urls", $"http://{Host}:{PeerPort}",
            "--initial-cluster", cluster, "--initial-cluster-token", "seguro-test", "--logger", "zap", "--enable-grpc-gateway=false",
            "--snapshot-count", "1000",
        ];
        _process = new Process
        {
            // "exec" keeps the process id, so that the one we hold is etcd's.
            StartInfo = new ProcessStartInfo("sh", ["-c", "exec \"$@\" </dev/null >>\"$0\" 2>&1", LogFile, .. Command(["etcd", .. own, .. _options])]) { WorkingDirectory = "/" },
        };
        _process.Start();
        _watchdog.Process(_process.Id);
    }

    private IReadOnlyList<string> Command(IReadOnlyList<string> command) => _place?.Command(command) ?? command;
}
