using System.Globalization;
using Seguro.Core;

namespace Seguro.Testing;

/// <summary>The part that fills harbors while this member is master, as the real shell does, and sees what a master lets the store forget beside them.</summary>
internal sealed partial class SimulatedMember
{
    private const int HarborsPercent = 60; // the design's, not the member's

    private SimulationRandom? _filling;
    private long _stored;
    private long _askedAlong;
    private long _appending;
    private bool _isFull;

    /// <summary>A master knows of a harbor only what it found out itself: of one that it can't reach, that it has nothing.</summary>
    private void BeginHarbors()
    {
        if (Log.Harbors is { } harbors)
            FillHarbors(harbors, _life, _mastership, new EventNumber[harbors.Count], null);
    }

    private void FillHarbors(SimulatedHarbors harbors, int life, int mastership, EventNumber[] known, EventNumber? told)
    {
        _filling ??= new SimulationRandom(_cluster.Plan.Seed, string.Create(CultureInfo.InvariantCulture, $"filling {Index}"));
        long period = _cluster.Plan.Lease.Ticks / 5;
        _cluster.Schedule.After(_filling.Between(period / 2, period * 3 / 2), () =>
        {
            if (life != _life || mastership != _mastership)
                return;
            if (!IsPaused)
            {
                EventNumber end = Machine!.Status.Committed.Number;
                end = end < Disk.Durable.Number ? end : Disk.Durable.Number;
                ClusterHistory.Require(
                    Invariant.Harbors,
                    end == EventNumber.None || Log.History.IsCommitted(new Position(end, Disk.DurableChainAt(end)!.Value)),
                    () => $"{Candidate} archives event {end}, which is not the cluster's");
                for (int i = 0; i < known.Length; i++)
                    known[i] = harbors.Fill(i, end) ?? known[i];
                if (known.Min() is var archived && archived != told)
                {
                    told = archived;
                    AnswerMaster(life, mastership, new MemberInput.Archived(archived));
                }
            }
            FillHarbors(harbors, life, mastership, known, told);
        });
    }

    /// <summary>The most that the store may hold as far as this process can know: what it was told, with all that it asked the store to take since it asked.</summary>
    private void NoteStored(MemberOutput output)
    {
        switch (output)
        {
            case MemberOutput.ReadState:
                _askedAlong = _appending;
                break;
            case MemberOutput.AppendStore append:
                _appending = append.Events.Sum(static one => (long)one.Payload.Length);
                (_stored, _askedAlong) = (_stored + _appending, _askedAlong + _appending);
                break;
        }
    }

    private void NoteStored(MemberInput input)
    {
        switch (input)
        {
            case MemberInput.StateRead { State: { } state }:
                _stored = state.Bytes + _askedAlong;
                break;
            case MemberInput.StoreAppended appended:
                _isFull = appended.Result.Outcome is WriteOutcome.Refused;
                if (appended.Result.IsCommitted)
                    _appending = 0;
                break;
        }
    }

    /// <summary>While the window has room, what a harbor lacks stays; where it has none, or the store takes nothing, the ship goes first.</summary>
    private void CheckHarbors(MemberOutput.Trim trim)
    {
        if (Log.Harbors is not { } harbors || _cluster.Plan.Window is not { } window || _isFull)
            return;
        ClusterHistory.Require(
            Invariant.Harbors,
            trim.First <= harbors.Archived.Next || _stored > window / 100 * HarborsPercent,
            () => $"{Candidate} lets the store forget what is below {trim.First}; a harbor has the log up to {harbors.Archived} only, and of {window} bytes at most {_stored} are used");
    }
}
