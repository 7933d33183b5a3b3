namespace Seguro.Core;

/// <summary>What a store with a window may forget.</summary>
internal static class TrimRule
{
    /// <summary>How many events stay in the store though all have them: who is a little behind then need not ask another member.</summary>
    public const ulong Kept = 1024;

    /// <summary>The first event that must stay; null where nothing may go.</summary>
    /// <param name="master">The end of the master's local log.</param>
    /// <param name="replicas">The ends of the other members' local logs.</param>
    /// <param name="copies">How many local logs must have an event; 0: those of more than half of the members.</param>
    /// <param name="committed">The end of what is committed.</param>
    /// <param name="kept">How many events stay though enough local logs have them.</param>
    public static EventNumber? First(EventNumber master, IReadOnlyList<EventNumber> replicas, int copies, EventNumber committed, ulong kept = Kept)
    {
        List<ulong> ends = [master.Value, .. replicas.Select(static end => end.Value)];
        ends.Sort();
        int needed = Needed(copies, ends.Count);
        ulong shared = Math.Min(ends[^needed], committed.Value);
        return shared > kept ? new EventNumber(shared - kept + 1) : null;
    }

    /// <summary>How many of the members' local logs must have an event before the store may forget it.</summary>
    /// <param name="copies">As configured; 0: those of more than half of the members, so that no minority that is away holds the ship up.</param>
    /// <param name="members">How many members there are.</param>
    public static int Needed(int copies, int members) => copies <= 0 ? (members / 2) + 1 : Math.Min(copies, members);
}
