namespace Seguro.Nock;

/// <summary>How much of this process's managed heap is in use. It is one heap for all of the process: what else is in it counts, too.</summary>
public static class HeapBudget
{
    private static readonly TimeSpan LongestCollection = TimeSpan.FromSeconds(30);

    /// <summary>The bytes that this process may have, by the machine's memory or the container's limit.</summary>
    public static long Available => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    /// <summary>Would the heap have more than <paramref name="most"/> bytes, with so many more?</summary>
    public static bool IsExceeded(long most, long more)
    {
        if (GC.GetTotalMemory(forceFullCollection: false) + more <= most)
            return false;
        // Much of it may be garbage that nobody needed to look at yet.
        Collect();
        // Where little is left the next collection would come soon, and again.
        return GC.GetTotalMemory(forceFullCollection: false) + more > most - (most / 8);
    }

    /// <summary>Collects beside the other threads, and waits for that: a collection that stops them all for as long would cost a master its lease.</summary>
    private static void Collect()
    {
        long before = Collections();
        long start = Environment.TickCount64;
        GC.Collect(2, GCCollectionMode.Forced, blocking: false);
        while (Collections() == before && Environment.TickCount64 - start < LongestCollection.TotalMilliseconds)
            Thread.Sleep(1);
    }

    private static long Collections() => GC.GetGCMemoryInfo(GCKind.Background).Index + GC.GetGCMemoryInfo(GCKind.FullBlocking).Index;
}
