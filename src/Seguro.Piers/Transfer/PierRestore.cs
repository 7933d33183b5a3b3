using Seguro.Core;

namespace Seguro.Piers.Transfer;

/// <summary>Makes of a log a pier that its vere can start: with a snapshot, where the log needs one or there is one; or one to be looked into, of the log's first events only.</summary>
public static class PierRestore
{
    /// <summary>Makes the pier.</summary>
    /// <remarks>
    /// As <see cref="PierExport"/> for the log. One of fewer events than the log has is marked (<see cref="ForensicMark"/>): no start by Seguro, and
    /// no import, takes it for the ship.
    /// </remarks>
    /// <param name="log">The log.</param>
    /// <param name="path">The pier's folder to be; must not exist.</param>
    /// <param name="vereVersion">The runtime that is to open it.</param>
    /// <param name="to">The last event that it shall have, for looking into; <see langword="null"/> for all.</param>
    /// <param name="snapshots">Where snapshots are looked for: a file, a folder, a pier; <see langword="null"/> for nowhere.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="time">Measures <see cref="PierExportResult.Elapsed"/>.</param>
    /// <param name="cancel">Ends it; there is nothing under <paramref name="path"/> then.</param>
    /// <exception cref="SeguroException">
    /// <see cref="ErrorCode.Trimmed"/>, <see cref="ErrorCode.BeyondHead"/>: the log has no event <paramref name="to"/>;
    /// <see cref="ErrorCode.Unsupported"/>: it does not begin at event 1, and no snapshot that was found can stand for what is missing. What
    /// <see cref="PierExport"/> throws.
    /// </exception>
    public static async Task<PierRestoreResult> RunAsync(
        EventLog log,
        string path,
        string vereVersion,
        EventNumber? to,
        string? snapshots,
        IProgress<TransferProgress>? progress,
        TimeProvider time,
        CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(log);
        LogState whole = await log.ReadStateAsync(cancel);
        LogState state = to is { } last && last != whole.Head.Number ? await CutAsync(log, whole, last, cancel) : whole;
        IReadOnlyList<RestoredSnapshot> found = snapshots is null ? [] : RestoredSnapshot.Find(snapshots, vereVersion, state.Base.Number, state.Head.Number);
        RestoredSnapshot? chosen = found.FirstOrDefault(static one => one.Problem is null);
        if (chosen is null && state.Base.Number != EventNumber.None)
            throw Needed(log, state, found);
        bool isCut = state.Head.Number < whole.Head.Number;
        PierExportResult exported = await PierExport.RunAsync(log, state, path, vereVersion, AddBeside, progress, time, cancel);
        return new PierRestoreResult(exported, whole.Head.Number, chosen, [.. found.Where(static one => one.Problem is not null)], isCut);

        void AddBeside(PierWriter writer)
        {
            chosen?.AddTo(writer, state.Base.Number);
            if (isCut)
                writer.AddFile(ForensicMark.File, new MemoryStream(ForensicMark.Write(log.Ship, state.Head.Number, whole.Head.Position)));
        }
    }

    private static async ValueTask<LogState> CutAsync(EventLog log, LogState whole, EventNumber last, CancellationToken cancel)
    {
        if (last < whole.First || last > whole.Head.Number)
        {
            throw new SeguroException(
                last < whole.First ? ErrorCode.Trimmed : ErrorCode.BeyondHead,
                $"the log of {log.Ship} has the events {whole.First} to {whole.Head.Number}, and not {last}",
                "Nothing was made. Name one that it has.");
        }
        Position end = await log.ReadPositionAsync(last, cancel);
        return whole with { Head = whole.Head with { Number = end.Number, Chain = end.Chain } };
    }

    private static SeguroException Needed(EventLog log, LogState state, IReadOnlyList<RestoredSnapshot> found) => new(
        ErrorCode.Unsupported,
        $"the log of {log.Ship} begins with event {state.First}, so that no vere can start from it without a snapshot of event {state.Base.Number} or a later one; "
        + (found.Count == 0 ? "none was found" : $"none of these can be used: {string.Join("; ", found.Select(static one => $"{one.Path}: {one.Problem}"))}"),
        "Nothing was made. Name where one is with --snapshots: a copy of the pier, a backup of its .urb/chk or .urb/roc; or take the log alone with `seguro pier export`.");
}
