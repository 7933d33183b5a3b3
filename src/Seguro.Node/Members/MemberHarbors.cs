using Microsoft.Extensions.Logging;
using Seguro.Core;
using Seguro.Harbor.Format;
using Seguro.Harbor.Targets;
using Seguro.Harbor.Writing;
using Seguro.Stores;

namespace Seguro.Node.Members;

/// <summary>Fills harbors from a member's own log, as far as it is committed, while the member is master. It holds the member up in nothing.</summary>
/// <remarks>
/// After a takeover the new master goes on where the targets end. The old one may still write for a moment: a segment's name can be made once, so there is neither a gap nor a double.
/// <see cref="Warnings"/> from any thread.
/// </remarks>
internal sealed class MemberHarbors : IAsyncDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);
    private readonly MemberHarborsOptions _options;
    private readonly HostKey _host;
    private readonly IHarborTarget[] _targets;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;
    private volatile HarborBackup[] _backups = [];
    private volatile string? _ended;

    private MemberHarbors(MemberHarborsOptions options)
    {
        _options = options;
        _host = HostKey.Read(options.Key);
        _targets = [.. options.Targets.Select(HarborTarget.Open)];
        _running = Task.Run(() => RunAsync(_stop.Token), CancellationToken.None);
    }

    /// <summary>What the user should know now; each a full sentence.</summary>
    public IEnumerable<string> Warnings =>
    [
        .. _backups.Select(static backup => backup.Status).Where(static status => status.Warning is not null || status.IsDegraded).Select(static status =>
            $"The harbor {status.Target} ends at event {status.Archived} of {status.Head}, behind for {status.Lag.TotalSeconds:0} s{(status.Warning is { } why ? $": {why}" : "")}."),
        .. _backups.Select(static backup => backup.Status).Where(static status => status.Gap is not null).Select(static status =>
            $"The harbor {status.Target} has a gap: it lacks the events {status.Gap} (SG{(int)ErrorCode.HarborGap}), which this member's log no longer had when their turn came. {HarborBackup.GapNextStep}"),
        .. _ended is { } text ? [text] : Array.Empty<string>(),
    ];

    /// <summary>What the harbor has that has least, while this member is master and follows all of them; <see langword="null"/> otherwise.</summary>
    public EventNumber? Archived => _backups is { Length: > 0 } backups ? backups.Min(static backup => backup.Status.Archived) : null;

    /// <summary>Reads the key and begins to watch the member.</summary>
    /// <exception cref="SeguroException">The key, or a target's URL, is of no use.</exception>
    public static MemberHarbors Start(MemberHarborsOptions options) => new(options);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (IHarborTarget target in _targets)
            await target.DisposeAsync();
        _host.Dispose();
        _stop.Dispose();
    }

    private async Task RunAsync(CancellationToken cancel)
    {
        while (true)
        {
            while (!_options.IsMaster())
            {
                _ended = null; // another fills them now
                await Task.Delay(Look, _options.Time, cancel);
            }
            using CancellationTokenSource term = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            Task following = FollowAsync(term.Token);
            EventNumber? told = null;
            while (_options.IsMaster() && !following.IsCompleted && !cancel.IsCancellationRequested)
            {
                await Task.WhenAny(following, Task.Delay(Look, _options.Time, cancel));
                if (Archived is not { } archived || archived == told)
                    continue;
                told = archived;
                _options.Archived(archived);
            }
            await term.CancelAsync();
            try
            {
                await following;
            }
            catch (Exception ended) when (!cancel.IsCancellationRequested)
            {
                if (ended is not OperationCanceledException)
                    End(ended as SeguroException ?? HarborBackup.Unforeseen("the harbors", ended), "The harbors are not followed");
            }
            await Task.Delay(Look, _options.Time, cancel);
        }
    }

    private async Task FollowAsync(CancellationToken cancel)
    {
        await using IStore store = await StoreConnection.OpenAsync(StoreUrl.Parse($"lmdb:{_options.Pier}"), new StoreOptions { ReadOnly = true }, cancel);
        IStoredLog own = await store.OpenLogAsync(_options.Ship, cancel)
            ?? throw new SeguroException(ErrorCode.NoSuchLog, $"{_options.Pier} has no log of {_options.Ship}", "Wait until the member has its log.");
        await using EventLog log = new(new CommittedLog(own, _options.Committed, _options.Time, _options.Store), store.Capabilities);
        HarborBackup[] backups = [.. _targets.Select(target => new HarborBackup(log, target, _host,
            new BackupOptions { Within = _options.Within, LeavesGaps = true, Labels = _options.Labels, Tell = Say, Time = _options.Time }))];
        _backups = backups;
        _ended = null;
        try
        {
            await Task.WhenAll(backups.Select(backup => Task.Run(() => FollowAsync(backup, cancel), CancellationToken.None)));
        }
        finally
        {
            _backups = [];
            foreach (HarborBackup backup in backups)
                backup.Dispose();
        }
    }

    /// <summary>One target: what ends it for good is told and ends no other.</summary>
    private async Task FollowAsync(HarborBackup backup, CancellationToken cancel)
    {
        try
        {
            await backup.RunAsync(cancel);
        }
        catch (SeguroException failed)
        {
            End(failed, $"The harbor {backup.Status.Target} is not gone on with");
            await Task.Delay(Timeout.InfiniteTimeSpan, _options.Time, cancel); // until the next mastership
        }
    }

    /// <summary>Keeps it among the warnings; tells it where it is news.</summary>
    private void End(SeguroException failed, string what)
    {
        string text = $"{what}: {failed.Message} ({failed.CodeText}). {failed.NextStep}";
        if (text != _ended)
            Say(true, text);
        _ended = text;
    }

    private void Say(bool isWarning, string text)
    {
        if (isWarning)
            _options.Log.LogWarning("{Harbor}", text);
        else
            _options.Log.LogInformation("{Harbor}", text);
    }
}
