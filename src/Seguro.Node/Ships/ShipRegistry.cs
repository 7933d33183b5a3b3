using System.Text;
using System.Text.Json;
using Seguro.Core;
using Seguro.Piers.Transfer;
using Seguro.Stores;

namespace Seguro.Node.Ships;

/// <summary>Which ships a cluster of nodes holds: a log in their store, like a ship's, with an event for each that was added or removed. So all nodes see the same, in one order.</summary>
/// <remarks>
/// The log's name is none of Urbit's: <c>seg</c> and <c>uro</c> are no syllables. It is never trimmed. For any thread, one call to change it at a time.
/// </remarks>
sealed class ShipRegistry : IAsyncDisposable
{
    private const string OwnerKey = "nodes";

    /// <summary>The log's name.</summary>
    public static readonly Ship Name = Core.Ship.Parse("~seguro");

    private static readonly TimeSpan LeaseDuration = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(30); // longer than a store takes for a write of unknown outcome

    private readonly EventLog _log;
    private readonly IStore _store;
    private readonly FleetIdentity _owner;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly Dictionary<string, RegisteredShip> _former = new(StringComparer.Ordinal); // under _turn: as ships were that are not on the list now
    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal); // under _turn: of all that were ever there
    private readonly HashSet<string> _back = new(StringComparer.Ordinal); // under _turn: those that were removed and added again
    private int _unused; // under _turn: the lowest number that no ship ever had
    private Position _at;
    private volatile Look? _look; // the lease, as it was when the list was read
    private volatile Dictionary<string, RegisteredShip> _ships = new(StringComparer.Ordinal);

    private ShipRegistry(EventLog log, IStore store, FleetIdentity owner)
    {
        _owner = owner;
        _log = log;
        _store = store;
    }

    /// <summary>All ships, by name, as they were last read.</summary>
    public IReadOnlyDictionary<string, RegisteredShip> Ships => _ships;

    /// <summary>Opens the list, or makes it, and reads it.</summary>
    /// <param name="store">The store; the caller's to close, after this.</param>
    /// <param name="owner">Whose list it is.</param>
    /// <param name="cancel">Ends the attempt.</param>
    /// <exception cref="SeguroException">What the store throws; <see cref="ErrorCode.Corrupt"/>: the log is something else; <see cref="ErrorCode.OtherNodes"/>: it is another cluster's.</exception>
    public static async Task<ShipRegistry> OpenAsync(IStore store, FleetIdentity owner, CancellationToken cancel)
    {
        Dictionary<string, ReadOnlyMemory<byte>> metadata = new() { [OwnerKey] = Encoding.UTF8.GetBytes(owner.Text) };
        IStoredLog stored = await store.CreateLogAsync(Name, Position.Origin, metadata, cancel);
        ShipRegistry registry = new(new EventLog(stored, store.Capabilities), store, owner);
        try
        {
            await registry.RefuseOthersAsync(owner, cancel);
            await registry.ReadAsync(cancel);
            return registry;
        }
        catch
        {
            await registry.DisposeAsync();
            throw;
        }
    }

    /// <summary>Nodes of two clusters would be masters of each other's ships, and know nothing of each other.</summary>
    private async Task RefuseOthersAsync(FleetIdentity owner, CancellationToken cancel)
    {
        if (!(await _log.Stored.ReadMetadataAsync(cancel)).TryGetValue(OwnerKey, out ReadOnlyMemory<byte> found) || owner.Is(Encoding.UTF8.GetString(found.Span)))
            return;
        string name = Encoding.UTF8.GetString(found.Span).Split(' ')[0];
        throw new SeguroException(
            ErrorCode.OtherNodes,
            name == owner.Cluster
                ? $"this database holds the ships of another cluster of nodes, which is called '{name}', too, and has an authority of its own"
                : $"this database holds the ships of the cluster of nodes '{name}', and this node is of '{owner.Cluster}'",
            "Use a database of its own for each cluster of nodes. Where it is this cluster, whose authority was lost and made anew: copy its ships' logs into a new database (seguro log copy).");
    }

    /// <summary>
    /// Whether there may be more than what was read, by a plain read: whoever changes the list takes its lease first. One who holds it may be about to, and is read after for a while.
    /// </summary>
    /// <remarks>To ask for the next event itself would cost a commit each time: that there is none is confirmed by a write.</remarks>
    public async Task<bool> HasMoreAsync(CancellationToken cancel)
    {
        Lease seen = await _log.Stored.ObserveLeaseAsync(cancel);
        return _look is not { } look || seen != look.Lease || (seen.IsHeld && BootClock.Instance.GetElapsedTime(look.Since) < Settling);
    }

    /// <summary>Reads what is new.</summary>
    public async Task ReadAsync(CancellationToken cancel)
    {
        await _turn.WaitAsync(cancel);
        try
        {
            await ReadNewAsync(cancel);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Adds a ship, durably, and gives it a number. Adding what is there already, with the same settings, changes nothing.</summary>
    /// <param name="ship">The ship.</param>
    /// <param name="check">Throws where the ship can't be held, with the number that it is to have.</param>
    /// <param name="cancel">Ends the attempt; the ship may be added all the same.</param>
    /// <returns>The ship with its number.</returns>
    /// <exception cref="SeguroException"><see cref="ErrorCode.AlreadyExists"/>: it is there with other settings; what <paramref name="check"/> and the store throw.</exception>
    public async Task<RegisteredShip> AddAsync(RegisteredShip ship, Action<RegisteredShip> check, CancellationToken cancel)
    {
        bool hasLog = await HasLogAsync(ship.Ship, cancel);
        await ChangeAsync(
            () =>
            {
                if (_ships.GetValueOrDefault(ship.Ship) is not { } known)
                {
                    RegisteredShip numbered = hasLog ? AsBefore(ship) : ship;
                    numbered = numbered with { Number = NumberOf(ship.Ship) };
                    check(numbered);
                    return new RegistryChange(numbered, null);
                }
                // One that came back has the kernel that it had before, whatever is said now.
                bool isAsBefore = _back.Contains(ship.Ship) && known == ship with { Number = known.Number, Kernel = known.Kernel };
                if (known != ship with { Number = known.Number } && !isAsBefore)
                    throw new SeguroException(ErrorCode.AlreadyExists, $"the cluster has {ship.Ship} already, added with other settings: {Describe(known)}", $"To add it anew, first: seguro ship remove {ship.Ship}");
                return null;
            },
            cancel);
        return _ships[ship.Ship];
    }

    /// <summary>Removes a ship, durably; its log stays. One that is not there is no error.</summary>
    public Task RemoveAsync(string ship, CancellationToken cancel) => ChangeAsync(() => _ships.ContainsKey(ship) ? new RegistryChange(null, ship) : null, cancel);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _log.DisposeAsync();
        _turn.Dispose();
    }

    private static string Describe(RegisteredShip ship) =>
        $"kind {ship.Kind}, kernel {ship.Kernel}, {(ship.Fake ? "fake" : "real")}, {(ship.Master is { } master ? $"master {master}" : "any master")}, {(ship.Optimism is { } optimism ? $"optimism {optimism}" : "the nodes' optimism")}";

    /// <summary>
    /// A ship that was here before goes on where it was, so it is what it was: what computes its log can't become something else, and with the demo kernel it is spoken to by its rules.
    /// </summary>
    private RegisteredShip AsBefore(RegisteredShip ship)
    {
        if (_former.GetValueOrDefault(ship.Ship) is not { } former)
            return ship;
        if (former.Kind != ship.Kind)
            throw new SeguroException(ErrorCode.AlreadyExists, $"{ship.Ship} was of kind {former.Kind} here, and its log is in the store: as one of kind {ship.Kind} it would not go on", $"Add it as it was: seguro ship add {ship.Ship} --kind {former.Kind}");
        return ship with { Kernel = former.Kernel };
    }

    private async Task<bool> HasLogAsync(string ship, CancellationToken cancel)
    {
        if (await _store.OpenLogAsync(Core.Ship.Parse(ship), cancel) is not { } log)
            return false;
        await log.DisposeAsync();
        return true;
    }

    /// <summary>A number is a port, at which a balancer knows the ship's term: another ship, whose term is lower, would be mute there. So a ship keeps its own.</summary>
    private int NumberOf(string ship) =>
        _numbers.TryGetValue(ship, out int own) && _ships.Values.All(other => other.Number != own) ? own : _unused;

    /// <summary>Becomes the list's writer for a moment, as whoever appends to a log does, reads what is new, and appends what that asks for.</summary>
    private async Task ChangeAsync(Func<RegistryChange?> change, CancellationToken cancel)
    {
        await _turn.WaitAsync(cancel);
        try
        {
            await using WriterLease lease = await AcquireAsync(cancel);
            await ReadNewAsync(cancel);
            await ClaimAsync(lease.Term, cancel);
            if (change() is not { } wanted)
                return;
            byte[] payload = JsonSerializer.SerializeToUtf8Bytes(wanted, RegistryJson.Default.RegistryChange);
            AppendResult result = await _log.AppendAsync(lease.Term, _at, [payload], cancel);
            if (!result.IsCommitted)
                throw new SeguroException(ErrorCode.OutcomeUnknown, $"the change of the list of ships was not confirmed: {result.Outcome}", "Look at `seguro ship list`, and repeat it.");
            await ReadNewAsync(cancel);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>A list of before this was noted is this cluster's from now on; and where its authority is exchanged, the one that issues now is noted while both are trusted.</summary>
    private async Task ClaimAsync(Term term, CancellationToken cancel)
    {
        IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata = await _log.Stored.ReadMetadataAsync(cancel);
        byte[] own = Encoding.UTF8.GetBytes(_owner.Text);
        ReadOnlyMemory<byte>? there = metadata.TryGetValue(OwnerKey, out ReadOnlyMemory<byte> found) ? found : (ReadOnlyMemory<byte>?)null;
        if (there is null || !found.Span.SequenceEqual(own))
            await LogMetadata.SetAsync(_log, term, OwnerKey, there, own, cancel);
    }

    /// <summary>Another node that changes the list is waited for.</summary>
    private async Task<WriterLease> AcquireAsync(CancellationToken cancel)
    {
        long start = BootClock.Instance.GetTimestamp();
        while (true)
        {
            try
            {
                return await WriterLease.AcquireAsync(_log, "ships", LeaseDuration, BootClock.Instance, cancel);
            }
            catch (SeguroException error) when (error.Code is ErrorCode.LeaseHeld && BootClock.Instance.GetElapsedTime(start) < Patience)
            {
                await Task.Delay(Pause, cancel);
            }
        }
    }

    private async Task ReadNewAsync(CancellationToken cancel)
    {
        LogState state = await _log.ReadStateAsync(cancel);
        if (state.Head.Number > _at.Number)
            await ReadEventsAsync(state, cancel);
        if (_look is not { } look || look.Lease != state.Lease)
            _look = new Look(state.Lease, BootClock.Instance.GetTimestamp());
    }

    private async Task ReadEventsAsync(LogState state, CancellationToken cancel)
    {
        Dictionary<string, RegisteredShip> ships = new(_ships, StringComparer.Ordinal);
        Position at = _at;
        await foreach (Event read in _log.ReadAsync(state, at.Number.Next, state.Head.Number, cancel))
        {
            RegistryChange change = Parse(read);
            if (change.Add is { } added)
            {
                ships[added.Ship] = added;
                if (_former.Remove(added.Ship))
                    _back.Add(added.Ship);
                _numbers[added.Ship] = added.Number;
                _unused = Math.Max(_unused, added.Number + 1);
            }
            if (change.Remove is { } removed && ships.Remove(removed, out RegisteredShip? former))
                _former[removed] = former;
            at = new Position(read.Number, read.Chain);
        }
        _ships = ships;
        _at = at;
    }

    private static RegistryChange Parse(Event read)
    {
        try
        {
            return JsonSerializer.Deserialize(read.Payload.Span, RegistryJson.Default.RegistryChange) ?? throw new JsonException("it is null");
        }
        catch (JsonException error)
        {
            string text = Encoding.UTF8.GetString(read.Payload.Span[..Math.Min(80, read.Payload.Length)]);
            throw new SeguroException(ErrorCode.NewerSchema, $"event {read.Number} of the list of ships is nothing that this Seguro knows: {text}", "Use the newer Seguro that made it.", error);
        }
    }

    private sealed record Look(Lease Lease, long Since);
}
