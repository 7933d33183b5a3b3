using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Seguro.Core;
using Seguro.Files;

namespace Seguro.Piers.LocalLogs;

/// <summary>Keeps events aside that don't belong to the cluster's log, or that a ship could not process: evidence, for people.</summary>
/// <remarks>
/// A folder for each case: <c>TIME-NAME</c> with <c>report.txt</c> and what was moved there whole (<see cref="MoveAsync"/>); or <c>TIME-FROM-TO</c>,
/// with <c>report.txt</c> and <c>events.bin</c>. The latter has for each event its number and its
/// size as 8 bytes, little-endian, its chain (32 bytes), its payload. All is on the disk, under its name, when <see cref="WriteAsync"/> returns.
/// </remarks>
public static class QuarantineFolder
{
    private const int HeaderSize = sizeof(ulong) + sizeof(long) + Chain.Size;

    /// <summary>Writes a case.</summary>
    /// <param name="folder">Where cases are kept; made where it is missing.</param>
    /// <param name="now">The time for its name and its report.</param>
    /// <param name="facts">What the report says, line by line, before the list of events.</param>
    /// <param name="events">The events, in order; at least one. A payload is read before the next event is asked for.</param>
    /// <param name="cancel">Ends it; nothing is left under a case's name.</param>
    /// <returns>The folder of the case.</returns>
    /// <exception cref="SeguroException"><see cref="ErrorCode.DiskFull"/>, <see cref="ErrorCode.FileAccess"/>.</exception>
    public static async Task<string> WriteAsync(
        string folder, DateTimeOffset now, IReadOnlyList<string> facts, IAsyncEnumerable<Event> events, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(facts);
        ArgumentNullException.ThrowIfNull(events);
        string aside = Path.Combine(folder, $".partial-{Guid.NewGuid():N}");
        try
        {
            Directory.CreateDirectory(aside);
            (EventNumber first, EventNumber last, string list) = await WriteEventsAsync(Path.Combine(aside, "events.bin"), events, cancel);
            string report = $"{now:u}\n{string.Join('\n', facts)}\n\nnumber\tbytes\tchain\n{list}";
            await WriteDurablyAsync(Path.Combine(aside, "report.txt"), Encoding.UTF8.GetBytes(report), cancel);
            FolderSync.Flush(aside);
            string name = string.Create(CultureInfo.InvariantCulture, $"{now.UtcDateTime:yyyyMMdd'T'HHmmss.fff}-{first}-{last}");
            string target = Path.Combine(folder, name);
            Directory.Move(aside, target);
            FolderSync.Flush(folder);
            if (Path.GetDirectoryName(Path.GetFullPath(folder)) is { } above)
                FolderSync.Flush(above);
            return target;
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            throw Explain(folder, failed);
        }
        finally
        {
            if (Directory.Exists(aside))
                Directory.Delete(aside, recursive: true);
        }
    }

    /// <summary>Moves a file or folder of the member's own into a case of its own, <c>TIME-NAME</c>, beside a <c>report.txt</c>.</summary>
    /// <param name="folder">Where cases are kept; made where it is missing. On the same disk as <paramref name="path"/>.</param>
    /// <param name="now">The time for the case's name and its report.</param>
    /// <param name="name">What the case is about.</param>
    /// <param name="facts">What the report says, line by line.</param>
    /// <param name="path">What is moved.</param>
    /// <param name="cancel">Ends it before anything is moved.</param>
    /// <returns>The folder of the case.</returns>
    /// <exception cref="SeguroException"><see cref="ErrorCode.DiskFull"/>, <see cref="ErrorCode.FileAccess"/>: it is where it was.</exception>
    public static Task<string> MoveAsync(string folder, DateTimeOffset now, string name, IReadOnlyList<string> facts, string path, CancellationToken cancel) =>
        MoveAllAsync(folder, now, name, facts, [path], cancel);

    /// <summary>As <see cref="MoveAsync"/>, for several files that belong together, with different names; killed in the middle, some are moved and the others are where they were.</summary>
    /// <exception cref="SeguroException">As <see cref="MoveAsync"/>.</exception>
    public static Task<string> MoveAllAsync(string folder, DateTimeOffset now, string name, IReadOnlyList<string> facts, IReadOnlyList<string> paths, CancellationToken cancel) =>
        MoveAllAsync(folder, now, name, facts, paths, FolderSync.Flush, cancel);

