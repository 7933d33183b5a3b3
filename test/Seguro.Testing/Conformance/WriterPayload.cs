namespace Seguro.Testing;

/// <summary>What the writing process (<c>Seguro.Testing.Writer</c>) appends: it follows from the seed and the event's number alone.</summary>
public static class WriterPayload
{
    /// <summary>The payload of event <paramref name="number"/>.</summary>
    /// <param name="seed">The run's seed.</param>
    /// <param name="number">The event's number.</param>
    /// <param name="large">The size of every seventh event, in bytes; 0 for only small ones.</param>
    public static byte[] Of(ulong seed, ulong number, int large)
    {
        ulong own = (seed * 1_000_003) + number;
        int size = large > 0 && number % 7 == 0 ? large : SeededPayload.Number(own, 8, 2000);
        return SeededPayload.Of(own, size);
    }
}
