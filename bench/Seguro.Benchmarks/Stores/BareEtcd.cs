using Google.Protobuf;
using Seguro.Core;
using Seguro.Identity;
using Seguro.Stores.Etcd;
using Seguro.Stores.Etcd.Wire;
using Seguro.Testing;

namespace Seguro.Benchmarks;

/// <summary>etcd by .NET's gRPC, one HTTP/2 connection with the leader: a key an event, put by a transaction that compares a fence's revision. Commits may overlap.</summary>
internal sealed class BareEtcd : BareAppend
{
    private const int PageBytes = 4 << 20;
    private static int _prefixes;

    private readonly EtcdMember _member;
    private readonly ClusterCertificates _certificates;
    private readonly string _prefix;
    private readonly ByteString _fence;
    private long _revision;
    private long _last;
    private int _largest = 1;

    private BareEtcd(EtcdMember member, ClusterCertificates certificates, string prefix)
    {
        _member = member;
        _certificates = certificates;
        _prefix = prefix;
        _fence = ByteString.CopyFromUtf8(prefix + "fence");
    }

    /// <summary>A request has at most 1.5 MiB.</summary>
    public override int LargestEvent => (1 << 20) + (1 << 18);

    /// <summary>Of 128 operations a transaction.</summary>
    public override int LargestGroup => 100;

    public override long LargestGroupBytes => 1 << 20;

    /// <summary>Makes the fence.</summary>
    public static async Task<BareEtcd> OpenAsync(EtcdCluster cluster, CancellationToken cancel)
    {
        EtcdServer leader = await cluster.LeaderAsync(cancel);
        ClusterCertificates certificates = ClusterCertificates.Load(cluster.Certificates!);
        EtcdMember member = new(new HostAddress("127.0.0.1", leader.ClientPort), certificates, TimeSpan.FromSeconds(10));
        BareEtcd bare = new(member, certificates, $"bare{Interlocked.Increment(ref _prefixes)}/");
        TxnResponse made = await member.Kv.TxnAsync(new TxnRequest { Success = { EtcdStore.Put(bare._fence, new byte[1]) } }, cancellationToken: cancel);
        bare._revision = made.Header.Revision;
        return bare;
    }

    public override async ValueTask AppendAsync(ReadOnlyMemory<byte>[] payloads, CancellationToken cancel)
    {
        TxnRequest request = new() { Compare = { new Compare { Target = Compare.Types.Target.Mod, Key = _fence, ModRevision = _revision } } };
        long next = Interlocked.Add(ref _last, payloads.Length) - payloads.Length;
        foreach (ReadOnlyMemory<byte> payload in payloads)
        {
            request.Success.Add(EtcdStore.Put(Key(++next), payload));
            _largest = Math.Max(_largest, payload.Length);
        }
        if (!(await _member.Kv.TxnAsync(request, cancellationToken: cancel)).Succeeded)
            throw new InvalidOperationException("The fence moved.");
    }

    public override ValueTask DisposeAsync()
    {
        _member.Dispose();
        _certificates.Dispose();
        return ValueTask.CompletedTask;
    }

    protected override async ValueTask<(long Events, long Bytes)> ReadBackAsync(CancellationToken cancel)
    {
        (long events, long bytes) = (0, 0);
        RangeRequest page = new() { Key = Key(1), RangeEnd = Key(_last + 1), Limit = Math.Max(1, PageBytes / _largest) };
        while (true)
        {
            RangeResponse answer = await _member.Kv.RangeAsync(page, cancellationToken: cancel);
            events += answer.Kvs.Count;
            bytes += answer.Kvs.Sum(static pair => (long)pair.Value.Length);
            if (!answer.More)
                return (events, bytes);
            page.Key = ByteString.CopyFrom([.. answer.Kvs[^1].Key.Span, 0]);
        }
    }

    private ByteString Key(long number) => ByteString.CopyFromUtf8($"{_prefix}{number:x16}");
}
