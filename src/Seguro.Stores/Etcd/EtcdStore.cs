using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Google.Protobuf;
using Seguro.Core;
using Seguro.Identity;
using Seguro.Stores.Etcd.Wire;

namespace Seguro.Stores.Etcd;

/// <summary>A store in an etcd cluster: replicated by Raft, small enough to be held under a window.</summary>
/// <remarks>
/// <para>A commit is in the logs of a majority of the members, each fsync'd. Reads are linearizable.</para>
/// <para>Every write of a log is one transaction that compares the revision of the log's state key and changes it, so that no two writes, and no write and its own late
/// repeat, can both happen on the same state.</para>
/// <para>Threading: all members may be called at the same time. Writes to one log of one store object go one after the other.</para>
/// </remarks>
public sealed class EtcdStore : IStore
{
    /// <summary>The largest fragment, and the most payload of one transaction, in bytes: etcd takes requests of 1.5 MiB, and a group has its records beside the payloads.</summary>
    public const int LargestFragment = 1 << 20;

    /// <summary>The smallest window that a store may have, in bytes.</summary>
    public const long SmallestWindow = 1L << 20;

    /// <summary>The largest window that a store may have, in bytes: half of etcd's default quota of 2 GiB, as what was trimmed leaves its file only little by little.</summary>
    public const long LargestWindow = 1L << 30;

    private const string SchemaName = "seguro-etcd";
    private const int SchemaVersion = 1;

    private readonly EtcdClient _client;
    private readonly EtcdKeys _keys;
    private readonly EtcdRoom _room;
    private readonly ConcurrentDictionary<Ship, EtcdLogWriter> _writers = new();

    private EtcdStore(EtcdClient client, EtcdKeys keys, long window, int voters, StoreOptions options)
    {
        _client = client;
        _keys = keys;
        _room = new EtcdRoom(client, keys, window, options.Time);
        Capabilities = QuorumStore.Describe("etcd", "member", voters, LargestFragment, window, options.Window);
    }

    /// <inheritdoc/>
    public StoreCapabilities Capabilities { get; }

