using Microsoft.Extensions.Logging;
using Seguro.Core;

namespace Seguro.Node.Members;

public sealed partial class MemberHost
{
    /// <summary>Does what the member wants done, or starts it. Core keeps one of each kind under way, so that no queues are needed here.</summary>
    private void Do(MemberOutput output)
    {
        CancellationToken stop = _stop.Token;
        CancellationToken tenure = _tenure.Token;
        switch (output)
        {
            case MemberOutput.Poke poke:
                Begin(async () =>
                {
                    DateTime since = _metrics.Traces.Now;
                    MemberInput answer = await _ship.PokeAsync(poke, tenure, stop);
                    _metrics.Computed(poke, (MemberInput.Poked)answer);
                    _metrics.Traces.Computed(poke, (MemberInput.Poked)answer, since);
                    return answer;
                });
                break;
            case MemberOutput.Apply apply:
                Begin(async () =>
                {
                    DateTime since = _metrics.Traces.Now;
                    MemberInput answer = await _ship.ApplyAsync(apply, stop);
                    _metrics.Applied(((MemberInput.EventsApplied)answer).Results.Count);
                    _metrics.Traces.Applied(apply.Events, ((MemberInput.EventsApplied)answer).Results.Count, since);
                    return answer;
                });
                break;
            case MemberOutput.RestoreShip restore:
                Begin(async () => new MemberInput.ShipRestored(await _ship.RestoreAsync(restore.AtMost, stop)));
                break;
            case MemberOutput.RunShip run:
                if (!_isDeaf)
                    RunShip(run, _recorded, tenure);
                break;
            case MemberOutput.EndShip:
                _own!.End();
                break;
            case MemberOutput.Snapshot when _own?.Save() is true:
                break; // vere's own affair, once all is quiet
            case MemberOutput.Snapshot snapshot:
                Snapshot(snapshot.Position);
                break;
            case MemberOutput.Remember remember:
                Remember(remember.Known);
                break;
            case MemberOutput.AppendLocal append:
                Task recorded = _recorded;
                _own?.HurryReplay();
                Begin(async () =>
                {
                    await recorded;
                    DateTime since = _metrics.Traces.Now;
                    Position end = await _local.AppendAsync(append.Events, CancellationToken.None);
                    _metrics.Traces.Logged(append.Events, since);
                    return new MemberInput.LocalAppended(end);
                });
                break;
            case MemberOutput.Quarantine quarantine:
                Begin(() => QuarantineAsync(quarantine));
                break;
            case MemberOutput.AppendStore append:
                BeginInTenure(() => AppendStoreAsync(append, tenure), tenure);
                break;
            case MemberOutput.Campaign campaign:
                _campaigned = campaign;
                Begin(() => _shared.CampaignAsync(campaign, stop));
                break;
            case MemberOutput.Renew renew:
                BeginInTenure(() => _shared.RenewAsync(renew.Held, tenure), tenure);
                break;
            case MemberOutput.Resign resign:
                BeginInTenure(() => _shared.ResignAsync(resign.Held, stop), tenure); // it frees the lease also where nobody waits for the answer any more
                break;
            case MemberOutput.ObserveLease:
                Begin(() => _shared.ObserveAsync(stop));
                break;
            case MemberOutput.ReadState:
                Begin(() => _reader.ReadStateAsync(stop));
                break;
            case MemberOutput.Read read:
                Begin(() => _reader.ReadAsync(read, stop));
                break;
            case MemberOutput.ReadLocal read:
                Begin(() => ReadLocalAsync(read));
                break;
            case MemberOutput.WriteSettings write:
                BeginInTenure(() => _shared.WriteSettingsAsync(write, tenure), tenure);
                break;
            case MemberOutput.Trim trim:
                BeginInTenure(() => _shared.TrimAsync(trim, tenure), tenure);
                break;
            case MemberOutput.Send send:
                _options.Send(send.To, send.Message);
                break;
            case MemberOutput.Release release:
                BeginInTenure(() => ReleaseAsync(release, _recorded, tenure), tenure);
                break;
            case MemberOutput.RoleChanged changed:
                ChangeRole(changed);
                break;
            case MemberOutput.Answer answer:
                Answer(answer);
                break;
            case MemberOutput.Warn warn:
                _options.Log.LogWarning("{Warning}", warn.Text);
                break;
            case MemberOutput.Dropped dropped:
                _metrics.Dropped(dropped.Count, dropped.Reason);
                break;
            default:
                throw new InvalidOperationException($"An output that nobody knows: {output.GetType().Name}.");
        }
    }

    /// <summary>Runs work beside the loop and posts its answer. Work that fails ends the member, but for a cancellation at the end.</summary>
    private void Begin(Func<Task<MemberInput>> work) => BeginInTenure(work, _stop.Token);

    /// <summary>As <see cref="Begin"/>, for work of one mastership: when that is over nobody waits for the answer, and a later one must not take it for its own.</summary>
    private void BeginInTenure(Func<Task<MemberInput>> work, CancellationToken tenure) => _running.Begin(async () =>
    {
        try
        {
            MemberInput answer = await work();
            _mailbox.Writer.TryWrite((answer, tenure));
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested || tenure.IsCancellationRequested)
        {
            // Nobody waits for an answer any more.
        }
        catch (Exception failed)
        {
            Fail(failed);
        }
    });

