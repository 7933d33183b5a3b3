using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using Seguro.Core;
using Seguro.Node.Members;
using Seguro.Node.Ships;
using Seguro.Stores;
using Seguro.Tests.Node.Members;

namespace Seguro.Tests.Node.Ships;

/// <summary>Members whose ship's lease names their node's epoch, with real nodes' leases in a store.</summary>
public sealed class NodeLeaseTests : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, (NodeLease Lease, IStore Store)> _nodes = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> _asked = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        foreach ((NodeLease lease, IStore store) in _nodes.Values)
        {
            await lease.DisposeAsync();
            await store.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_ship_that_idles_asks_nothing_of_the_store()
    {
        await using HostCluster cluster = await StartAsync();
        await cluster.AwaitMasterAsync();
        await cluster.UntilAsync(() => cluster.Members.Values.All(static member => member.Host.Status is { IsQuiet: true, Master.Length: > 0 }));
        await using IStore store = await cluster.OpenStoreAsync();
        await using IStoredLog node = (await store.OpenLogAsync(NodeLog.NameOf("one"), Cancel))!;
        ulong renewals = (await node.ObserveLeaseAsync(Cancel)).Renewals;
        // What was begun before it came to rest may still be under way.
        await cluster.UntilAsync(() => Renewals() > renewals + 3);
        _asked.Clear();
        await cluster.UntilAsync(() => Renewals() > renewals + 9);
        Assert.Empty(_asked);

        ulong Renewals() => node.ObserveLeaseAsync(Cancel).AsTask().GetAwaiter().GetResult().Renewals;
    }

    [Fact]
    public async Task A_member_that_fails_loses_its_ship_to_another_node_and_its_node_goes_on()
    {
        await using HostCluster cluster = await StartAsync();
        HostedMember master = await cluster.AwaitMasterAsync();
        Term epoch = _nodes[master.Name].Lease.View.Epoch;
        await cluster.KillAsync(master.Name);
        HostedMember next = await cluster.AwaitMasterAsync();
        Assert.NotEqual(master.Name, next.Name);
        Assert.Equal(epoch, _nodes[master.Name].Lease.View.Epoch);
        await cluster.StartMemberAsync(master.Name);
        await cluster.UntilAsync(() => cluster.Members.Values.All(member => member.Host.Status.Master == next.Name));
    }

    [Fact]
    public async Task A_node_whose_epoch_was_ended_is_master_of_nothing_and_has_another()
    {
        await using HostCluster cluster = await StartAsync();
        HostedMember master = await cluster.AwaitMasterAsync();
        Term term = master.Host.Status.Term;
        Term epoch = _nodes[master.Name].Lease.View.Epoch;
        await using IStore store = await cluster.OpenStoreAsync();
        await using IStoredLog node = (await store.OpenLogAsync(NodeLog.NameOf(master.Name), Cancel))!;
        while (await node.CampaignAsync(await node.ObserveLeaseAsync(Cancel), "stranger@1", TimeSpan.FromSeconds(1), Cancel) is not LeaseOutcome.Done)
            await Task.Delay(10, Cancel);
        await cluster.UntilAsync(() => cluster.Master is { } now && now.Host.Status.Term > term);
        await cluster.UntilAsync(() => _nodes[master.Name].Lease.View.Epoch > epoch);
    }

    [Fact]
    public async Task The_log_of_a_ship_that_a_node_holds_has_no_other_writer_and_says_by_which_protocol()
    {
        await using HostCluster cluster = await StartAsync();
        await cluster.AwaitMasterAsync();
        await using IStore store = await cluster.OpenStoreAsync();
        await using EventLog log = new((await store.OpenLogAsync(HostCluster.Zod, Cancel))!, store.Capabilities);
        SeguroException held = await Assert.ThrowsAsync<SeguroException>(async () => await WriterLease.AcquireAsync(log, "test", TimeSpan.FromSeconds(1), BootClock.Instance, Cancel));
        Assert.Equal(ErrorCode.LeaseHeld, held.Code);
        Assert.Contains("seguro ship remove", held.NextStep, StringComparison.Ordinal);
        await cluster.UntilAsync(() => log.Stored.ReadMetadataAsync(Cancel).AsTask().GetAwaiter().GetResult().ContainsKey(MetadataKey.Protocol));
    }

    private Task<HostCluster> StartAsync() => HostCluster.StartAsync(optimism: 1, between: log => CountedLog.Of(log, _asked.Enqueue), change: options => options with
    {
        Member = options.Member with { LeasesByNode = true },
        Node = _nodes.GetOrAdd(options.Member.Name, static (name, pier) => Start(name, pier), options.Pier).Lease,
    });

    /// <summary>Nodes outlive their members.</summary>
    private static (NodeLease Lease, IStore Store) Start(string name, string pier)
    {
        string database = Path.Combine(pier, "..", "..", "store.db");
        return Task.Run(async () =>
        {
            IStore store = await StoreConnection.OpenAsync(StoreUrl.Parse("sqlite:" + Path.GetFullPath(database)), new StoreOptions { Patience = TimeSpan.FromSeconds(2) }, Cancel);
            return (await NodeLease.StartAsync(store, name, HostCluster.Names, TimeSpan.FromSeconds(1), BootClock.Instance, NullLogger.Instance, Cancel), store);
        }).GetAwaiter().GetResult();
    }
}
