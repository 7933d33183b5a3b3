using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Seguro.Core;

namespace Seguro.Stores.Dqlite;

/// <summary>A store in a dqlite cluster: replicated by Raft, in the memory of its nodes, under a hard cap.</summary>
/// <remarks>
/// <para>A commit is in the logs of a majority of the voting nodes, each fsync'd.</para>
/// <para>Nothing is decided by a plain read: a deposed leader answers those with old data. A write that was refused is confirmed by another write that must go
/// through the majority; then the state is read on the same connection.</para>
/// <para>Threading: all members may be called at the same time. Writes of one store object go one after the other, in the order in which they came.</para>
/// </remarks>
public sealed class DqliteStore : IWindowedStore
{
    /// <summary>
    /// The largest fragment, and the most payload of one transaction, in bytes. Measured on three nodes: 512 KiB gives the most bytes a second, at a third of the
    /// latency of 1 MiB; a transaction must be replicated well within the election timeout.
    /// </summary>
    public const int LargestFragment = 512 << 10;

    /// <summary>The smallest window that a database may have, in bytes.</summary>
    public const long SmallestWindow = 1L << 20;

    /// <summary>The largest window that a database may have, in bytes: dqlite 1.11 ends for good at 4 GiB, and pages are not full.</summary>
    public const long LargestWindow = 1L << 30;

    private readonly DqliteClient _client;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<Ship, AppendSignal> _signals = new();

    private DqliteStore(DqliteClient client, TimeProvider time, StoreCapabilities capabilities)
    {
        _client = client;
        _time = time;
        Capabilities = capabilities;
    }

    /// <inheritdoc/>
    public StoreCapabilities Capabilities { get; }

