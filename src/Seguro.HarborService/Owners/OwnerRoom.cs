using Seguro.HarborService.Requests;

namespace Seguro.HarborService.Owners;

/// <summary>What each owner holds, and how many of his requests are on their way: what is put here is counted at once, what other instances put when it is counted again.</summary>
/// <remarks>For any thread. Kept for the owners that were here lately; bounded.</remarks>
internal sealed class OwnerRoom(OwnerRegistry registry, ServiceOptions options)
{
    private const int Most = 65_536;

    /// <summary>A list of so many objects is worth so much waiting as one more <see cref="ServiceOptions.CountAge"/>.</summary>
    private const int ObjectsPerAge = 10_000;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Count> _counts = new(StringComparer.Ordinal);

    /// <summary>Begins a request; <see langword="false"/>: the owner has as many as he may.</summary>
    public bool TryEnter(string owner)
    {
        lock (_lock)
        {
            Count count = Of(owner);
            count.Seen = options.Time.GetTimestamp();
            if (count.Requests >= options.OwnerRequests)
                return false;
            count.Requests++;
            return true;
        }
    }

    public void Leave(string owner)
    {
        lock (_lock)
            Of(owner).Requests--;
    }

    /// <summary>Takes room for an object, before it is put.</summary>
    /// <exception cref="RequestRefusal">The quota is used up.</exception>
    /// <exception cref="Core.SeguroException">What counting throws.</exception>
    public async Task TakeAsync(OwnerRecord owner, long bytes, CancellationToken cancel)
    {
        bool isFresh = false;
        while (true)
        {
            lock (_lock)
            {
                Count count = Of(owner.Owner);
                bool isKnown = count.CountedAt is { } at && options.Time.GetElapsedTime(at) < options.CountAge * (1 + (count.Objects / ObjectsPerAge));
                bool fits = count.Bytes + bytes <= owner.Bytes && count.Objects + 1 <= owner.Objects;
                if (isFresh || (isKnown && fits))
                {
                    if (!fits)
                    {
                        throw new RequestRefusal(
                            507, $"{owner.Owner} holds {count.Bytes} bytes in {count.Objects} objects, may hold {owner.Bytes} in {owner.Objects}, and {bytes} more were to come",
                            "Ask the provider for more, or remove what is old with `seguro harbor prune`.");
                    }
                    (count.Bytes, count.Objects) = (count.Bytes + bytes, count.Objects + 1);
                    (count.WayBytes, count.WayObjects) = (count.WayBytes + bytes, count.WayObjects + 1);
                    (count.TakenBytes, count.TakenObjects) = (count.TakenBytes + bytes, count.TakenObjects + 1);
                    return;
                }
            }
            Task counting;
            lock (_lock)
                counting = Of(owner.Owner).Counting ??= RecountAsync(owner.Owner); // many wait for one
            await counting.WaitAsync(cancel);
            isFresh = true;
        }
    }

    /// <summary>An object that room was taken for is there, or is not to be.</summary>
    public void Settle(string owner, long bytes, bool isMade)
    {
        lock (_lock)
        {
            Count count = Of(owner);
            (count.WayBytes, count.WayObjects) = (count.WayBytes - bytes, count.WayObjects - 1);
            if (!isMade)
                (count.Bytes, count.Objects) = (Math.Max(0, count.Bytes - bytes), Math.Max(0, count.Objects - 1));
        }
    }

    /// <summary>What was removed is not known to the byte: counts anew when it is next asked.</summary>
    public void Forget(string owner)
    {
        lock (_lock)
            Of(owner).CountedAt = null;
    }

    private async Task RecountAsync(string owner)
    {
        await Task.Yield(); // not within the lock
        Count count;
        (long Bytes, long Objects) before;
        lock (_lock)
        {
            // What is on its way, or comes meanwhile, may be in the list or not: counted twice for a while rather than not at all.
            count = Of(owner);
            before = (count.TakenBytes - count.WayBytes, count.TakenObjects - count.WayObjects);
        }
        try
        {
            (long bytes, long objects) = await registry.CountAsync(owner, CancellationToken.None);
            lock (_lock)
            {
                count.Bytes = bytes + count.TakenBytes - before.Bytes;
                count.Objects = objects + count.TakenObjects - before.Objects;
                count.CountedAt = options.Time.GetTimestamp();
            }
        }
        finally
        {
            lock (_lock)
                count.Counting = null;
        }
    }

    private Count Of(string owner)
    {
        if (_counts.TryGetValue(owner, out Count? count))
            return count;
        if (_counts.Count >= Most)
        {
            foreach (string idle in _counts.Where(static one => one.Value.Requests == 0).OrderBy(static one => one.Value.Seen).Take(Most / 2).Select(static one => one.Key).ToList())
                _counts.Remove(idle);
        }
        return _counts[owner] = new Count { Seen = options.Time.GetTimestamp() };
    }

    private sealed class Count
    {
        public long Bytes { get; set; }
        public long Objects { get; set; }
        public long WayBytes { get; set; }
        public long WayObjects { get; set; }
        public long TakenBytes { get; set; }
        public long TakenObjects { get; set; }
        public int Requests { get; set; }
        public long? CountedAt { get; set; }
        public long Seen { get; set; }
        public Task? Counting { get; set; }
    }
}