    /// <summary>Connects; writes the schema where <see cref="StoreOptions.Create"/> allows it.</summary>
    /// <exception cref="SeguroException">
    /// <see cref="ErrorCode.BadStoreUrl"/>, <see cref="ErrorCode.InsecureTransport"/>, <see cref="ErrorCode.StoreUnavailable"/>,
    /// <see cref="ErrorCode.AccessDenied"/>, <see cref="ErrorCode.ForeignDatabase"/>, <see cref="ErrorCode.NewerSchema"/>, <see cref="ErrorCode.NotFound"/>.
    /// </exception>
    public static async ValueTask<EtcdStore> OpenAsync(StoreUrl url, StoreOptions options, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(url);
        ArgumentNullException.ThrowIfNull(options);
        EtcdStoreUrl place = EtcdStoreUrl.Parse(url);
        if (options.Window is < SmallestWindow or > LargestWindow)
        {
            throw new SeguroException(ErrorCode.BadValue, $"a window of {options.Window:N0} bytes can't be kept in etcd",
                $"Choose one from {SmallestWindow:N0} to {LargestWindow:N0} bytes, or use postgres for more.");
        }
        EtcdClient client = new(place.Addresses, Certificates(url, options), options.Patience, options.Time);
        try
        {
            EtcdKeys keys = new(place.Prefix);
            int voters = await client.CountVotersAsync(cancel);
            return new EtcdStore(client, keys, await OpenSchemaAsync(client, keys, url, options, cancel), voters, options);
        }
        catch (UnknownOutcomeException unknown)
        {
            await client.DisposeAsync();
            throw Unfinished("the store could not be made", unknown);
        }
        catch (EtcdNoSpaceException full)
        {
            await client.DisposeAsync();
            throw DiskFull(full);
        }
        catch
        {
            await client.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<IStoredLog?> OpenLogAsync(Ship ship, CancellationToken cancel)
    {
        RangeResponse found = await _client.RangeAsync(new RangeRequest { Key = _keys.State(ship), CountOnly = true }, cancel);
        return found.Count > 0 ? Open(ship) : null;
    }

    /// <inheritdoc/>
    public async ValueTask<IStoredLog> CreateLogAsync(
        Ship ship, Position origin, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        TxnRequest request = new() { Compare = { IsAbsent(_keys.State(ship)) }, Success = { Put(_keys.State(ship), EtcdState.New(origin).ToBytes()) } };
        foreach ((string key, ReadOnlyMemory<byte> value) in metadata)
        {
            MetadataKey.Check(key, value);
            request.Success.Add(Put(_keys.Metadata(ship, key), value));
        }
        try
        {
            await _client.WriteAsync(request, cancel);
        }
        catch (UnknownOutcomeException unknown)
        {
            throw Unfinished($"the log of {ship} could not be made", unknown);
        }
        catch (EtcdNoSpaceException full)
        {
            return await OpenLogAsync(ship, cancel) ?? throw DiskFull(full);
        }
        return Open(ship);
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<Ship>> ListLogsAsync(CancellationToken cancel)
    {
        RangeResponse found = await _client.RangeAsync(new RangeRequest { Key = _keys.States, RangeEnd = EtcdKeys.EndOf(_keys.States), KeysOnly = true }, cancel);
        return [.. found.Kvs.Select(pair => Ship.Parse(EtcdKeys.After(_keys.States, pair.Key)))];
    }

    /// <inheritdoc/>
    public async ValueTask<StoreIdentity> ReadIdentityAsync(CancellationToken cancel)
    {
        RangeRequest read = new() { Key = _keys.Identity };
        TxnRequest give = new()
        {
            Compare = { IsAbsent(_keys.Identity) },
            Success = { Put(_keys.Identity, NewIdentity.Make().ToArray()) },
        };
        try
        {
            RangeResponse found = await _client.RangeAsync(read, cancel);
            if (found.Kvs.Count == 0)
            {
                await _client.WriteAsync(give, cancel);
                found = await _client.RangeAsync(read, cancel);
            }
            return StoreIdentity.Read(found.Kvs.Count > 0 ? found.Kvs[0].Value.Span : [], $"below '{_keys.Prefix}/' in etcd");
        }
        catch (UnknownOutcomeException unknown)
        {
            throw Unfinished("the store's identity could not be given", unknown);
        }
        catch (EtcdNoSpaceException full)
        {
            throw DiskFull(full);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<long?> ReadRoomAsync(CancellationToken cancel) => await _room.ReadAsync(cancel);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _client.DisposeAsync();
        foreach (EtcdLogWriter writer in _writers.Values)
            writer.Dispose();
    }

    /// <summary>The error of a call that can't say "unknown" otherwise.</summary>
    internal static SeguroException Unfinished(string what, UnknownOutcomeException unknown) => new(
        ErrorCode.OutcomeUnknown, $"{what}: {unknown.Message}", "See that a majority of etcd's members runs; then repeat: repeating is safe.", unknown);

    /// <summary>The quota is passed.</summary>
    internal static SeguroException DiskFull(EtcdNoSpaceException full) => new(
        ErrorCode.DiskFull,
        "etcd takes no more writes: its database has reached its quota",
        "Nothing was written. Make room (etcdctl compact, then etcdctl defrag on each member) or start etcd with a larger --quota-backend-bytes; then etcdctl alarm disarm.",
        full);

    /// <summary>Reads a key's value.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.Corrupt"/>.</exception>
    internal static T Read<T>(KeyValue pair, Func<ReadOnlyMemory<byte>, T> parse)
    {
        try
        {
            return parse(pair.Value.Memory);
        }
        catch (FormatException error)
        {
            throw new SeguroException(ErrorCode.Corrupt, $"the key {pair.Key.ToStringUtf8()} in etcd is corrupt: {error.Message}",
                "Nothing was passed on. Restore the log from a member's local log or from a backup; let nothing else write below Seguro's prefix.", error);
        }
    }

    /// <summary>Puts a key. The value is not copied; it must stay as it is until the call ends.</summary>
    internal static RequestOp Put(ByteString key, ReadOnlyMemory<byte> value) => new() { Put = new PutRequest { Key = key, Value = UnsafeByteOperations.UnsafeWrap(value) } };

    /// <summary>The key does not exist: its revision of creation is 0.</summary>
    internal static Compare IsAbsent(ByteString key) => new() { Target = Compare.Types.Target.Create, Key = key, CreateRevision = 0 };

    private static ClusterCertificates? Certificates(StoreUrl url, StoreOptions options)
    {
        if (url.IsPlain)
            return null;
        return options.Certificates is { Length: > 0 } folder
            ? ClusterCertificates.Load(folder)
            : throw new SeguroException(ErrorCode.NotFound, $"{url} is spoken with over TLS, but no folder with certificates was named",
                "Name the folder with ca.crt, member.crt and member.key; on loopback alone, etcd+plain:// does without.");
    }

    /// <summary>Finds or makes the schema; the window that it says.</summary>
    private static async ValueTask<long> OpenSchemaAsync(EtcdClient client, EtcdKeys keys, StoreUrl url, StoreOptions options, CancellationToken cancel)
    {
        RangeRequest schema = new() { Key = keys.Schema };
        RangeResponse found = await client.RangeAsync(schema, cancel);
        if (found.Kvs.Count == 0)
        {
            ByteString all = ByteString.CopyFromUtf8(keys.Prefix + "/");
            RangeResponse any = await client.RangeAsync(new RangeRequest { Key = all, RangeEnd = EtcdKeys.EndOf(all), CountOnly = true }, cancel);
            if (any.Count > 0)
            {
                // The schema is the first key that Seguro writes: another may have made it since the question before.
                found = await client.RangeAsync(schema, cancel);
                if (found.Kvs.Count == 0)
                    throw Foreign(url, keys);
            }
            else if (!options.Create)
            {
                throw new SeguroException(ErrorCode.NotFound, $"{url} holds no logs yet: nothing lies below '{keys.Prefix}/'", "Check the URL and its prefix, or write something first (seguro pier import).");
            }
            else
            {
                string text = string.Create(CultureInfo.InvariantCulture, $"{SchemaName} {SchemaVersion}\nwindow {options.Window}\n");
                await client.WriteAsync(new TxnRequest { Compare = { IsAbsent(keys.Schema) }, Success = { Put(keys.Schema, Encoding.ASCII.GetBytes(text)) } }, cancel);
                found = await client.RangeAsync(schema, cancel);
            }
        }
        string[] words = found.Kvs[0].Value.ToStringUtf8().Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
        if (words is not [SchemaName, var version, ..] || !int.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
            throw Foreign(url, keys);
        if (number > SchemaVersion)
            throw new SeguroException(ErrorCode.NewerSchema, $"the store at {url} was made by a newer Seguro (version {number} of its keys)", "Use that Seguro, or a later one.");
        return words is [_, _, "window", var bytes] && long.TryParse(bytes, NumberStyles.None, CultureInfo.InvariantCulture, out long window) && window is >= SmallestWindow and <= LargestWindow
            ? window
            : throw Foreign(url, keys);
    }

    private static SeguroException Foreign(StoreUrl url, EtcdKeys keys) => new(
        ErrorCode.ForeignDatabase, $"what lies below '{keys.Prefix}/' in {url} is not Seguro's", "Give Seguro a prefix of its own: etcd://HOST:PORT,…/PREFIX.");

    private EtcdStoredLog Open(Ship ship) => new(_client, _keys, _room, _writers.GetOrAdd(ship, made => new EtcdLogWriter(_client, _keys, made)), ship);
}
