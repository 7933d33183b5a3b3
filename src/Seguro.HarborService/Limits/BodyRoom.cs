namespace Seguro.HarborService.Limits;

/// <summary>Room for bodies on their way: in memory for small ones, in temporary files for others; so much of each and no more.</summary>
/// <remarks>For any thread.</remarks>
internal sealed class BodyRoom(long memory, long disk)
{
    private const long LargestInMemory = 24 << 20;
    private long _memory = memory;
    private long _disk = disk;

    /// <summary>Takes room; <see langword="null"/>: there is none now. Whoever gets it disposes of it.</summary>
    public Body? TryTake(long bytes)
    {
        if (bytes <= LargestInMemory && TryTake(ref _memory, bytes))
            return new Body(new MemoryStream((int)bytes), () => Interlocked.Add(ref _memory, bytes));
        if (!TryTake(ref _disk, bytes))
            return null;
        try
        {
            return new Body(Harbor.Format.Scratch.For(long.MaxValue), () => Interlocked.Add(ref _disk, bytes));
        }
        catch
        {
            Interlocked.Add(ref _disk, bytes);
            throw;
        }
    }

    private static bool TryTake(ref long left, long bytes)
    {
        if (Interlocked.Add(ref left, -bytes) >= 0)
            return true;
        Interlocked.Add(ref left, bytes);
        return false;
    }

    /// <summary>A body's bytes.</summary>
    internal sealed class Body(Stream content, Action giveBack) : IDisposable
    {
        public Stream Content => content;

        public void Dispose()
        {
            content.Dispose();
            giveBack();
        }
    }
}
