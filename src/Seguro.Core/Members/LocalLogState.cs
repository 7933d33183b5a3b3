namespace Seguro.Core;

/// <summary>The member's own log on disk: where it ends, and where it will end once what is under way is done. One thing is under way at a time.</summary>
/// <remarks>Invariant: where nothing is under way, it ends where it was asked to end. While a ship has it (<see cref="Lend"/>), it ends where that ship says.</remarks>
internal sealed class LocalLogState
{
    private readonly Question _question = new("the local log");
    private Work _work;

    private enum Work
    {
        Append,
        Quarantine,
        Lent,
    }

    /// <summary>Its durable end.</summary>
    public Position End { get; private set; }

    /// <summary>Its end once what is under way is done.</summary>
    public Position Asked { get; private set; }

    /// <summary>Something is under way, or a ship has it.</summary>
    public bool IsBusy => _question.IsOpen;

    /// <summary>As it was found on disk.</summary>
    public void Begin(Position end) => End = Asked = end;

    /// <summary>Events are to be appended that follow its end.</summary>
    public void AskAppend(IReadOnlyList<Event> events)
    {
        Ask(Work.Append);
        if (events[0].Number != End.Number.Next)
            throw new BrokenInvariantException($"event {events[0].Number} does not follow the local log's end, {End.Number}");
        Asked = new Position(events[^1].Number, events[^1].Chain);
    }

    /// <summary>The events are durable in it.</summary>
    public void Appended(Position end) => Settle(Work.Append, end);

    /// <summary>What is above <paramref name="last"/> is to be moved aside.</summary>
    public void AskQuarantine(Position last)
    {
        Ask(Work.Quarantine);
        Asked = last;
    }

    /// <summary>What was above is gone from it.</summary>
    public void Quarantined(Position end) => Settle(Work.Quarantine, end);

    /// <summary>A ship that makes its events itself has it from now on.</summary>
    public void Lend() => Ask(Work.Lent);

    /// <summary>Whoever has it added events, and they are durable.</summary>
    public void Lengthened(Position end)
    {
        if (!IsBusy || _work is not Work.Lent)
            throw new BrokenInvariantException("only a ship that has the local log adds to it by itself");
        End = Asked = end;
    }

    /// <summary>It is the member's again.</summary>
    public void GiveBack(Position end)
    {
        Asked = end;
        Settle(Work.Lent, end);
    }

    private void Ask(Work work)
    {
        _question.Ask();
        _work = work;
    }

    private void Settle(Work work, Position end)
    {
        _question.Done();
        if (work != _work || end != Asked)
            throw new BrokenInvariantException($"the local log was asked to end at {Asked.Number} ({_work}), and ends at {end.Number} ({work})");
        End = end;
    }
}
