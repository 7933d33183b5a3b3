using Seguro.Core;

namespace Seguro.Piers;

/// <summary>A ship's folder as vere knows it, opened for reading its event log. Layouts: vere-facts.md §1 and §2.</summary>
/// <remarks>
/// Reads with a bounds-checked reader of its own, so that no damaged or hostile file can hurt the process, and no lock file is made.
/// Memory is bounded by a few pages and the largest event handed out. Reads may overlap, from any thread.
/// </remarks>
public sealed class Pier : IDisposable
{
    private readonly PierFiles _files;
    private readonly PierLock? _lock;
    private readonly bool _isLive;

    private Pier(PierFiles files, PierLock? held, bool isLive, PierInfo info)
    {
        _files = files;
        _lock = held;
        _isLive = isLive;
        Info = info;
    }

    /// <summary>What it says about itself; with <see cref="PierAccess.Live"/>, as it was when it was opened.</summary>
    public PierInfo Info { get; }

    /// <summary>Opens a pier and checks the structure of its log from end to end: pages, tables, numbers, sizes (not the events' content).</summary>
    /// <remarks>With <see cref="PierAccess.Live"/>, the pages of the newest epoch that a running vere changes are checked as they are read.</remarks>
    /// <param name="path">The pier's folder.</param>
    /// <param name="access">What may happen to it meanwhile.</param>
    /// <param name="despite">The evidence against its log in spite of which it is opened; what was found is in <see cref="PierInfo.Evidence"/>.</param>
    /// <exception cref="SeguroException">
    /// <see cref="ErrorCode.NotFound"/>, <see cref="ErrorCode.NotAPier"/>, <see cref="ErrorCode.NewerSchema"/>, <see cref="ErrorCode.PierLocked"/>,
    /// <see cref="ErrorCode.Corrupt"/>, <see cref="ErrorCode.Gap"/>, <see cref="ErrorCode.BadEvent"/>, <see cref="ErrorCode.FileAccess"/>;
    /// <see cref="ErrorCode.ShortLog"/>: it proves that its log is not all that the ship computed.
    /// </exception>
    public static Pier Open(string path, PierAccess access, EvidenceKinds despite = EvidenceKinds.None) => Open(path, access, PierCheck.Everything, despite);

    /// <summary>As <see cref="Open(string, PierAccess, EvidenceKinds)"/> with <see cref="PierAccess.Live"/>, and without reading the whole file: for who has read it once and looks again.</summary>
    /// <remarks>The leaves within tables of events are checked when they are read. <see cref="PierInfo.Bytes"/> is not counted.</remarks>
    /// <param name="path">The pier's folder.</param>
    /// <param name="despite">The evidence against its log in spite of which it is opened.</param>
    /// <exception cref="SeguroException">As <see cref="Open(string, PierAccess, EvidenceKinds)"/>.</exception>
    public static Pier Follow(string path, EvidenceKinds despite = EvidenceKinds.None) => Open(path, PierAccess.Live, PierCheck.AllButInnerLeaves, despite);

