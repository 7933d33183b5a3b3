using Seguro.Core;
using Seguro.Stores;

namespace Seguro.Testing;

/// <summary>Many ships' piers in one folder, each an <c>lmdb</c> store of its own, as one client: a pier holds one ship, and the suite uses many.</summary>
public sealed class PierFleet(string folder) : IStore
{
    private readonly Dictionary<Ship, IStore> _piers = [];
    private readonly SemaphoreSlim _opening = new(1);
    private IStore? _any;

    /// <summary>The ship whose pier has the fleet's identity.</summary>
    public static Ship Keeper { get; } = Ship.Parse("~keeper-keeper");

    /// <inheritdoc/>
    public StoreCapabilities Capabilities => Any().Capabilities;

    /// <inheritdoc/>
    public async ValueTask<IStoredLog?> OpenLogAsync(Ship ship, CancellationToken cancel) => await (await OpenAsync(ship, cancel)).OpenLogAsync(ship, cancel);

    /// <inheritdoc/>
    public async ValueTask<IStoredLog> CreateLogAsync(
        Ship ship, Position origin, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata, CancellationToken cancel) =>
        await (await OpenAsync(ship, cancel)).CreateLogAsync(ship, origin, metadata, cancel);

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<Ship>> ListLogsAsync(CancellationToken cancel)
    {
        List<Ship> ships = [];
        foreach (string pier in Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal))
        {
            await using IStore store = await StoreConnection.OpenAsync(StoreUrl.Parse($"lmdb:{pier}"), new StoreOptions(), cancel);
            ships.AddRange(await store.ListLogsAsync(cancel));
        }
        return ships;
    }

    /// <summary>The identity of <see cref="Keeper"/>'s pier.</summary>
    public async ValueTask<StoreIdentity> ReadIdentityAsync(CancellationToken cancel)
    {
        IStore store = await OpenAsync(Keeper, cancel);
        await (await store.CreateLogAsync(Keeper, Position.Origin, new Dictionary<string, ReadOnlyMemory<byte>>(), cancel)).DisposeAsync();
        return await store.ReadIdentityAsync(cancel);
    }

    /// <inheritdoc/>
    public ValueTask<long?> ReadRoomAsync(CancellationToken cancel) => Any().ReadRoomAsync(cancel);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (IStore store in _piers.Values)
            await store.DisposeAsync();
        if (_any is not null)
            await _any.DisposeAsync();
        _opening.Dispose();
    }

    private async ValueTask<IStore> OpenAsync(Ship ship, CancellationToken cancel)
    {
        await _opening.WaitAsync(cancel);
        try
        {
            if (!_piers.TryGetValue(ship, out IStore? store))
                _piers.Add(ship, store = await OpenPathAsync(ship.Name[1..], cancel));
            return store;
        }
        finally
        {
            _opening.Release();
        }
    }

    private ValueTask<IStore> OpenPathAsync(string name, CancellationToken cancel) =>
        StoreConnection.OpenAsync(StoreUrl.Parse($"lmdb:{Path.Combine(folder, name)}"), new StoreOptions { Create = true }, cancel);

    private IStore Any() => _any ??= OpenPathAsync("none", default).AsTask().GetAwaiter().GetResult();
}
