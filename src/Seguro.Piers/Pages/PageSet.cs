namespace Seguro.Piers;

/// <summary>A set of page numbers, in memory that goes with the pages seen and not with the highest number that a file may claim.</summary>
internal sealed class PageSet
{
    private const int ChunkBits = 15;
    private readonly Dictionary<ulong, ulong[]> _chunks = [];

    /// <summary>Adds a number; false where it was in.</summary>
    public bool Add(ulong number)
    {
        if (!_chunks.TryGetValue(number >> ChunkBits, out ulong[]? chunk))
            _chunks.Add(number >> ChunkBits, chunk = new ulong[(1 << ChunkBits) / 64]);
        int place = (int)(number & ((1 << ChunkBits) - 1));
        ulong bit = 1UL << (place % 64);
        bool added = (chunk[place / 64] & bit) == 0;
        chunk[place / 64] |= bit;
        return added;
    }
}
