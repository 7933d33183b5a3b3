using Seguro.Core;

namespace Seguro.Urbit.Piers;

/// <summary>A ship's folder as vere knows it, opened for reading its event log. Layouts: vere-facts.md §1 and §2.</summary>
/// <remarks>
/// Reads with a bounds-checked reader of its own, so that no damaged or hostile file can hurt the process, and no lock file is made.
/// Memory is bounded by a few pages and the largest event handed out. One thread at a time.
/// </remarks>
public sealed class Pier : IDisposable
{
    private Pier(PierInfo info) => Info = info;

    /// <summary>What it says about itself; with <see cref="PierAccess.Live"/>, as it was when it was opened.</summary>
    public PierInfo Info { get; }

    /// <summary>Opens a pier and checks the structure of its log from end to end: pages, tables, numbers, sizes (not the events' content).</summary>
    /// <exception cref="SeguroException">
    /// <see cref="ErrorCode.NotFound"/>, <see cref="ErrorCode.NotAPier"/>, <see cref="ErrorCode.NewerSchema"/>, <see cref="ErrorCode.PierLocked"/>,
    /// <see cref="ErrorCode.Corrupt"/>, <see cref="ErrorCode.Gap"/>, <see cref="ErrorCode.BadEvent"/>, <see cref="ErrorCode.FileAccess"/>.
    /// </exception>
    public static Pier Open(string path, PierAccess access) => throw new NotSupportedException($"{path} {access}");

    /// <summary>The events <paramref name="from"/> … <paramref name="to"/>, whole.</summary>
    /// <remarks>An event's payload is valid until the next is asked for. For events that may be large, use <see cref="ReadPieces"/>.</remarks>
    /// <exception cref="SeguroException">As <see cref="Open"/>; <see cref="ErrorCode.BeyondHead"/>; <see cref="ErrorCode.Trimmed"/>;
    /// <see cref="ErrorCode.TooLarge"/>: an event of more than 2 GiB.</exception>
    public IEnumerable<PierEvent> Read(EventNumber from, EventNumber to) => throw new NotSupportedException($"{from} {to}");

    /// <summary>The events <paramref name="from"/> … <paramref name="to"/> in pieces, in memory that does not grow with their sizes.</summary>
    /// <param name="from">The first event.</param>
    /// <param name="to">The last event; below <paramref name="from"/> means none.</param>
    /// <param name="largestPiece">The most bytes that a piece may have. Every piece of an event but its last is full.</param>
    /// <exception cref="SeguroException">As <see cref="Read"/>.</exception>
    public IEnumerable<PierPiece> ReadPieces(EventNumber from, EventNumber to, int largestPiece = 1 << 20) => throw new NotSupportedException($"{from} {to} {largestPiece}");

    /// <summary>Looks for the last event anew: with <see cref="PierAccess.Live"/> it moves while vere runs.</summary>
    public EventNumber ReadLast() => throw new NotSupportedException();

    /// <summary>Lets go of the files and of the lock.</summary>
    public void Dispose()
    {
    }
}
