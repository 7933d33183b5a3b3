using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Seguro.Balancer;
using Seguro.Core;
using Seguro.Nock.Kernels;
using Seguro.Nock.Ships;
using Seguro.Node.Effects;
using Seguro.Node.Members;
using Seguro.Stores;
using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Node.Members;

/// <summary>
/// Three members in this process that share a database of sqlite: piers, sockets and ships are real, links are calls. Whoever talks to the ship sends each datagram to
/// every member, as the balancer does.
/// </summary>
sealed class HostCluster : IAsyncDisposable
{
    public static readonly string[] Names = ["one", "two", "three"];
    private static readonly KeyRing Keys = new([.. Names.Select(static name => new KeyRingEntry(name, MemberKey.Create(), null))]);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);
    private readonly TemporaryFolder _folder = new("cluster");
    private readonly Dictionary<string, HostedMember> _members = new(StringComparer.Ordinal);
    private readonly Socket _client = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _end = new();
    private UdpBalancer? _balancer;
    private Task _balancing = Task.CompletedTask;
    private readonly Dictionary<string, ShellContract> _contracts = new(StringComparer.Ordinal);
    private int _lives;

    private HostCluster() => _client.Bind(new IPEndPoint(IPAddress.Loopback, 0));

    public static Ship Zod { get; } = Ship.Parse("~zod");

    public IReadOnlyDictionary<string, HostedMember> Members => _members;

    public Optimism Optimism { get; private init; }

    public long LargestEvent { get; private init; }

    /// <summary>Through which each member sees the log; itself where nothing is put between.</summary>
    public Func<IStoredLog, IStoredLog> Between { get; private init; } = static log => log;

    private Func<MemberHostOptions, MemberHostOptions> Change { get; init; } = static options => options;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>The master, where there is just one.</summary>
    public HostedMember? Master
    {
        get
        {
            HostedMember[] masters = [.. _members.Values.Where(static member => member.Host.Status.Role is Role.Master)];
            return masters.Length == 1 ? masters[0] : null;
        }
    }

    /// <summary>Makes the log with the boot of the demo kernel, and starts the members.</summary>
    /// <param name="optimism">The optimism.</param>
    /// <param name="disk">Where member <c>one</c> keeps its pier instead, if given.</param>
    /// <param name="balanced">A real balancer stands before the members, and their ships hear of each start of the drivers.</param>
    /// <param name="largestEvent">How many bytes an event may have in the store.</param>
    /// <param name="change">What is different at each member.</param>
    /// <param name="boot">The first events, where they are not the demo kernel's; as many.</param>
    /// <param name="between">See <see cref="Between"/>.</param>
    public static async Task<HostCluster> StartAsync(
        int optimism, string? disk = null, bool balanced = false, long largestEvent = int.MaxValue, IReadOnlyList<ReadOnlyMemory<byte>>? boot = null,
        Func<IStoredLog, IStoredLog>? between = null, Func<MemberHostOptions, MemberHostOptions>? change = null)
    {
        HostCluster cluster = new()
        {
            Change = change ?? (static options => options),
            Optimism = new Optimism(optimism, ReplicaLossPolicy.Wait),
            LargestEvent = largestEvent,
            Between = between ?? (static log => log),
        };
        if (disk is not null)
            Directory.CreateSymbolicLink(cluster.FolderOf("one"), disk);
        if (balanced)
        {
            IPEndPoint any = new(IPAddress.Loopback, 0);
            cluster._balancer = UdpBalancer.Bind(new BalancerOptions { Listen = any, Inside = any, Keys = static () => Keys }, TimeProvider.System);
            cluster._balancing = cluster._balancer.RunAsync(cluster._end.Token);
        }
        await using (IStore store = await cluster.OpenStoreAsync())
        {
            Dictionary<string, ReadOnlyMemory<byte>> metadata = new()
            {
                [MetadataKey.Who] = default,
                [MetadataKey.Fake] = default,
                [MetadataKey.Life] = new byte[] { (byte)DemoKernel.Life },
            };
            await using EventLog log = new(await store.CreateLogAsync(Zod, Position.Origin, metadata, Cancel), store.Capabilities);
            await using WriterLease lease = await WriterLease.AcquireAsync(log, "boot", TimeSpan.FromSeconds(5), TimeProvider.System, Cancel);
            Assert.True((await log.AppendAsync(lease.Term, Position.Origin, boot ?? DemoKernel.BootPayloads(), Cancel)).IsCommitted);
        }
        foreach (string name in Names)
            await cluster.StartMemberAsync(name);
        await cluster.UntilAsync(() => cluster._balancer is null || cluster._balancer.Members.Count == Names.Length);
        return cluster;
    }

    /// <summary>What the members know of the database.</summary>
    public string DatabasePath => _folder["store.db"];

    public string FolderOf(string name) => _folder[name];

    public string PierOf(string name) => Path.Combine(FolderOf(name), "pier");

    public async Task<IStore> OpenStoreAsync() =>
        await StoreConnection.OpenAsync(StoreUrl.Parse("sqlite:" + DatabasePath), new StoreOptions { Create = true, Patience = TimeSpan.FromSeconds(2) }, Cancel);

    public NockShip NewShip(string name) => new(new NockShipOptions { Folder = Path.Combine(FolderOf(name), "ship"), Life = DemoKernel.Life });

    public async Task StartMemberAsync(string name)
    {
        Directory.CreateDirectory(FolderOf(name));
        IStore store = await OpenStoreAsync();
        EventLog log = new(Between((await store.OpenLogAsync(Zod, Cancel))!), store.Capabilities with { LargestEvent = LargestEvent });
        NockShip ship = NewShip(name);
        IPEndPoint any = new(IPAddress.Loopback, 0);
        DatagramPort port = _balancer is null
            ? OwnPort.Open(any)
            : new BalancerPort(BalancerLink.Open(any, new HostAddress("127.0.0.1", _balancer.Inside.Port), () => Keys.Entries.First(entry => entry.Member == name).Key, TimeProvider.System));
        string candidate = $"{name}@{Interlocked.Increment(ref _lives)}";
        ShellContract contract = _contracts[name] = new ShellContract(candidate);
        EffectRouter router = new(port, new EffectRouterOptions { AnnounceDrivers = _balancer is not null });
        MemberHost host = await MemberHost.StartAsync(
            Change(new MemberHostOptions
            {
                Member = new MemberOptions
                {
                    Name = name,
                    Candidate = candidate,
                    Members = Names,
                    InitialOptimism = Optimism,
                    SnapshotEvery = 10,
                },
                Store = log,
                Pier = PierOf(name),
                Ship = ship,
                Send = (to, message) => Find(to)?.Host.Receive(name, message),
                ReadPeers = async (after, last, sparing, cancel) =>
                {
                    foreach (string other in Names.Where(other => other != name && other != sparing))
                    {
                        if (Find(other) is { } peer && await peer.Host.ReadLocalAsync(after, last, cancel) is { Count: > 0 } events)
                            return events;
                    }
                    return [];
                },
                Suspect = own =>
                {
                    foreach ((string other, Suspicion told) in Names.SelectMany(other => own.Select(told => (other, told))))
                        Find(other)?.Host.HearSuspicion(name, told);
                },
                Release = router.ReleaseAsync,
                ChangeRole = router.ChangeRole,
                Trace = contract.Check,
            }),
            Cancel);
        router.Start(host.Hear);
        lock (_gate)
            _members.Add(name, new HostedMember(name, host, router, (port as OwnPort)?.Address ?? _balancer!.Public, ship, log, store));
    }

    /// <summary>Ends a member as a kill would: no word to anybody, and the lease stays its own.</summary>
    public async Task KillAsync(string name)
    {
        HostedMember? member;
        lock (_gate)
            _members.Remove(name, out member);
        await member!.DisposeAsync();
        Assert.Null(_contracts[name].Violation);
    }

    /// <summary>Ends a member as SIGTERM does.</summary>
    public async Task EndAsync(string name)
    {
        await _members[name].Host.EndAsync(Longest, Longest);
        await KillAsync(name);
    }

    public async Task<HostedMember> AwaitMasterAsync()
    {
        await UntilAsync(() => Master is not null);
        return Master!;
    }

    /// <summary>Asks the master of the moment for a change, and whoever follows it where its mastership ends over that.</summary>
    /// <returns>Who brought it into force.</returns>
    public async Task<HostedMember> WishAsync(Wish wish)
    {
        while (true)
        {
            HostedMember master = await AwaitMasterAsync();
            try
            {
                await master.Host.AskAsync(wish, Cancel);
                return master;
            }
            catch (SeguroException e) when (e.Code is ErrorCode.StoreUnavailable or ErrorCode.OutcomeUnknown)
            {
                TestContext.Current.SendDiagnosticMessage($"{master.Name} is not master any more: {e.Message}");
            }
        }
    }

    /// <summary>Waits until something is so; fails after a minute with how all stand.</summary>
    public async Task UntilAsync(Func<bool> isSo)
    {
        long start = TimeProvider.System.GetTimestamp();
        while (!isSo())
        {
            if (_members.Values.FirstOrDefault(static member => member.Host.Completion.IsFaulted) is { } failed)
                await failed.Host.Completion;
            if (TimeProvider.System.GetElapsedTime(start) > Longest)
                Assert.Fail("It did not come to be:\n" + string.Join('\n', _members.Values.Select(static member => Describe(member.Host.Status))));
            await Task.Delay(Pause, Cancel);
        }
    }

    /// <summary>Sends a datagram to every member that lives.</summary>
    public async Task SayAsync(string text)
    {
        foreach (HostedMember member in _balancer is null ? _members.Values.ToArray() : [_members.Values.First()])
            await _client.SendToAsync(Encoding.ASCII.GetBytes(text), SocketFlags.None, member.Address, Cancel);
    }

    /// <summary>Something was said that nobody has taken yet.</summary>
    public bool HasHeard => _client.Available > 0;

    /// <summary>Waits for the ship's next answer.</summary>
    public async Task<HostAnswer> HearAsync()
    {
        (IPEndPoint from, byte[] bytes) = await ReceiveAsync();
        return new HostAnswer(
            from, BinaryPrimitives.ReadUInt64LittleEndian(bytes), BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(8)), Encoding.ASCII.GetString(bytes.AsSpan(16)[..^1]));
    }

    /// <summary>Waits for what the ship says when its alarm rang.</summary>
    public async Task<HostAnswer> HearTickAsync()
    {
        (IPEndPoint from, byte[] bytes) = await ReceiveAsync();
        return new HostAnswer(
            from, BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(4)), BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(12)), Encoding.ASCII.GetString(bytes.AsSpan(0, 4)));
    }

    private async Task<(IPEndPoint From, byte[] Bytes)> ReceiveAsync()
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        patience.CancelAfter(Longest);
        byte[] buffer = new byte[2048];
        try
        {
            SocketReceiveFromResult got = await _client.ReceiveFromAsync(buffer, SocketFlags.None, new IPEndPoint(IPAddress.Any, 0), patience.Token);
            return ((IPEndPoint)got.RemoteEndPoint, buffer[..got.ReceivedBytes]);
        }
        catch (OperationCanceledException) when (!Cancel.IsCancellationRequested)
        {
            Assert.Fail("No answer came:\n" + string.Join('\n', _members.Values.Select(static member => Describe(member.Host.Status))));
            throw;
        }
    }

    /// <summary>Says something and waits for its answer; repeats of earlier ones are passed over.</summary>
    public async Task<HostAnswer> AskAsync(string text)
    {
        await SayAsync(text);
        while (true)
        {
            HostAnswer answer = await HearAsync();
            if (answer.Text == text)
                return answer;
        }
    }

    /// <summary>Waits until all members that live have processed the same, and nothing more is on its way.</summary>
    /// <param name="last">The last event, with those of the boot.</param>
    public Task UntilEqualAsync(ulong last) => UntilAsync(() =>
    {
        MemberStatus[] all = [.. _members.Values.Select(static member => member.Host.Status)];
        return Master is { } master && master.Host.Status.Processed.Number.Value == last && all.All(one =>
            one.Processed == master.Host.Status.Processed && one.Durable == one.Processed && one.Committed == one.Processed);
    });

    public async ValueTask DisposeAsync()
    {
        foreach (string name in _members.Keys.ToArray())
            await KillAsync(name);
        await _end.CancelAsync();
        await _balancing;
        _balancer?.Dispose();
        _end.Dispose();
        _client.Dispose();
        _folder.Dispose();
    }

    private HostedMember? Find(string name)
    {
        lock (_gate)
            return _members.GetValueOrDefault(name);
    }

    private static string Describe(MemberStatus status) =>
        $"{status.Name}: {status.Role} of term {status.Term}, durable {status.Durable.Number}, processed {status.Processed.Number}, committed {status.Committed.Number}, "
        + $"released {status.Released}, gated {status.Gated}, ingress {status.Ingress}, {status.Stopped} {string.Join(' ', status.Warnings)}";
}
