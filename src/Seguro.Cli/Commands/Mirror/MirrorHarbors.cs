using Seguro.Core;
using Seguro.Harbor.Format;
using Seguro.Harbor.Targets;
using Seguro.Harbor.Writing;

namespace Seguro.Cli.Commands.Mirror;

/// <summary>The harbors beside a mirror: they follow the mirror's store, over a connection of their own, and hold the mirror up in nothing.</summary>
internal sealed class MirrorHarbors : IAsyncDisposable
{
    private readonly IStore _store;
    private readonly EventLog _log;
    private readonly HostKey _host;
    private readonly List<IHarborTarget> _targets = [];
    private readonly List<HarborBackup> _backups = [];
    private readonly Action<bool, string> _tell;
    private readonly CancellationTokenSource _stop = new();
    private readonly HashSet<HarborBackup> _ended = [];
    private Task _running = Task.CompletedTask;

    private MirrorHarbors(IStore store, EventLog log, HostKey host, Action<bool, string> tell)
    {
        _store = store;
        _log = log;
        _host = host;
        _tell = tell;
    }

    public Ship Ship => _log.Ship;

    public IEnumerable<BackupStatus> Statuses => _backups.Select(static backup => backup.Status);

    /// <summary>A target is behind for a minute or longer, or can't be gone on with.</summary>
    public bool IsDegraded
    {
        get
        {
            lock (_ended)
                return _ended.Count > 0 || Statuses.Any(static status => status.IsDegraded);
        }
    }

    public static async Task<MirrorHarbors> OpenAsync(
        Func<ValueTask<IStore>> openStore, Ship ship, IReadOnlyList<string> urls, string key, TimeSpan within, Action<bool, string> tell, CancellationToken cancel)
    {
        HostKey host = HostKey.Read(key);
        IStore store = await openStore();
        IStoredLog stored = await store.OpenLogAsync(ship, cancel) ?? throw new InvalidOperationException($"The mirror's store has no log of {ship}.");
        MirrorHarbors harbors = new(store, new EventLog(stored, store.Capabilities), host, tell);
        try
        {
            foreach (string url in urls)
            {
                IHarborTarget target = HarborTarget.Open(url);
                harbors._targets.Add(target);
                harbors._backups.Add(new HarborBackup(harbors._log, target, host, new BackupOptions { Within = within, Tell = tell }));
            }
            return harbors;
        }
        catch
        {
            await harbors.DisposeAsync();
            throw;
        }
    }

    /// <summary>Archives what the store has now, at each target; one that fails is told and keeps no other from it.</summary>
    public async Task CatchUpAsync(CancellationToken cancel)
    {
        foreach (HarborBackup backup in _backups)
        {
            try
            {
                await backup.CatchUpAsync(cancel);
            }
            catch (Exception failed) when (failed is not OperationCanceledException || !cancel.IsCancellationRequested)
            {
                End(backup, failed);
            }
        }
    }

    /// <summary>Follows from now on.</summary>
    public void Start() => _running = Task.WhenAll(_backups.Select(backup => Task.Run(() => FollowAsync(backup), CancellationToken.None)));

    /// <summary>Ends that.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _running;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        foreach (HarborBackup backup in _backups)
            backup.Dispose();
        foreach (IHarborTarget target in _targets)
            await target.DisposeAsync();
        await _log.DisposeAsync();
        await _store.DisposeAsync();
        _host.Dispose();
        _stop.Dispose();
    }

    private async Task FollowAsync(HarborBackup backup)
    {
        try
        {
            await backup.RunAsync(_stop.Token);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // It was told to end.
        }
        catch (Exception failed) when (!_stop.IsCancellationRequested)
        {
            End(backup, failed);
        }
    }

    private void End(HarborBackup backup, Exception fault)
    {
        SeguroException failed = fault as SeguroException ?? HarborBackup.Unforeseen(backup.Status.Target, fault);
        lock (_ended)
            _ended.Add(backup);
        _tell(true, $"{backup.Status.Target} is not gone on with: {failed.Message} ({failed.CodeText}). {failed.NextStep}");
    }
}
