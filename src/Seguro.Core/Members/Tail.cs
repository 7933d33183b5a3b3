namespace Seguro.Core;

/// <summary>Events in memory that follow a position without a hole: what a replica has received, what a master keeps to push.</summary>
internal sealed class Tail
{
    private readonly List<Event> _events = [];
    private int _first;

    public Tail(Position start) => Start = start;

    /// <summary>The position before the first event.</summary>
    public Position Start { get; private set; }

    /// <summary>The position of the last event, or <see cref="Start"/>.</summary>
    public Position End => Count == 0 ? Start : PositionOf(_events[^1]);

    /// <summary>How many events.</summary>
    public int Count => _events.Count - _first;

    /// <summary>The sum of their payloads.</summary>
    public long Bytes { get; private set; }

    /// <summary>Begins anew after a position.</summary>
    public void Reset(Position start)
    {
        _events.Clear();
        _first = 0;
        Bytes = 0;
        Start = start;
    }

    /// <summary>Adds the event that follows <see cref="End"/>.</summary>
    public void Add(Event added)
    {
        if (added.Number != End.Number.Next)
            throw new InvalidOperationException($"Event {added.Number} does not follow {End.Number}.");
        _events.Add(added);
        Bytes += added.Payload.Length;
    }

    /// <summary>The position at a number between <see cref="Start"/> and <see cref="End"/>, both included.</summary>
    public bool TryGetPosition(EventNumber number, out Position position)
    {
        position = Start;
        if (number == Start.Number)
            return true;
        if (number < Start.Number || number > End.Number)
            return false;
        position = PositionOf(_events[IndexOf(number)]);
        return true;
    }

    /// <summary>The events above <paramref name="after"/> up to <paramref name="last"/>: at least one where there is one, else within the bounds.</summary>
    public List<Event> Take(EventNumber after, EventNumber last, int most, long mostBytes)
    {
        List<Event> taken = [];
        if (last > End.Number)
            last = End.Number;
        if (after < Start.Number || after >= last)
            return taken;
        long bytes = 0;
        for (int i = IndexOf(after.Next); i < _events.Count && _events[i].Number <= last && taken.Count < most; i++)
        {
            bytes += _events[i].Payload.Length;
            if (taken.Count > 0 && bytes > mostBytes)
                break;
            taken.Add(_events[i]);
        }
        return taken;
    }

    /// <summary>Forgets the oldest events, none above <paramref name="notAbove"/>, until the rest keeps within the bounds.</summary>
    public void Shrink(EventNumber notAbove, int most, long mostBytes)
    {
        while (Count > 0 && (Bytes > mostBytes || Count > most) && _events[_first].Number <= notAbove)
        {
            Start = PositionOf(_events[_first]);
            Bytes -= _events[_first].Payload.Length;
            _events[_first++] = default;
        }
        // Amortised: what was dropped is given back once it is the larger part.
        if (_first > 64 && _first > _events.Count / 2)
        {
            _events.RemoveRange(0, _first);
            _first = 0;
        }
    }

    /// <summary>Forgets the events above <paramref name="number"/>, which is not below <see cref="Start"/>.</summary>
    public void CutAfter(EventNumber number)
    {
        while (Count > 0 && _events[^1].Number > number)
        {
            Bytes -= _events[^1].Payload.Length;
            _events.RemoveAt(_events.Count - 1);
        }
    }

    private static Position PositionOf(in Event held) => new(held.Number, held.Chain);

    private int IndexOf(EventNumber number) => _first + (int)(number - Start.Number) - 1;
}
