namespace Seguro.Core;

/// <summary>
/// A replica's memory of effects that may not be out yet: who takes over releases them again. Bounded: the oldest are forgotten first.
/// </summary>
internal sealed class EffectBacklog(int most, long mostBytes)
{
    private readonly Queue<(EventNumber Number, IReadOnlyList<Effect> Effects)> _kept = new();

    /// <summary>How many bytes the effects have.</summary>
    public long Bytes { get; private set; }

    /// <summary>The effects of events up to here are not kept: they are out, were forgotten, or come from before the ship's snapshot.</summary>
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
        _kept.Enqueue((number, effects));
        Bytes += SizeOf(effects);
        while (_kept.Count > most || (Bytes > mostBytes && _kept.Count > 1))
        {
            Floor = Forget();
            HasForgotten = true;
        }
    }

    /// <summary>Effects up to here are out.</summary>
    public void ReleasedThrough(EventNumber number)
    {
        while (_kept.TryPeek(out (EventNumber Number, IReadOnlyList<Effect>) oldest) && oldest.Number <= number)
            Forget();
        if (number >= Floor)
            (Floor, HasForgotten) = (number, false);
    }

    /// <summary>The ship went back to here: what follows is computed again, what came before stays.</summary>
    public void CutAfter(EventNumber ship)
    {
        int kept = _kept.Count;
        for (int i = 0; i < kept; i++)
        {
            (EventNumber Number, IReadOnlyList<Effect> Effects) entry = _kept.Dequeue();
            if (entry.Number <= ship)
                _kept.Enqueue(entry);
            else
                Bytes -= SizeOf(entry.Effects);
        }
        if (Floor > ship)
            (Floor, HasForgotten) = (ship, false);
    }

    /// <summary>A ship that was loaded from a snapshot stands here: nothing is known of the effects before.</summary>
    public void Begin(EventNumber ship) => Floor = ship;

    /// <summary>How many bytes effects have.</summary>
    public static long SizeOf(IReadOnlyList<Effect> effects)
    {
        long size = 0;
        for (int i = 0; i < effects.Count; i++)
            size += effects[i].Bytes.Length;
        return size;
    }

    private EventNumber Forget()
    {
        (EventNumber number, IReadOnlyList<Effect> effects) = _kept.Dequeue();
        Bytes -= SizeOf(effects);
        return number;
    }
}
