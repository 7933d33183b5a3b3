namespace Seguro.Core;

/// <summary>Holds effects until the event that they come from is safe enough, and lets them go in the order of events.</summary>
internal sealed class Gate
{
    private readonly Queue<(EventNumber Number, IReadOnlyList<Effect> Effects)> _waiting = new();
    private bool _isReleasing;

    public Gate(EventNumber released) => Released = released;

    /// <summary>All effects up to here are certainly out.</summary>
    public EventNumber Released { get; private set; }

    /// <summary>How many events' effects wait.</summary>
    public int Count => _waiting.Count;

    /// <summary>
    /// Up to which event the condition holds: durable here at optimism 0; else committed and processed by that many replicas.
    /// </summary>
    /// <param name="optimism">How many replicas must have processed.</param>
    /// <param name="durable">The end of the master's local log.</param>
    /// <param name="committed">The end of what is committed in the store.</param>
    /// <param name="processed">How far each other member of the cluster is; facts, whether or not it is healthy now.</param>
    public static EventNumber Limit(int optimism, EventNumber durable, EventNumber committed, IReadOnlyList<EventNumber> processed)
    {
        if (optimism == 0)
            return durable;
        if (processed.Count < optimism)
            return EventNumber.None;
        Span<EventNumber> sorted = stackalloc EventNumber[Optimism.MostMembers];
        sorted = processed.Count <= sorted.Length ? sorted[..processed.Count] : new EventNumber[processed.Count];
        for (int i = 0; i < sorted.Length; i++)
            sorted[i] = processed[i];
        sorted.Sort();
        EventNumber reached = sorted[^optimism];
        return reached < committed ? reached : committed;
    }

    /// <summary>Holds what an event wants done. Events come in order; those without effects need not come. What is out already is not held: nothing would let it go.</summary>
    public void Hold(EventNumber number, IReadOnlyList<Effect> effects)
    {
        if (effects.Count > 0 && number > Released)
            _waiting.Enqueue((number, effects));
    }

    /// <summary>Lets go what is at or below <paramref name="limit"/>; null where there is nothing to emit, or an earlier release is still on its way.</summary>
    public MemberOutput.Release? Open(Term term, EventNumber strict, EventNumber limit, int most)
    {
        if (_isReleasing || limit <= Released)
            return null;
        List<Effect> effects = [];
        EventNumber last = limit;
        bool degraded = false;
        while (_waiting.TryPeek(out (EventNumber Number, IReadOnlyList<Effect> Effects) next) && next.Number <= limit)
        {
            if (effects.Count > 0 && effects.Count + next.Effects.Count > most)
            {
                last = next.Number.Previous;
                break;
            }
            _waiting.Dequeue();
            effects.AddRange(next.Effects);
            degraded |= next.Number > strict;
        }
        if (effects.Count == 0)
        {
            Released = last;
            return null;
        }
        _isReleasing = true;
        return new MemberOutput.Release(term, last, effects, degraded);
    }

    /// <summary>What was let go has left the process.</summary>
    public void Confirm(EventNumber number)
    {
        _isReleasing = false;
        if (number > Released)
            Released = number;
    }
}