    private static Pier Open(string path, PierAccess access, PierCheck check, EvidenceKinds despite)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        bool isLive = access == PierAccess.Live;
        bool exists = PierFiles.Exists(path); // first, for where that can't be told, nothing else can
        PierLock? held = access == PierAccess.Exclusive && exists ? PierLock.Take(path) : null;
        PierFiles? files = null;
        try
        {
            PierHold hold = held is null ? FindHolder(path) : PierHold.Free;
            if (hold.IsHeld && !isLive)
                throw PierFault.Locked(path, hold);
            files = PierFiles.Open(path, isLive, EventSurvey.SmallestEvent, check, despite);
            PierInfo info = new()
            {
                Path = files.Path,
                Identity = files.ReadIdentity(),
                Layout = files.Layout,
                MetaVersion = files.MetaVersion,
                VereVersion = files.Newest.VereVersion,
                Epochs = [.. files.Epochs.Select(static epoch => epoch.Info)],
                First = files.First,
                Last = files.Last,
                Bytes = files.Bytes,
                Hold = hold,
                Images = files.Images,
                Evidence = files.Evidence,
                Custody = CustodyMark.Read(files.Path),
            };
            return new Pier(files, held, isLive, info);
        }
        catch
        {
            files?.Dispose();
            held?.Dispose();
            throw;
        }
    }

    /// <summary>Who holds a pier, without looking at anything else in it.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.FileAccess"/>.</exception>
    public static PierHold FindHolder(string path) => Presence.IsFolder(path) ? PierLock.Inspect(path) : PierHold.Free;

    /// <summary>The events <paramref name="from"/> … <paramref name="to"/>, whole.</summary>
    /// <remarks>An event's payload is valid until the next is asked for. For events that may be large, use <see cref="ReadPieces"/>.</remarks>
    /// <exception cref="SeguroException">As <see cref="Open"/>; <see cref="ErrorCode.BeyondHead"/>; <see cref="ErrorCode.Trimmed"/>;
    /// <see cref="ErrorCode.TooLarge"/>: an event of more than 2 GiB.</exception>
    public IEnumerable<PierEvent> Read(EventNumber from, EventNumber to)
    {
        return Whole(ReadPieces(from, to, Array.MaxLength));

        static IEnumerable<PierEvent> Whole(IEnumerable<PierPiece> pieces)
        {
            foreach (PierPiece piece in pieces)
            {
                yield return piece.IsLast
                    ? new PierEvent(piece.Number, piece.Bytes)
                    : throw new SeguroException(ErrorCode.TooLarge, $"event {piece.Number} has {piece.Size} bytes, too many to be read at once", "Only pieces of it can be read.");
            }
        }
    }

    /// <summary>The events <paramref name="from"/> … <paramref name="to"/> in pieces, in memory that does not grow with their sizes.</summary>
    /// <param name="from">The first event.</param>
    /// <param name="to">The last event; below <paramref name="from"/> means none.</param>
    /// <param name="largestPiece">The most bytes that a piece may have. Every piece of an event but its last is full.</param>
    /// <exception cref="SeguroException">As <see cref="Read"/>.</exception>
    public IEnumerable<PierPiece> ReadPieces(EventNumber from, EventNumber to, int largestPiece = 1 << 20)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(largestPiece, 1);
        if (to < from)
            return [];
        if (from < Info.First)
            throw PierFault.OutsideOfLog(Info, from);
        return to > Info.Last && (!_isLive || to > ReadLast()) ? throw PierFault.OutsideOfLog(Info, to) : Pieces();

        IEnumerable<PierPiece> Pieces()
        {
            foreach (PierEpoch epoch in _files.Epochs)
            {
                bool isNewest = epoch == _files.Newest;
                if (to < epoch.Info.First || (!isNewest && from > epoch.Info.Last))
                    continue;
                ulong first = Math.Max(from.Value, epoch.Info.First.Value);
                ulong last = isNewest ? to.Value : Math.Min(to.Value, epoch.Info.Last.Value);
                foreach (PierPiece piece in epoch.NewReader().ReadPieces(first, last, largestPiece))
                    yield return piece;
            }
        }
    }

    /// <summary>Looks for the last event anew: with <see cref="PierAccess.Live"/> it moves while vere runs.</summary>
    public EventNumber ReadLast() => _files.Newest.NewReader().FindEnds() is { } ends ? new EventNumber(ends.Last) : Info.Last;

    /// <summary>
    /// What lies at its path is not what is open here: another file took the place of one, the pier was moved away, an epoch came or went, a flat log became epochs. It is then to be opened anew;
    /// the files that are open here may be gone but for that.
    /// </summary>
    public bool IsReplaced => _files.IsReplaced;

    /// <summary>
    /// The last event that is on the disk for certain: that of the transaction before the newest one, or of the epoch before. While a ship is busy this goes along with
    /// <see cref="ReadLast"/>, a transaction behind, and costs no flush.
    /// </summary>
    public EventNumber ReadSettledLast() => _files.Newest.NewReader().FindSettledLast() is { } last ? new EventNumber(last) : new EventNumber(_files.Newest.Start);

    /// <summary>
    /// Waits until all that was read of the newest epoch is on the disk. LMDB shows a commit to readers before it is durable; whoever carries it
    /// elsewhere would otherwise know more than the pier after
    /// a power cut. Changes nothing; the file is opened for reading only.
    /// </summary>
    public void Settle() => _files.Newest.File.Settle();

    /// <summary>Lets go of the files and of the lock.</summary>
    public void Dispose()
    {
        _files.Dispose();
        _lock?.Dispose();
    }
}