    /// <remarks>
    /// The order is the point: a case has its name on the disk before anything is moved there, and what was moved is on the disk in its new place
    /// before its old place is: a power cut must find it in one of
    /// the two.
    /// </remarks>
    internal static async Task<string> MoveAllAsync(
        string folder, DateTimeOffset now, string name, IReadOnlyList<string> facts, IReadOnlyList<string> paths, Action<string> flush, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(facts);
        ArgumentNullException.ThrowIfNull(paths);
        string target = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{now.UtcDateTime:yyyyMMdd'T'HHmmss.fff}-{name}"));
        try
        {
            Directory.CreateDirectory(target);
            await WriteDurablyAsync(Path.Combine(target, "report.txt"), Encoding.UTF8.GetBytes($"{now:u}\n{string.Join('\n', facts)}\n"), cancel);
            flush(target);
            flush(folder);
            if (Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))) is { } above)
                flush(above);
            foreach (string path in paths)
            {
                string from = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
                cancel.ThrowIfCancellationRequested();
                Directory.Move(from, Path.Combine(target, Path.GetFileName(from)));
                flush(target);
                flush(Path.GetDirectoryName(from)!);
            }
            return target;
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            throw Explain(folder, failed);
        }
    }

    /// <summary>Reads the events of a case, for whoever wants to look into them.</summary>
    /// <exception cref="InvalidDataException">The file is torn.</exception>
    public static IEnumerable<Event> Read(string caseFolder)
    {
        using FileStream file = File.OpenRead(Path.Combine(caseFolder, "events.bin"));
        byte[] header = new byte[HeaderSize];
        while (file.Position < file.Length)
        {
            file.ReadExactly(header);
            long size = BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(sizeof(ulong)));
            if (size < 0 || size > file.Length - file.Position)
                throw new InvalidDataException($"{file.Name} ends within an event.");
            byte[] payload = new byte[size];
            file.ReadExactly(payload);
            yield return new Event(new EventNumber(BinaryPrimitives.ReadUInt64LittleEndian(header)), payload, new Chain(header.AsSpan(HeaderSize - Chain.Size)));
        }
    }

    private static async Task<(EventNumber First, EventNumber Last, string List)> WriteEventsAsync(
        string path, IAsyncEnumerable<Event> events, CancellationToken cancel)
    {
        StringBuilder list = new();
        EventNumber first = EventNumber.None;
        EventNumber last = EventNumber.None;
        byte[] header = new byte[HeaderSize];
        await using FileStream file = new(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 1 << 16);
        await foreach (Event kept in events.WithCancellation(cancel))
        {
            if (first == EventNumber.None)
                first = kept.Number;
            last = kept.Number;
            BinaryPrimitives.WriteUInt64LittleEndian(header, kept.Number.Value);
            BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(sizeof(ulong)), kept.Payload.Length);
            kept.Chain.CopyTo(header.AsSpan(HeaderSize - Chain.Size));
            await file.WriteAsync(header, cancel);
            await file.WriteAsync(kept.Payload, cancel);
            list.Append(CultureInfo.InvariantCulture, $"{kept.Number}\t{kept.Payload.Length}\t{kept.Chain}\n");
        }
        await file.FlushAsync(cancel);
        file.Flush(flushToDisk: true);
        return (first, last, list.ToString());
    }

    private static SeguroException Explain(string folder, Exception failed) => FullDisk.IsCauseOf(failed)
        ? new SeguroException(ErrorCode.DiskFull, $"there is no room in {folder} to keep events aside", "Make room and start the member again; its log was not changed.", failed)
        : new SeguroException(ErrorCode.FileAccess, $"events can't be kept aside in {folder}: {failed.Message}", "Check the folder's permissions and start the member again; its log was not changed.", failed);

    private static async Task WriteDurablyAsync(string path, byte[] bytes, CancellationToken cancel)
    {
        await using FileStream file = new(path, FileMode.CreateNew, FileAccess.Write);
        await file.WriteAsync(bytes, cancel);
        file.Flush(flushToDisk: true);
    }
}
