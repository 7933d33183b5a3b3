using Microsoft.Extensions.Logging;
using Seguro.Core;
using Seguro.Piers.LocalLogs;

namespace Seguro.Node.Members;

public sealed partial class MemberHost
{
    private static readonly TimeSpan BetweenReminders = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(20);

    /// <summary>Ends the member cleanly: it takes nothing in any more, a master hands over or brings what it computed to its end, and a snapshot of the ship is kept.</summary>
    /// <param name="rest">How long the member may take to come to rest.</param>
    /// <param name="snapshot">How long the snapshot may take; without it, the next start only takes longer.</param>
    public async Task EndAsync(TimeSpan rest, TimeSpan snapshot)
    {
        using (CancellationTokenSource limit = new(rest, _options.Time))
        {
            _isDeaf = true;
            if (Status is { Role: Role.Master, Members.Count: > 1 })
            {
                _options.Log.LogInformation("Handing the mastership over.");
                await HandOverAsync(limit.Token);
            }
            if (_own is { } own)
            {
                own.End();
                await own.Running.WaitAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            // A replay may take long, and goes on at the next start.
            await UntilAsync(static status => status.IsQuiet || status.Replaying != EventNumber.None, limit.Token);
        }
        await StopAsync();
        using (CancellationTokenSource limit = new(snapshot, _options.Time))
            await _ship.SnapshotAtEndAsync(_member.Status.Committed.Number, limit.Token);
        await DisposeAsync();
    }

    /// <summary>Looks for damage in the member's own log. A replica that finds some ends, and is rebuilt from the others at its next start; a master first lets another be master.</summary>
    private async Task ScrubAsync()
    {
        try
        {
            if (await new LocalLogScrub(_local, _options.ScrubRate, _options.Time).RunAsync(_stopping) is not { } found)
                return;
            while (Status.Role is Role.Master)
            {
                // Alone it can't be rebuilt, and what is damaged may not be needed: the ship goes on.
                _options.Log.LogError("This member's own log is damaged: {Damage}. Another member is to be master before it is rebuilt.", found.Message);
                if (Status.Members.Count > 1)
                    await HandOverAsync(_stopping);
                using CancellationTokenSource limit = new(BetweenReminders, _options.Time);
                using CancellationTokenRegistration ended = _stopping.UnsafeRegister(static limit => ((CancellationTokenSource)limit!).Cancel(), limit);
                await UntilAsync(static status => status.Role is not Role.Master, limit.Token);
                _stopping.ThrowIfCancellationRequested();
            }
            Fail(found);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The end.
        }
        catch (Exception failed)
        {
            Fail(failed);
        }
    }

    /// <summary>Opening a log does not look at all of it: the next start would go on with the same one.</summary>
    private void Mark(string damage)
    {
        try
        {
            DamageMark.Write(_folder, damage);
        }
        catch (SeguroException failed)
        {
            _options.Log.LogError("That the local log is damaged could not be recorded: {What}", failed.Message);
        }
    }

    private async Task HandOverAsync(CancellationToken limit)
    {
        try
        {
            await AskAsync(Wish.StepDown.Instance, limit);
        }
        catch (Exception refused) when (refused is SeguroException or OperationCanceledException)
        {
            _options.Log.LogWarning("It was not handed over: {Why}", refused.Message);
        }
    }

    private async Task UntilAsync(Func<MemberStatus, bool> isSo, CancellationToken limit)
    {
        while (!isSo(Status) && !limit.IsCancellationRequested && !Completion.IsCompleted)
            await Task.Delay(Glance, _options.Time, limit).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Stops the loop, and waits for what is under way.</summary>
    private async Task StopAsync()
    {
        await _stop.CancelAsync();
        _mailbox.Writer.TryComplete();
        await _loop;
        await _clock;
        await _running.EndAsync();
        if (_own is { } own)
            await own.EndStandbyAsync();
    }
}
