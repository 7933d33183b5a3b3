namespace Seguro.Core;

/// <summary>
/// A replica's memory of effects that may not be out yet: who takes over releases them again. Bounded: the oldest are forgotten first.
/// </summary>
internal sealed class EffectBacklog(int most)
{
    private readonly Queue<(EventNumber Number, IReadOnlyList<Effect> Effects)> _kept = new();

    /// <summary>The effects of events up to here were forgotten, or are out.</summary>
    public EventNumber Floor { get; private set; }

    /// <summary>Some were forgotten that may not be out.</summary>
    public bool HasForgotten { get; private set; }

    /// <summary>The events that are kept, in order.</summary>
    public IEnumerable<(EventNumber Number, IReadOnlyList<Effect> Effects)> Kept => _kept;

    /// <summary>Keeps what an event wants done.</summary>
    public void Add(EventNumber number, IReadOnlyList<Effect> effects)
    {
        if (effects.Count == 0 || number <= Floor)
            return;
        if (_kept.Count == most)
        {
            Floor = _kept.Dequeue().Number;
            HasForgotten = true;
        }
        _kept.Enqueue((number, effects));
    }

    /// <summary>Effects up to here are out.</summary>
    public void ReleasedThrough(EventNumber number)
    {
        while (_kept.TryPeek(out (EventNumber Number, IReadOnlyList<Effect>) oldest) && oldest.Number <= number)
            _kept.Dequeue();
        if (number >= Floor)
            (Floor, HasForgotten) = (number, false);
    }

    /// <summary>Forgets all: the ship goes back.</summary>
    public void Clear()
    {
        _kept.Clear();
        HasForgotten = false;
    }
}
