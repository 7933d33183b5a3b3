using System.Diagnostics;
using Npgsql;
using Seguro.Cli.Demo;
using Seguro.Core;
using Seguro.Identity;
using Seguro.Node.Admin;
using Seguro.Stores;
using Seguro.Stores.Dqlite;
using Seguro.Testing;

namespace Seguro.Benchmarks;

/// <summary>A whole cluster of processes: three members, a balancer, and a store: dqlite in the members, or PostgreSQL (a primary, and two standbys of which any one must have each commit).</summary>
internal sealed class ClusterSubject : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(30);

    private readonly TemporaryFolder _folder = new("bench");
    private readonly Watchdog _watchdog = new(); // should this process die, so do the members
    private PostgresCluster? _postgres;
    private DemoMembers? _members;

    private ClusterSubject(string engine) => Engine = engine;

    public string Engine { get; }

    public DemoMembers Members => _members!;

    /// <summary>What the processes had resident before there was anything to do.</summary>
    public IReadOnlyList<ProcessMemory> Idle { get; private set; } = [];

    /// <summary>The numbers of the database servers' processes, where those are not the members' own.</summary>
    public IEnumerable<int> DatabaseProcesses => _postgres is null ? [] : _postgres.Servers.SelectMany(static server => (int[])[server.Pid, .. ProcessMemory.ChildrenOf(server.Pid)]);

    public static async Task<ClusterSubject> StartAsync(string engine, CancellationToken cancel)
    {
        ClusterSubject subject = new(engine);
        try
        {
            subject._watchdog.Folder(subject._folder.Path);
            subject._postgres = engine switch
            {
                "dqlite" => null,
                "postgresql" => await PostgresCluster.StartAsync(),
                _ => throw new ArgumentException($"A cluster runs on dqlite or postgresql, not on {engine}."),
            };
            subject._members = await DemoMembers.StartAsync(subject._folder.Path, cancel, subject._postgres?.Url);
            foreach ((_, int id) in subject.Members.Processes)
                subject._watchdog.Process(id);
            await subject.Members.UntilMasterAsync(0, 2, cancel);
            subject.Idle = await ClusterMemory.ReadAsync(subject, cancel);
            return subject;
        }
        catch
        {
            await subject.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ends a member with kill −9.</summary>
    public async Task KillMemberAsync(string name) => _watchdog.Gone(await Members.KillAsync(name));

    /// <summary>Starts a member.</summary>
    public void StartMember(string name)
    {
        Members.Start(name);
        _watchdog.Process(Members.Processes.Single(process => process.Name == name).Id);
    }

    /// <summary>The master, with all replicas healthy.</summary>
    public Task<StatusReport> MasterAsync(CancellationToken cancel) => Members.UntilMasterAsync(0, 2, cancel);

    /// <summary>The master, once all replicas have processed all that it has: one that came back first computes what it missed since its snapshot.</summary>
    public Task<StatusReport> MasterOfEqualsAsync(CancellationToken cancel) => Members.UntilAsync(
        "replicas that have processed everything",
        static status => status.Role == "master" && status.Replicas.Count(replica => replica.Healthy && replica.Processed == status.Durable.Event) == 2,
        cancel);

    /// <summary>Changes the optimism, and waits until it is in force.</summary>
    public async Task SetOptimismAsync(int optimism, CancellationToken cancel)
    {
        StatusReport master = await MasterAsync(cancel);
        await Members.AskAsync(master.Name, client => client.SetOptimismAsync(new OptimismRequest(optimism, null), cancel));
        await Members.UntilAsync($"optimism {optimism}", status => status.Role == "master" && status.Optimism.Replicas == optimism, cancel);
    }

    /// <summary>Waits, for as long as a replica may take that catches up, until the master says that it is as wanted.</summary>
    public async Task UntilMasterSaysAsync(string what, Func<StatusReport, bool> wanted, CancellationToken cancel)
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            foreach (string name in Members.Names)
            {
                try
                {
                    StatusReport status = await Members.AskAsync(name, client => client.ReadStatusAsync(cancel));
                    if (status.Role == "master" && wanted(status))
                        return;
                }
                catch (SeguroException)
                {
                    // Not up yet.
                }
            }
            if (Stopwatch.GetElapsedTime(start) > Patience)
                throw new InvalidOperationException($"It did not come to be within {Patience.TotalMinutes:0} minutes: {what}.");
            await Task.Delay(Glance, cancel);
        }
    }

    /// <summary>Puts the settings of its database's servers among the facts of a run.</summary>
    public async Task DescribeAsync(BenchmarkRun run, CancellationToken cancel)
    {
        if (_postgres is not null)
            await DatabaseFacts.DescribePostgresAsync(run, NpgsqlDataSource.Create(_postgres.Primary.AdminConnection), cancel);
        else
            run.Describe("dqlite settings", "three nodes, TLS between all, a commit is flushed by a majority");
    }

    /// <summary>Opens the cluster's own store.</summary>
    public ValueTask<IStore> OpenStoreAsync(CancellationToken cancel) =>
        StoreConnection.OpenAsync(StoreUrl.Parse(Members.Store), new StoreOptions { Certificates = _postgres is null ? Members.Certificates : null }, cancel);

    /// <summary>The database's own client, connected to the same servers' leader.</summary>
    public async Task<BareAppend> OpenBareAsync(CancellationToken cancel)
    {
        if (_postgres is not null)
            return await BareAppend.PostgresAsync(NpgsqlDataSource.Create(_postgres.Primary.AdminConnection), cancel);
        using ClusterCertificates certificates = ClusterCertificates.Load(Members.Certificates);
        HostAddress[] nodes = [.. Members.Store["dqlite://".Length..].Split(',').Select(NodeAddress.Parse)];
        DqliteServer leader = await new DqliteMembership(nodes, certificates, TimeSpan.FromSeconds(30)).LeaderAsync(cancel);
        HostAddress address = NodeAddress.Parse(leader.Address);
        return await BareAppend.DqliteAsync(await DqliteConnection.ConnectAsync(address, certificates.ClientOptions(address.Host), cancel), cancel);
    }

    public async ValueTask DisposeAsync()
    {
        if (_members is not null)
            await _members.DisposeAsync();
        if (_postgres is not null)
            await _postgres.DisposeAsync();
        _folder.Dispose();
        _watchdog.Dispose();
    }
}
