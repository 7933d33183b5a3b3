using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Seguro.Core;
using Seguro.Node.Admin;
using Seguro.Node.Configuration;

namespace Seguro.Node.Ships;

/// <summary>The ships of a node that holds many: those that its cluster's list names, each begun when it is added and ended when it is removed.</summary>
/// <remarks>For any thread; <see cref="FollowAsync"/> once.</remarks>
sealed class NodeShips(NodeConfiguration configuration, NodeParts node, ShipRegistry registry, Func<Ship, ILogger> logOf, ILogger log) : IDisposable
{
    private static readonly TimeSpan Glance = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, (RegisteredShip As, HostedShip Ship)> _hosted = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, (RegisteredShip As, SeguroException Why)> _refused = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Task> _ending = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly StartGate _gate = StartGate.OfMachine();
    private volatile IReadOnlyDictionary<string, RegisteredShip>? _applied; // what of the list is in force here
    private volatile string? _trouble;
    private volatile bool _hasEnded;

    /// <summary>How many the list has.</summary>
    public int Count => registry.Ships.Count;

    /// <summary>All that are held here, by name.</summary>
    public IReadOnlyList<HostedShip> All => [.. _hosted.OrderBy(static pair => pair.Key, StringComparer.Ordinal).Select(static pair => pair.Value.Ship)];

    /// <summary>How all of the list stand here, by name; those that can't be held are failed.</summary>
    public IReadOnlyList<ShipReport> Reports =>
    [
        .. _hosted.Select(static pair => pair.Value.Ship.Report)
            .Concat(_refused.Select(static pair => ShipReport.Refused(pair.Key, pair.Value.As.Number, pair.Value.Why)))
            .OrderBy(static report => report.Ship, StringComparer.Ordinal),
    ];

    /// <summary>Why the list can't be read now, a full sentence; <see langword="null"/> where it can.</summary>
    public string? Trouble => _trouble;

    /// <summary>One of them; <see langword="null"/> where the list has it not.</summary>
    /// <exception cref="SeguroException">It can't be held here.</exception>
    public HostedShip? Find(string name) => _hosted.TryGetValue(name, out (RegisteredShip As, HostedShip Ship) found) ? found.Ship
        : _refused.TryGetValue(name, out (RegisteredShip As, SeguroException Why) refused) ? throw new SeguroException(refused.Why.Code, refused.Why.Message, refused.Why.NextStep)
        : null;

    /// <summary>Begins what the list has, and follows it until cancelled. While the list can't be read, the ships go on.</summary>
    public async Task FollowAsync(CancellationToken cancel)
    {
        await ApplyAsync(cancel);
        using PeriodicTimer timer = new(Glance);
        while (await timer.WaitForNextTickAsync(cancel))
        {
            try
            {
                if (await registry.HasMoreAsync(cancel))
                    await registry.ReadAsync(cancel);
                // Whoever adds or removes reads, too, and may fail after that.
                if (!ReferenceEquals(registry.Ships, _applied))
                    await ApplyAsync(cancel);
                _trouble = null;
            }
            catch (SeguroException error)
            {
                if (_trouble is null)
                    log.LogWarning("The list of the cluster's ships can't be read: {Why}.", error.Message);
                _trouble = $"The list of the cluster's ships can't be read: {error.Message}. {error.NextStep}";
            }
        }
    }

    /// <summary>Adds a ship to the cluster; every node begins it when it sees that.</summary>
    /// <exception cref="SeguroException">It can't be held; <see cref="ErrorCode.AlreadyExists"/>; what the store throws.</exception>
    public async Task AddAsync(RegisteredShip ship, CancellationToken cancel)
    {
        RefuseEnded();
        ship = ship with { Ship = configuration.With(ship).Ship.Name }; // checked, and in the one form of a name
        ship = await registry.AddAsync(ship, numbered => configuration.With(numbered), cancel);
        log.LogInformation("{Ship} was added to the cluster, as number {Number}.", ship.Ship, ship.Number);
        await ApplyAsync(CancellationToken.None);
    }

    /// <summary>Removes a ship from the cluster; every node ends it when it sees that. Its log and its folders stay.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.NotFound"/>; what the store throws.</exception>
    public async Task RemoveAsync(string ship, CancellationToken cancel)
    {
        RefuseEnded();
        await registry.ReadAsync(cancel);
        if (!registry.Ships.ContainsKey(ship))
            throw new SeguroException(ErrorCode.NotFound, $"the cluster has no ship {ship}", "See which it has: seguro ship list");
        await registry.RemoveAsync(ship, cancel);
        log.LogInformation("{Ship} was removed from the cluster. Its log stays in the store.", ship);
        await ApplyAsync(CancellationToken.None);
    }

    /// <summary>Ends all of them cleanly, at the same time.</summary>
    public async Task EndAsync()
    {
        await _turn.WaitAsync(CancellationToken.None);
        _hasEnded = true;
        Task[] ends = [.. _hosted.Values.Select(static hosted => hosted.Ship.DisposeAsync().AsTask()), .. _ending.Values];
        _turn.Release();
        await Task.WhenAll(ends);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _turn.Dispose();
        _gate.Dispose();
    }

    /// <summary>The admin API answers for longer than the list can be asked.</summary>
    private void RefuseEnded()
    {
        if (_hasEnded)
            throw new SeguroException(ErrorCode.StoreUnavailable, $"{configuration.Self.Name} ends", "Ask another node, or this one when it is there again.");
    }

    /// <summary>Begins and ends what the list wants. Waits for neither.</summary>
    private async Task ApplyAsync(CancellationToken cancel)
    {
        await _turn.WaitAsync(cancel);
        try
        {
            if (_hasEnded)
                return;
            IReadOnlyDictionary<string, RegisteredShip> wanted = registry.Ships;
            foreach ((string name, (RegisteredShip known, HostedShip ship)) in _hosted)
            {
                if (wanted.GetValueOrDefault(name) == known || !_hosted.TryRemove(name, out _))
                    continue;
                log.LogInformation("{Ship} ends here: it was removed.", name);
                _ending[name] = ship.DisposeAsync().AsTask();
            }
            foreach (string gone in _refused.Keys.Where(name => !wanted.ContainsKey(name)))
                _refused.TryRemove(gone, out _);
            foreach ((string name, RegisteredShip ship) in wanted.Where(pair => !_hosted.ContainsKey(pair.Key)).OrderBy(static pair => pair.Value.Number))
                Begin(name, ship);
            foreach (string ended in _ending.Where(static pair => pair.Value.IsCompleted).Select(static pair => pair.Key).ToArray())
                _ending.Remove(ended);
            _applied = wanted;
        }
        finally
        {
            _turn.Release();
        }
    }

    private void Begin(string name, RegisteredShip ship)
    {
        if (_refused.TryGetValue(name, out (RegisteredShip As, SeguroException Why) refused) && refused.As == ship)
            return; // this node is told no other way than it was
        NodeConfiguration own;
        try
        {
            own = configuration.With(ship);
            _refused.TryRemove(name, out _);
        }
        catch (SeguroException error)
        {
            // Added at a node that is of another version, or told otherwise.
            _refused[name] = (ship, error);
            log.LogError("{Ship} can't be held here: {Why}. {NextStep}", name, error.Message, error.NextStep);
            return;
        }
        HostedShip hosted = new(own, node, _gate, logOf(own.Ship), TimeProvider.System);
        _hosted[name] = (ship, hosted);
        hosted.Start(_ending.GetValueOrDefault(name) ?? Task.CompletedTask);
    }
}
