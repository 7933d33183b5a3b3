using Seguro.Core;
using Seguro.Piers.Store;

namespace Seguro.Piers.LocalLogs;

/// <content>The pier is lent to a vere: it holds the lock and writes. What the log had before can be read meanwhile; nothing can be written.</content>
public sealed partial class LocalLog
{
    private const int MostReaders = 64;

    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly SemaphoreSlim _reading = new(MostReaders, MostReaders);

    /// <summary>Gives the pier away: its lock is free when this returns, or with whoever wrote for this log before. <see cref="TakeBackAsync"/> must follow, once whoever took it is gone.</summary>
    public async Task LendAsync(CancellationToken cancel)
    {
        await _writing.WaitAsync(cancel);
        if (_writer is not null)
            _writer = null;
        else
            await LetGoAsync(cancel);
    }

    /// <summary>As <see cref="LendAsync"/>, but not where another writes for this log already (<see cref="FollowAsync"/>).</summary>
    /// <returns>False where it is so: nothing was lent.</returns>
    public async Task<bool> TryLendAsync(CancellationToken cancel)
    {
        await _writing.WaitAsync(cancel);
        if (_writer is not null)
        {
            _writing.Release();
            return false;
        }
        await LetGoAsync(cancel);
        return true;
    }

    private async Task LetGoAsync(CancellationToken cancel)
    {
        try
        {
            await _log.Stored.ResignAsync(_lease, cancel);
            await ChangeAsync(async () =>
            {
                LmdbStore store = await LmdbStore.OpenAsync(_path, create: false, readOnly: true, EvidenceKinds.None, _time, CancellationToken.None);
                return (store, new EventLog(await OpenAsync(store), store.Capabilities), _lease, _state.Value);
            }, cancel);
        }
        catch
        {
            _writing.Release();
            throw;
        }
    }

    /// <summary>Takes the pier again, with what was written meanwhile.</summary>
    /// <exception cref="SeguroException">
    /// <see cref="ErrorCode.PierLocked"/>: somebody holds it still; as
    /// <see cref="OpenAsync(string, Ship, Func{CancellationToken, ValueTask{IReadOnlyDictionary{string, ReadOnlyMemory{byte}}}}, string, TimeProvider, CancellationToken)"/>.
    /// </exception>
    /// <exception cref="DamagedLogException">It is damaged.</exception>
    public async Task TakeBackAsync()
    {
        try
        {
            await HoldAgainAsync();
        }
        finally
        {
            _writing.Release();
        }
    }

    private async Task HoldAgainAsync()
    {
        _writer = null;
        try
        {
            await ChangeAsync(async () =>
            {
                await SnapshotsAside.TornAsync(_path, QuarantinePath, _time.GetUtcNow(), CancellationToken.None);
                LmdbStore store = await LmdbStore.OpenAsync(_path, create: false, _time, CancellationToken.None);
                return await HoldAsync(store, await OpenAsync(store), _path, _owner, CancellationToken.None);
            }, CancellationToken.None);
        }
        catch (SeguroException error) when (DamagedLogException.IsAtOpening(error))
        {
            throw new DamagedLogException(error);
        }
    }

    private async Task<IStoredLog> OpenAsync(LmdbStore store) =>
        await store.OpenLogAsync(_log.Ship, CancellationToken.None) ?? throw new SeguroException(ErrorCode.NotAPier, $"the pier {_path} is gone", "Restore it from a store or from another member.");

    /// <summary>Opens the files anew, in another way, while nobody reads. A process opens an environment only once, so the old way is closed first.</summary>
    private async Task ChangeAsync(Func<Task<(LmdbStore Store, EventLog Log, Lease Lease, LogState State)>> open, CancellationToken cancel)
    {
        int taken = 0;
        try
        {
            for (; taken < MostReaders; taken++)
                await _reading.WaitAsync(cancel);
            await _log.DisposeAsync();
            await _store.DisposeAsync();
            (_store, _log, _lease, LogState state) = await open();
            _state = new StrongState(state);
        }
        finally
        {
            if (taken > 0)
                _reading.Release(taken);
        }
    }

    private async ValueTask<Turn> WriteAsync(CancellationToken cancel)
    {
        await _writing.WaitAsync(cancel);
        return new Turn(_writing);
    }

    private async ValueTask<Turn> ReadAsync(CancellationToken cancel)
    {
        await _reading.WaitAsync(cancel);
        return new Turn(_reading);
    }

    private readonly struct Turn(SemaphoreSlim turn) : IDisposable
    {
        public void Dispose() => turn.Release();
    }
}
