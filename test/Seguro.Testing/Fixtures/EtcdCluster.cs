using System.Diagnostics;
using Grpc.Core;
using Seguro.Core;
using Seguro.Identity;
using Seguro.Stores.Etcd;
using Seguro.Stores.Etcd.Wire;

namespace Seguro.Testing;

/// <summary>A real etcd cluster in temporary folders on free loopback ports, with TLS for its clients unless asked otherwise.</summary>
public sealed class EtcdCluster : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly TemporaryFolder _folder = new("etcd");
    private readonly Watchdog _watchdog = new();
    private readonly List<EtcdServer> _servers = [];
    private readonly List<EtcdMember> _members = [];
    private readonly bool _plain;

    private EtcdCluster(int servers, bool plain, long quota, IReadOnlyList<LinePlace> places)
    {
        _plain = plain;
        _watchdog.Folder(_folder.Path);
        List<string> options = [];
        if (!plain)
        {
            using (CertificateAuthority authority = CertificateAuthority.Create(_folder["ca"], "test"))
                authority.Issue(_folder["tls"], new ClusterIdentity("test", "member"), ["127.0.0.1", "localhost", .. places.Select(static place => place.Host)]);
            Certificates = _folder["tls"];
            options.AddRange([
                "--cert-file", Path.Combine(Certificates, ClusterCertificates.MemberFile), "--key-file", Path.Combine(Certificates, ClusterCertificates.MemberKeyFile),
                "--trusted-ca-file", Path.Combine(Certificates, ClusterCertificates.AuthorityFile), "--client-cert-auth",
            ]);
        }
        if (quota > 0)
            options.AddRange(["--quota-backend-bytes", quota.ToString()]);
        for (int i = 1; i <= servers; i++)
        {
            EtcdServer server = new($"etcd{i}", _folder.Path, [.. options], _watchdog, i <= places.Count ? places[i - 1] : null);
            _servers.Add(server);
            // Connections that are disposed of with the certificates of their own.
            _members.Add(new EtcdMember(new HostAddress(server.Host, server.ClientPort), plain ? null : ClusterCertificates.Load(Certificates!), Pause * 40));
        }
    }

    /// <summary>The members.</summary>
    public IReadOnlyList<EtcdServer> Servers => _servers;

    /// <summary>The folder with the certificates; <see langword="null"/> for a plain cluster.</summary>
    public string? Certificates { get; }

    /// <summary>The URL of the cluster, as the command line takes it.</summary>
    public string Url => UrlOf(_servers);

    private string InitialCluster => string.Join(',', _servers.Select(static server => $"{server.Name}=http://{server.Host}:{server.PeerPort}"));

    /// <summary>Starts a cluster.</summary>
    /// <param name="servers">How many members.</param>
    /// <param name="plain">Without encryption.</param>
    /// <param name="quota">The quota of each member's database, in bytes; 0: etcd's own.</param>
    /// <param name="places">Where each member is; none: all on loopback.</param>
    /// <param name="cancel">Ends the start.</param>
    public static async Task<EtcdCluster> StartAsync(
        int servers = 3, bool plain = false, long quota = 0, IReadOnlyList<LinePlace>? places = null, CancellationToken cancel = default)
    {
        EtcdCluster cluster = new(servers, plain, quota, places ?? []);
        try
        {
            foreach (EtcdServer server in cluster.Servers)
                cluster.Start(server);
            await cluster.LeaderAsync(cancel);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts a member, again where it ran before.</summary>
    public void Start(EtcdServer server) => server.Start(_plain ? "http" : "https", InitialCluster);

    /// <summary>The URL that names only some members.</summary>
    public string UrlOf(IEnumerable<EtcdServer> servers) =>
        (_plain ? "etcd+plain://" : "etcd://") + string.Join(',', servers.Select(static server => $"{server.Host}:{server.ClientPort}"));

    /// <summary>The member that leads, as most of the others see it; waits for one, a minute at the most.</summary>
    /// <param name="cancel">Ends the wait.</param>
    /// <param name="not">A member that is not asked and does not count.</param>
    public async Task<EtcdServer> LeaderAsync(CancellationToken cancel, EtcdServer? not = null)
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            List<(EtcdServer Server, StatusResponse Status)> answers = [];
            foreach (EtcdServer server in _servers.Where(server => server != not && server.Pid != 0))
            {
                if (await StatusAsync(server, cancel) is { } status)
                    answers.Add((server, status));
            }
            foreach ((EtcdServer server, StatusResponse status) in answers)
            {
                bool leads = status.Leader == status.Header.MemberId;
                if (leads && answers.Count(other => other.Status.Leader == status.Leader && other.Status.RaftTerm == status.RaftTerm) > _servers.Count / 2)
                    return server;
            }
            if (Stopwatch.GetElapsedTime(start) > Patience)
                throw new TimeoutException($"etcd has no leader:\n{string.Join("\n\n", _servers.Select(static server => server.Log))}");
            await Task.Delay(Pause, cancel);
        }
    }

    /// <summary>Hands leadership on to another member.</summary>
    public async Task MoveLeaderAsync(CancellationToken cancel)
    {
        EtcdServer leader = await LeaderAsync(cancel);
        EtcdServer other = _servers[(_servers.IndexOf(leader) + 1) % _servers.Count];
        if (await StatusAsync(other, cancel) is { } status)
        {
            try
            {
                await Of(leader).Maintenance.MoveLeaderAsync(new MoveLeaderRequest { TargetId = status.Header.MemberId }, cancellationToken: cancel);
            }
            catch (RpcException)
            {
                // It leads no longer, or the other is behind.
            }
        }
        await LeaderAsync(cancel);
    }

    /// <summary>The connection with a member.</summary>
    internal EtcdMember Of(EtcdServer server) => _members[_servers.IndexOf(server)];

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (EtcdMember member in _members)
            member.Dispose();
        foreach (EtcdServer server in _servers)
            await server.DisposeAsync();
        _folder.Dispose();
        _watchdog.Dispose();
    }

    private async Task<StatusResponse?> StatusAsync(EtcdServer server, CancellationToken cancel)
    {
        try
        {
            return await Of(server).Maintenance.StatusAsync(new StatusRequest(), new CallOptions(null, DateTime.UtcNow.AddSeconds(2), cancel));
        }
        catch (RpcException)
        {
            cancel.ThrowIfCancellationRequested();
            return null;
        }
    }
}
