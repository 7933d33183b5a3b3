using Microsoft.Extensions.Logging;
using Seguro.Core;

namespace Seguro.Node.Members;

public sealed partial class MemberHost
{
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
                try
                {
                    await AskAsync(Wish.StepDown.Instance, limit.Token);
                }
                catch (Exception refused) when (refused is SeguroException or OperationCanceledException)
                {
                    _options.Log.LogInformation("It was not handed over: {Why}", refused.Message);
                }
            }
            // A replay may take long, and goes on at the next start.
            await UntilAsync(static status => status.IsQuiet || status.Replaying != EventNumber.None, limit.Token);
        }
        await StopAsync();
        using (CancellationTokenSource limit = new(snapshot, _options.Time))
            await _ship.SnapshotAtEndAsync(_member.Status.Committed.Number, limit.Token);
        await DisposeAsync();
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
    }
}