    private async Task<MemberInput> AppendStoreAsync(MemberOutput.AppendStore append, CancellationToken tenure)
    {
        TimeSpan sent = Now;
        DateTime since = _metrics.Traces.Now;
        MemberInput answer = await _shared.AppendAsync(append, tenure);
        if (((MemberInput.StoreAppended)answer).Result.IsCommitted)
        {
            _metrics.Committed(Now - sent);
            _metrics.Traces.Committed(append.Events, since);
        }
        return answer;
    }

    private async Task<MemberInput> ReadLocalAsync(MemberOutput.ReadLocal read)
    {
        Position end = _local.Head;
        try
        {
            IReadOnlyList<Event>? events = await _local.ReadAsync(read.After, read.Last, _options.Member.MaxGroup, _options.Member.MaxGroupBytes, _stopping);
            return new MemberInput.EventsRead(read.After, events ?? [], Diverged: events is null);
        }
        catch (SeguroException) when (_local.Head.Number < end.Number)
        {
            // Quarantine took the events away under the reader.
            return new MemberInput.EventsRead(read.After, []);
        }
    }

    private async Task<MemberInput> QuarantineAsync(MemberOutput.Quarantine quarantine)
    {
        if (_own is { } own)
            await own.StandAsideAsync();
        MemberStatus status = _status;
        Position before = _local.Head;
        string[] facts =
        [
            $"member {status.Name}: events that its local log had and the cluster's log has not were moved here",
            $"reason: {quarantine.Reason}",
            $"highest term known: {status.Term}; master: {(status.Master.Length > 0 ? status.Master : "nobody")}",
            $"the local log ended at event {before.Number}, chain {before.Chain}",
            $"it now ends at event {quarantine.Last.Number}, chain {quarantine.Last.Chain}",
        ];
        IReadOnlyList<Event> moved = await _local.QuarantineAsync(quarantine.Last, facts, _stop.Token);
        if (before != quarantine.Last)
            _options.Log.LogWarning("Events {First} to {Last} were moved to {Folder}.", quarantine.Last.Number.Next, before.Number, _local.QuarantinePath);
        return new MemberInput.Quarantined(_local.Head, moved);
    }

    private async Task<MemberInput> ReleaseAsync(MemberOutput.Release release, Task recorded, CancellationToken tenure)
    {
        await recorded;
        if (_own is { } own)
            own.Release(release.Last);
        else
            await _options.Release(release.Term, release.Effects, release.Degraded, tenure);
        _metrics.Released(release.Last);
        _metrics.Traces.Released(release.Last);
        return new MemberInput.Released(release.Last);
    }

    /// <summary>Keeps a snapshot when the ship has time; while one is being made, no other.</summary>
    private void Snapshot(Position position)
    {
        if (Interlocked.Exchange(ref _snapshot, 1) != 0)
            return;
        // Its turn at the ship is taken here and now: what the member wants next, such as the event that follows, comes after it.
        Task turn = _ship.TakeTurnAsync(_stop.Token);
        _running.Begin(async () =>
        {
            try
            {
                await _ship.SnapshotAsync(position, turn, _stop.Token);
            }
            catch (OperationCanceledException)
            {
                // The end; the snapshots that were there stay.
            }
            catch (Exception failed)
            {
                Fail(failed);
            }
            finally
            {
                Volatile.Write(ref _snapshot, 0);
            }
        });
    }

    /// <summary>What was begun as a candidate or a master ends with that; what begins then has a token of its own.</summary>
    private void ChangeRole(MemberOutput.RoleChanged changed)
    {
        if (changed.Reason.Length > 0)
            _options.Log.LogInformation("{Member} is {Role} (term {Term}): {Reason}.", _options.Member.Name, changed.Role, changed.Term, changed.Reason);
        else
            _options.Log.LogInformation("{Member} is {Role} (term {Term}).", _options.Member.Name, changed.Role, changed.Term);
        _stages?.See(changed.Role);
        if (changed.Role is Role.Candidate)
            _own?.StopReplay();
        if (changed.Role is not (Role.Candidate or Role.Master))
        {
            CancellationTokenSource old = _tenure;
            _tenure = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
            Task cancelled = old.CancelAsync(); // the token says so at once; who waits for it is woken beside this loop
            _running.Begin(async () =>
            {
                await cancelled;
                old.Dispose();
            });
            _metrics.Forget();
        }
        _options.ChangeRole(changed.Role, changed.Term);
    }

    /// <summary>Keeps what the member knows for certain; what is appended and released after it waits for it.</summary>
    private void Remember(Evidence known)
    {
        Task before = _recorded;
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _recorded = done.Task;
        _running.Begin(async () =>
        {
            try
            {
                await before;
                EvidenceFile.Write(_folder, known);
                done.SetResult();
            }
            catch (Exception failed)
            {
                Fail(failed);
                done.TrySetCanceled(_stopping);
            }
        });
    }
}
