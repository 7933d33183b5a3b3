using Seguro.Core;

namespace Seguro.Testing;

/// <summary>
/// What a member and its shell owe each other, as <see cref="MemberOutput"/> and <see cref="MemberInput"/> say: one request of a kind at a time, one answer to each, which fits it, and none
/// for a mastership that is over. The simulated shell and the real one both run under it.
/// </summary>
internal sealed class ShellContract(string candidate)
{
    private readonly MemberOutput?[] _pending = new MemberOutput?[Enum.GetValues<Request>().Length];
    private readonly TimeSpan[] _asked = new TimeSpan[Enum.GetValues<Request>().Length];
    private TimeSpan _now = TimeSpan.MinValue;
    private bool _hasStarted;

    /// <summary>Kinds of which one is under way at a time.</summary>
    private enum Request
    {
        Ship,
        LocalLog,
        Reading,
        Append,
        Campaign,
        Renew,
        Resign,
        Observe,
        State,
        Settings,
        Trim,
        Release,
    }

    /// <summary>The ship was asked for something and has not answered.</summary>
    public bool IsShipBusy => _pending[(int)Request.Ship] is not null;

    /// <summary>What was broken first; <see langword="null"/> where nothing was.</summary>
    public string? Violation { get; private set; }

    /// <summary>A step of the member: what came in, and what it wants done, in order.</summary>
    /// <exception cref="InvariantException">The contract is broken.</exception>
    public void Check(TimeSpan now, MemberInput input, IReadOnlyList<MemberOutput> outputs)
    {
        if (now < _now)
            throw Broken($"the time went from {_now} back to {now}");
        _now = now;
        if (input is MemberInput.Started == _hasStarted)
            throw Broken($"{input.GetType().Name} came {(_hasStarted ? "again" : "first")}");
        _hasStarted = true;
        if (input is MemberInput.Made && _pending[(int)Request.Ship] is not MemberOutput.RunShip)
            throw Broken("events were made, and the ship does not run");
        if (Answered(input) is { } answered)
        {
            if (_pending[(int)answered] is not { } asked)
                throw Broken($"{input.GetType().Name} came, and nobody waits for it");
            if (!Fits(asked, input, _asked[(int)answered]))
                throw Broken($"{Describe(input)} is no answer to {Describe(asked)}");
            _pending[(int)answered] = null;
        }
        foreach (MemberOutput output in outputs)
            Note(output);
    }

    private void Note(MemberOutput output)
    {
        if (output is MemberOutput.RoleChanged { Role: not (Role.Candidate or Role.Master) })
        {
            foreach (Request over in (ReadOnlySpan<Request>)[Request.Append, Request.Renew, Request.Resign, Request.Settings, Request.Trim, Request.Release])
                _pending[(int)over] = null;
        }
        if (Asked(output) is not { } asked)
            return;
        if (asked is Request.LocalLog && _pending[(int)Request.Ship] is MemberOutput.RunShip)
            throw Broken($"{output.GetType().Name} is wanted while the ship has the local log");
        if (_pending[(int)asked] is { } before)
            throw Broken($"a second {output.GetType().Name} is wanted while {before.GetType().Name} is under way");
        (_pending[(int)asked], _asked[(int)asked]) = (output, _now);
    }

    private static Request? Asked(MemberOutput output) => output switch
    {
        MemberOutput.Poke or MemberOutput.Apply or MemberOutput.RestoreShip or MemberOutput.RunShip => Request.Ship,
        MemberOutput.AppendLocal or MemberOutput.Quarantine => Request.LocalLog,
        MemberOutput.Read or MemberOutput.ReadLocal => Request.Reading,
        MemberOutput.AppendStore => Request.Append,
        MemberOutput.Campaign => Request.Campaign,
        MemberOutput.Renew => Request.Renew,
        MemberOutput.Resign => Request.Resign,
        MemberOutput.ObserveLease => Request.Observe,
        MemberOutput.ReadState => Request.State,
        MemberOutput.WriteSettings => Request.Settings,
        MemberOutput.Trim => Request.Trim,
        MemberOutput.Release => Request.Release,
        _ => null,
    };

