namespace Seguro.Core;

/// <summary>The member's ship: where it stands, and where it will stand once what it was asked is done. It does one thing at a time.</summary>
/// <remarks>Invariant: where it does nothing, it stands where it was asked to stand. What it computed and nobody keeps makes it stray, and a stray ship must go back before it goes on.</remarks>
internal sealed class LocalShipState
{
    private readonly Question _question = new("the ship");
    private IReadOnlyList<Event> _events = [];
    private Work _work;

    private enum Work
    {
        Poke,
        Apply,
        Adopt,
        Restore,
        Run,
    }

    /// <summary>Where it stands.</summary>
    public Position Position { get; private set; }

    /// <summary>Where it will stand once it has applied what it was asked to.</summary>
    public Position Asked { get; private set; }

    /// <summary>It was asked for something and has not answered.</summary>
    public bool IsBusy => _question.IsOpen;

    /// <summary>It was asked to compute new events.</summary>
    public bool IsPoking => IsBusy && _work is Work.Poke;

    /// <summary>It was asked to apply events that are committed.</summary>
    public bool IsApplying => IsBusy && _work is Work.Apply;

    /// <summary>It makes events itself, and has the local log for that.</summary>
    public bool IsRunning => IsBusy && _work is Work.Run;

    /// <summary>It computed what nobody keeps.</summary>
    public bool IsAstray { get; private set; }

    /// <summary>As it was loaded.</summary>
    public void Begin(Position position) => Position = Asked = position;

    /// <summary>It is to make events of ova.</summary>
    public void AskPoke() => Ask(Work.Poke);

    /// <summary>It made what it could of them: <see cref="Advance"/> for each, or <see cref="Stray"/> where nobody keeps them.</summary>
    public void Poked() => Done(Work.Poke);

    /// <summary>It is to apply committed events that follow.</summary>
    public void AskApply(IReadOnlyList<Event> events) => Ask(Work.Apply, events);

    /// <summary>It applied the first <paramref name="count"/> of the events that it was asked to, and stands after them.</summary>
    /// <returns>The events that it was asked to apply.</returns>
    public IReadOnlyList<Event> Applied(int count)
    {
        IReadOnlyList<Event> asked = Done(Work.Apply, count);
        if (count > 0)
            Position = new Position(asked[count - 1].Number, asked[count - 1].Chain);
        Asked = Position;
        return asked;
    }

    /// <summary>It is to compute events of another master that are not committed. Their numbers are kept, and their chain is made anew by <see cref="Advance"/>.</summary>
    public void AskAdopt(IReadOnlyList<Event> events) => Ask(Work.Adopt, events);

    /// <summary>It computed the first <paramref name="count"/> of them: <see cref="Advance"/> for each, or <see cref="Stray"/> where nobody keeps them.</summary>
    public void Adopted(int count)
    {
        Done(Work.Adopt, count);
        Asked = Position;
    }

    /// <summary>It is to go back.</summary>
    public void AskRestore() => Ask(Work.Restore);

    /// <summary>It went back.</summary>
    public void Restored(Position position)
    {
        Done(Work.Restore);
        Position = Asked = position;
        IsAstray = false;
    }

    /// <summary>It is to run by itself, from the end of the local log on.</summary>
    public void AskRun(Position head)
    {
        Ask(Work.Run);
        Position = Asked = head;
    }

    /// <summary>It runs no more: what is in the local log is what it did.</summary>
    public void Ended(Position local)
    {
        Done(Work.Run);
        Position = Asked = local;
    }

    /// <summary>What it computed is kept, and it stands after that.</summary>
    public void Advance(Position position)
    {
        if (position.Number != Position.Number.Next)
            throw new BrokenInvariantException($"the ship computed event {position.Number}, and stood at {Position.Number}");
        Position = Asked = position;
    }

    /// <summary>What it computed is not kept.</summary>
    public void Stray() => IsAstray = true;

    private void Ask(Work work, IReadOnlyList<Event>? events = null)
    {
        _question.Ask();
        _work = work;
        _events = events ?? [];
        if (_events.Count == 0)
            return;
        if (_events[0].Number != Position.Number.Next)
            throw new BrokenInvariantException($"event {_events[0].Number} does not follow the ship, which stands at {Position.Number}");
        Asked = new Position(_events[^1].Number, _events[^1].Chain);
    }

    private IReadOnlyList<Event> Done(Work work, int count = 0)
    {
        _question.Done();
        if (work != _work || count > _events.Count)
            throw new BrokenInvariantException($"the ship was asked to {_work} ({_events.Count} events), and answers {work} ({count})");
        IReadOnlyList<Event> asked = _events;
        _events = [];
        return asked;
    }
}
