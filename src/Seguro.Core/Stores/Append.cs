namespace Seguro.Core;

/// <summary>A group of events to be appended in one transaction: all or none.</summary>
public sealed record Append
{
    /// <summary>Makes a group; checks that the numbers follow one another.</summary>
    /// <param name="term">The writer's term.</param>
    /// <param name="previous">The position that the store's head must have.</param>
    /// <param name="events">The events; the first follows <paramref name="previous"/>.</param>
    /// <exception cref="ArgumentException">No events, a hole in the numbers, or more bytes in fragment 0 than the event has.</exception>
    public Append(Term term, Position previous, IReadOnlyList<NewEvent> events)
    {
        ArgumentNullException.ThrowIfNull(events);
        if (events.Count == 0)
            throw new ArgumentException("An append carries at least one event.", nameof(events));
        EventNumber next = previous.Number;
        foreach (NewEvent added in events)
        {
            next = next.Next;
            if (added.Number != next)
                throw new ArgumentException($"Event {added.Number} stands where {next} should.", nameof(events));
            if (added.Bytes.Length > added.Size)
                throw new ArgumentException($"Event {added.Number} has more bytes than its size says.", nameof(events));
        }
        Term = term;
        Previous = previous;
        Events = events;
    }

    /// <summary>The writer's term.</summary>
    public Term Term { get; }

    /// <summary>The position that the store's head must have.</summary>
    public Position Previous { get; }

    /// <summary>The events, in order.</summary>
    public IReadOnlyList<NewEvent> Events { get; }

    /// <summary>The position after the append.</summary>
    public Position Last => new(Events[^1].Number, Events[^1].Chain);

    /// <summary>The sum of the events' sizes, staged fragments included.</summary>
    public long Size
    {
        get
        {
            long size = 0;
            foreach (NewEvent added in Events)
                size += added.Size;
            return size;
        }
    }
}