    private static Request? Answered(MemberInput input) => input switch
    {
        MemberInput.Poked or MemberInput.EventsApplied or MemberInput.ShipRestored or MemberInput.ShipEnded => Request.Ship,
        MemberInput.LocalAppended or MemberInput.Quarantined => Request.LocalLog,
        MemberInput.EventsRead => Request.Reading,
        MemberInput.StoreAppended => Request.Append,
        MemberInput.Campaigned => Request.Campaign,
        MemberInput.Renewed => Request.Renew,
        MemberInput.Resigned => Request.Resign,
        MemberInput.LeaseObserved => Request.Observe,
        MemberInput.StateRead => Request.State,
        MemberInput.SettingsWritten => Request.Settings,
        MemberInput.Trimmed => Request.Trim,
        MemberInput.Released => Request.Release,
        _ => null,
    };

    private bool Fits(MemberOutput asked, MemberInput answer, TimeSpan at) => (asked, answer) switch
    {
        (MemberOutput.Poke poke, MemberInput.Poked poked) => poked.Computations.Count == poke.Ova.Count,
        (MemberOutput.Apply apply, MemberInput.EventsApplied applied) =>
            applied.Results.Count <= apply.Events.Count && (applied.Results.Count > 0 || applied.Failure is not null) && (applied.Failure is null || applied.Results.Count < apply.Events.Count),
        (MemberOutput.RunShip run, MemberInput.ShipEnded ended) => ended.Local.Number >= run.Head.Number,
        (MemberOutput.RestoreShip restore, MemberInput.ShipRestored restored) => restored.Ship.Number <= restore.AtMost,
        (MemberOutput.AppendLocal append, MemberInput.LocalAppended appended) => appended.Local == EndOf(append.Events),
        (MemberOutput.Quarantine quarantine, MemberInput.Quarantined quarantined) => quarantined.Local == quarantine.Last && Follow(quarantine.Last, quarantined.Moved),
        (MemberOutput.Read read, MemberInput.EventsRead events) => events.After == read.After && Follow(read.After, events.Events) && IsUpTo(read.Last, events.Events),
        (MemberOutput.ReadLocal read, MemberInput.EventsRead events) => events.After == read.After && Follow(read.After, events.Events) && IsUpTo(read.Last, events.Events),
        (MemberOutput.AppendStore append, MemberInput.StoreAppended { Result: { } result }) =>
            result.Reached.Number >= append.Previous.Number && result.Reached.Number <= append.Events[^1].Number && (!result.IsCommitted || result.Reached == EndOf(append.Events)),
        (MemberOutput.Campaign, MemberInput.Campaigned campaigned) =>
            campaigned.Sent >= at && campaigned.Sent <= _now && (campaigned.Outcome is not LeaseOutcome.Done done || NodeEpoch.CandidateOf(done.Lease.Holder) == candidate),
        (MemberOutput.Renew renew, MemberInput.Renewed renewed) =>
            renewed.Sent >= at && renewed.Sent <= _now && (renewed.Outcome is not LeaseOutcome.Done done || done.Lease.Term == renew.Held.Term),
        (MemberOutput.Resign resign, MemberInput.Resigned resigned) => resigned.Outcome is not LeaseOutcome.Done done || done.Lease.Term == resign.Held.Term,
        (MemberOutput.Release release, MemberInput.Released released) => released.Number == release.Last,
        (MemberOutput.ObserveLease, MemberInput.LeaseObserved) or (MemberOutput.ReadState, MemberInput.StateRead)
            or (MemberOutput.WriteSettings, MemberInput.SettingsWritten) or (MemberOutput.Trim, MemberInput.Trimmed) => true,
        _ => false,
    };

    private static Position EndOf(IReadOnlyList<Event> events) => new(events[^1].Number, events[^1].Chain);

    private static bool Follow(Position after, IReadOnlyList<Event> events) => events.Count == 0 || events[0].Number == after.Number.Next;

    private static bool IsUpTo(EventNumber last, IReadOnlyList<Event> events) => events.Count == 0 || events[^1].Number <= last;

    private static string Describe(object step)
    {
        string text = step.ToString()!;
        return text.Length <= 400 ? text : text[..400];
    }

    private InvariantException Broken(string text)
    {
        Violation ??= $"{candidate}: {text}";
        return new InvariantException(Invariant.Contract, Violation);
    }
}
