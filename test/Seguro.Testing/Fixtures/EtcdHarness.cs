using Google.Protobuf;
using Grpc.Core;
using Seguro.Core;
using Seguro.Stores;
using Seguro.Stores.Etcd;
using Seguro.Stores.Etcd.Wire;
using Xunit;

namespace Seguro.Testing;

/// <summary>An etcd cluster of three members for the conformance suite, with TLS; every connection goes through a relay that can cut it.</summary>
public sealed class EtcdHarness : StoreHarness
{
    /// <summary>The window of the suite's store, in bytes.</summary>
    public const long Window = 64L << 20;

    /// <summary>Room for the window, for what is not compacted yet, and for what bbolt keeps free; small enough to be filled.</summary>
    private const long Quota = 384L << 20;

    private const int BallastSize = 1 << 20;

    private static readonly ByteString Ballast = ByteString.CopyFromUtf8("ballast/");

    private EtcdCluster? _cluster;
    private int _others;

    /// <summary>The members.</summary>
    public EtcdCluster Cluster => _cluster ?? throw new InvalidOperationException("The harness was not started.");

    /// <inheritdoc/>
    public override string Url => Cluster.Url;

    /// <inheritdoc/>
    public override Faults Supports =>
        Faults.Crash | Faults.CutConnections | Faults.ChangeLeader | Faults.DeposeLeader | Faults.FillDisk | Faults.FlipByte;

    private StoreOptions Options => new() { Create = true, Certificates = Cluster.Certificates, Window = Window };

    /// <inheritdoc/>
    public override async ValueTask InitializeAsync() => _cluster = await EtcdCluster.StartAsync(quota: Quota, cancel: TestContext.Current.CancellationToken);

    /// <inheritdoc/>
    public override async ValueTask<IStore> OpenAsync(CancellationToken cancel) => await EtcdStore.OpenAsync(StoreUrl.Parse(Url), Options, cancel);

    /// <summary>A prefix of its own in the same cluster.</summary>
    public override Task<Func<CancellationToken, ValueTask<IStore>>> MakeAnotherAsync(CancellationToken cancel)
    {
        StoreUrl url = StoreUrl.Parse($"{Url}/other{Interlocked.Increment(ref _others)}");
        return Task.FromResult<Func<CancellationToken, ValueTask<IStore>>>(async token => await EtcdStore.OpenAsync(url, Options, token));
    }

    /// <inheritdoc/>
    public override async Task CrashServerAsync(CancellationToken cancel)
    {
        EtcdServer leader = await Cluster.LeaderAsync(cancel);
        await leader.KillAsync();
        Cluster.Start(leader);
        await Cluster.LeaderAsync(cancel);
    }

    /// <inheritdoc/>
    public override Task CutConnectionsAsync(CancellationToken cancel)
    {
        foreach (EtcdServer server in Cluster.Servers)
            server.Client!.Cut();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override Task ChangeLeaderAsync(CancellationToken cancel) => Cluster.MoveLeaderAsync(cancel);

    /// <summary>Cuts the leader off from the other members; clients still reach it.</summary>
    public override async Task<DeposedLeader> DeposeLeaderAsync(CancellationToken cancel)
    {
        EtcdServer old = await Cluster.LeaderAsync(cancel);
        EtcdStore client = await EtcdStore.OpenAsync(StoreUrl.Parse(Cluster.UrlOf([old])), Options with { Patience = TimeSpan.FromSeconds(3) }, cancel);
        foreach (EtcdServer server in Cluster.Servers)
            server.Peer!.Refuse(port => server == old || SocketOwner.Is(old.Pid, port));
        try
        {
            await Cluster.LeaderAsync(cancel, not: old);
        }
        catch
        {
            Heal();
            throw;
        }
        return new DeposedLeader(client, async () =>
        {
            Heal();
            await Cluster.LeaderAsync(CancellationToken.None);
        });

        void Heal()
        {
            foreach (EtcdServer server in Cluster.Servers)
                server.Peer!.Refuse(null);
        }
    }

    /// <summary>Fills the database up to its quota.</summary>
    public override async Task<IAsyncDisposable> FillDiskAsync(CancellationToken cancel)
    {
        EtcdMember member = Cluster.Of(await Cluster.LeaderAsync(cancel));
        try
        {
            for (int i = 0; ; i++)
            {
                TxnRequest put = new() { Success = { EtcdStore.Put(ByteString.CopyFromUtf8($"ballast/{i}"), new byte[BallastSize]) } };
                await member.Kv.TxnAsync(put, cancellationToken: cancel);
            }
        }
        catch (RpcException full) when (EtcdFailures.Of(full) is EtcdFailure.NoSpace)
        {
            return new FullDisk(this);
        }
    }

    /// <inheritdoc/>
    public override Task<IAsyncDisposable> FlipByteAsync(ReadOnlyMemory<byte> stored, CancellationToken cancel) => FlippedByte.FlipAsync(stored, ReplaceAsync, cancel);

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        if (_cluster is not null)
            await _cluster.DisposeAsync();
    }

    private async Task ReplaceAsync(ReadOnlyMemory<byte> old, ReadOnlyMemory<byte> other, CancellationToken cancel)
    {
        EtcdMember member = Cluster.Of(await Cluster.LeaderAsync(cancel));
        ByteString all = ByteString.CopyFromUtf8("seguro/");
        RangeResponse found = await member.Kv.RangeAsync(new RangeRequest { Key = all, RangeEnd = EtcdKeys.EndOf(all) }, cancellationToken: cancel);
        KeyValue pair = found.Kvs.Single(pair => pair.Value.Span.IndexOf(old.Span) >= 0);
        byte[] value = pair.Value.ToByteArray();
        other.Span.CopyTo(value.AsSpan(value.AsSpan().IndexOf(old.Span)));
        await member.Kv.TxnAsync(new TxnRequest { Success = { EtcdStore.Put(pair.Key, value) } }, cancellationToken: cancel);
    }

    /// <summary>Takes the ballast away, as an operator would: delete, compact, defragment, disarm.</summary>
    private async ValueTask FreeDiskAsync()
    {
        EtcdMember leader = Cluster.Of(await Cluster.LeaderAsync(CancellationToken.None));
        DeleteRangeResponse deleted = await leader.Kv.DeleteRangeAsync(new DeleteRangeRequest { Key = Ballast, RangeEnd = EtcdKeys.EndOf(Ballast) }, cancellationToken: CancellationToken.None);
        await leader.Kv.CompactAsync(new CompactionRequest { Revision = deleted.Header.Revision, Physical = true }, cancellationToken: CancellationToken.None);
        foreach (EtcdServer server in Cluster.Servers)
            await Cluster.Of(server).Maintenance.DefragmentAsync(new DefragmentRequest(), cancellationToken: CancellationToken.None);
        AlarmResponse alarms = await leader.Maintenance.AlarmAsync(new AlarmRequest(), cancellationToken: CancellationToken.None);
        foreach (AlarmMember alarm in alarms.Alarms)
        {
            AlarmRequest disarm = new() { Action = AlarmRequest.Types.Action.Deactivate, MemberId = alarm.MemberId, Alarm = alarm.Alarm };
            await leader.Maintenance.AlarmAsync(disarm, cancellationToken: CancellationToken.None);
        }
    }

    private sealed class FullDisk(EtcdHarness harness) : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => harness.FreeDiskAsync();
    }
}