    /// <summary>Finds the leader and opens the database; makes its tables where <see cref="StoreOptions.Create"/> allows it.</summary>
    /// <exception cref="SeguroException">
    /// <see cref="ErrorCode.BadStoreUrl"/>, <see cref="ErrorCode.InsecureTransport"/>, <see cref="ErrorCode.StoreUnavailable"/>,
    /// <see cref="ErrorCode.AccessDenied"/>, <see cref="ErrorCode.ForeignDatabase"/>, <see cref="ErrorCode.NewerSchema"/>, <see cref="ErrorCode.NotFound"/>.
    /// </exception>
    public static async ValueTask<DqliteStore> OpenAsync(StoreUrl url, StoreOptions options, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(url);
        ArgumentNullException.ThrowIfNull(options);
        IReadOnlyList<HostAddress> addresses = DqliteStoreUrl.Addresses(url);
        if (options.Window is < SmallestWindow or > LargestWindow)
        {
            throw new SeguroException(
                ErrorCode.BadValue,
                $"a window of {options.Window:N0} bytes can't be kept in dqlite",
                $"Choose one from {SmallestWindow:N0} to {LargestWindow:N0} bytes, or use postgres for more.");
        }
        DqliteLeaderSearch search = new(addresses, DqliteTransport.Choose(url, options), options.Time);
        DqliteClient client = new(search, options.Patience, options.Time);
        try
        {
            (long window, IReadOnlyList<DqliteServer> servers) = await client.WriteAsync(
                async (session, token) =>
                {
                    long cap = await DqliteStoreSchema.OpenAsync(session, url, options, token);
                    return (cap, await session.ClusterAsync(token));
                },
                cancel);
            search.Learn(servers);
            return new DqliteStore(client, options.Time, QuorumStore.Describe(
                "dqlite", "node", Math.Max(1, servers.Count(static server => server.Role == DqliteRole.Voter)), LargestFragment, window, options.Window));
        }
        catch (UnknownOutcomeException unknown)
        {
            await client.DisposeAsync();
            throw Unfinished("the tables could not be made", unknown);
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
        (long Id, long Origin)? found = await _client.ReadAsync((session, token) => FindAsync(session, ship, token), cancel);
        try
        {
            // A node that was deposed may not have heard of the log: ask again behind a write.
            found ??= await _client.WriteAsync(
                async (session, token) =>
                {
                    await session.ExecAsync(DqliteSql.Barrier, [], token);
                    return await FindAsync(session, ship, token);
                },
                cancel);
        }
        catch (UnknownOutcomeException unknown)
        {
            throw Unconfirmed($"whether there is a log of {ship} could not be found out", unknown);
        }
        return found is { } log ? Open(ship, log) : null;
    }

    /// <inheritdoc/>
    public async ValueTask SetWindowAsync(long bytes, CancellationToken cancel)
    {
        if (bytes is < SmallestWindow or > LargestWindow)
            throw new SeguroException(ErrorCode.BadValue, $"a window of {bytes:N0} bytes can't be kept in dqlite", $"Choose one from {SmallestWindow:N0} to {LargestWindow:N0} bytes.");
        try
        {
            // A row that is set to what it is counts as changed, too: 0 means that it did not hold.
            long changed = await _client.WriteAsync(async (session, token) => (await session.ExecAsync(DqliteSql.SetCap, [bytes], token)).Rows, cancel);
            if (changed == 0)
                throw new SeguroException(ErrorCode.BadValue, $"the store holds more than {bytes:N0} bytes", "Choose more than `seguro cluster window` says is in use.");
        }
        catch (UnknownOutcomeException unknown)
        {
            throw Unfinished("the window could not be changed", unknown);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<IStoredLog> CreateLogAsync(
        Ship ship, Position origin, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        foreach ((string key, ReadOnlyMemory<byte> value) in metadata)
            MetadataKey.Check(key, value);
        string statements = CreateLog(ship, origin, metadata);
        try
        {
            (long Id, long Origin) log = await _client.WriteAsync(
                async (session, token) =>
                {
                    if (await FindAsync(session, ship, token) is { } found)
                        return found;
                    await session.TransactAsync(statements, token);
                    return await FindAsync(session, ship, token) ?? throw new InvalidOperationException("A log that was just made is not there.");
                },
                cancel);
            return Open(ship, log);
        }
        catch (UnknownOutcomeException unknown)
        {
            throw Unfinished($"the log of {ship} could not be made", unknown);
        }
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<Ship>> ListLogsAsync(CancellationToken cancel) => _client.ReadAsync<IReadOnlyList<Ship>>(
        async (session, token) =>
        {
            using DqliteRows rows = await session.QueryAsync(DqliteSql.Ships, [], token);
            List<Ship> ships = [];
            while (rows.Read())
                ships.Add(Ship.Parse(rows.Text(0)));
            return ships;
        },
        cancel);

    /// <inheritdoc/>
    public async ValueTask<StoreIdentity> ReadIdentityAsync(CancellationToken cancel)
    {
        byte[] candidate = NewIdentity.Make().ToArray();
        try
        {
            return await _client.WriteAsync(
                async (session, token) =>
                {
                    await session.ExecAsync(DqliteSql.GiveIdentity, [NewIdentity.Key, candidate], token);
                    await session.ExecAsync(DqliteSql.Barrier, [], token); // what another client gave is then a majority's, too
                    using DqliteRows rows = await session.QueryAsync(DqliteSql.Identity, [NewIdentity.Key], token);
                    return StoreIdentity.Read(rows.Read() ? rows.Blob(0).Span : [], "in dqlite");
                },
                cancel);
        }
        catch (UnknownOutcomeException unknown)
        {
            throw Unfinished("the store's identity could not be confirmed", unknown);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<long?> ReadRoomAsync(CancellationToken cancel) =>
        await _client.ReadAsync(async (session, token) => (await DqliteRoom.ReadAsync(session, token)).Bytes, cancel);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _client.DisposeAsync();

    /// <summary>The error of a call that can't say "unknown" otherwise.</summary>
    internal static SeguroException Unfinished(string what, UnknownOutcomeException unknown) => new(
        ErrorCode.OutcomeUnknown,
        $"{what}: {unknown.Message}",
        "See that a majority of the cluster's nodes runs and has room on its disks; then repeat: repeating is safe.",
        unknown);

    /// <summary>The error of a read that could not be confirmed by a write.</summary>
    internal static SeguroException Unconfirmed(string what, UnknownOutcomeException unknown) => new(
        ErrorCode.StoreUnavailable,
        $"{what}: {unknown.Message}",
        "See that a majority of the cluster's nodes runs and has room on its disks; then repeat.",
        unknown);

    private static async ValueTask<(long Id, long Origin)?> FindAsync(DqliteSession session, Ship ship, CancellationToken cancel)
    {
        using DqliteRows rows = await session.QueryAsync(DqliteSql.FindLog, [ship.Name], cancel);
        return rows.Read() ? (rows.Integer(0), rows.Integer(1)) : null;
    }

    /// <summary>The log's row and its metadata's. Literals, since parameters go to the first statement only; all of them were checked or are digits.</summary>
    private static string CreateLog(Ship ship, Position origin, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata)
    {
        string name = ship.Name;
        string next = "(SELECT coalesce(max(id), 0) + 1 FROM log)";
        StringBuilder sql = new();
        sql.Append(
            CultureInfo.InvariantCulture,
            $"INSERT INTO log VALUES({next}, '{name}', {unchecked((long)origin.Number.Value)}, {next} << 44, X'{origin.Chain}', 0, 0, 0, '', 0, 0)");
        foreach ((string key, ReadOnlyMemory<byte> value) in metadata)
        {
            sql.Append(
                CultureInfo.InvariantCulture,
                $"; INSERT INTO metadata SELECT id, '{key}', X'{Convert.ToHexString(value.Span)}' FROM log WHERE ship = '{name}'");
        }
        return sql.ToString();
    }

    private DqliteStoredLog Open(Ship ship, (long Id, long Origin) log) =>
        new(_client, _time, _signals.GetOrAdd(ship, static _ => new AppendSignal()), ship, new DqliteLogKeys(log.Id, unchecked((ulong)log.Origin)));
}
