using Seguro.Core;
using Seguro.Files;

namespace Seguro.Piers.Transfer;

/// <summary>Copies a pier whose ship does not run, as a folder: log, snapshots, and whatever its user has in it; not what belongs to a process (locks, sockets, ports).</summary>
/// <remarks>The copy is made in <c>TARGET.seguro-partial</c> and renamed in when it is whole and durable. Links are copied as links.</remarks>
public static class PierFolderCopy
{
    private const string Partial = ".seguro-partial";
    private static readonly string[] OfProcess = [".vere.lock", ".http.ports", "lock.mdb", "conn.sock"];

    /// <summary>How many bytes the copy will have, about.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.FileAccess"/>.</exception>
    public static long Measure(string pier)
    {
        try
        {
            return new DirectoryInfo(pier).EnumerateFiles("*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint }).Sum(static file => file.Length);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw FileFault.Reading(pier, refused);
        }
    }

    /// <summary>Copies it.</summary>
    /// <param name="pier">The pier; nobody holds it.</param>
    /// <param name="target">The folder to be, which must not exist; those above it are made.</param>
    /// <param name="cancel">Ends it between two files; nothing is left.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.AlreadyExists"/>, <see cref="ErrorCode.DiskFull"/>, <see cref="ErrorCode.FileAccess"/>.</exception>
    public static void Run(string pier, string target, CancellationToken cancel)
    {
        ArgumentException.ThrowIfNullOrEmpty(pier);
        ArgumentException.ThrowIfNullOrEmpty(target);
        if (Path.Exists(target))
            throw new SeguroException(ErrorCode.AlreadyExists, $"{target} exists already", "Choose another path, or move away what is there; nothing is ever overwritten.");
        string partial = target + Partial;
        try
        {
            if (Directory.Exists(partial))
                Directory.Delete(partial, recursive: true);
            string above = Path.GetDirectoryName(Path.GetFullPath(target))!;
            Directory.CreateDirectory(above, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            Copy(new DirectoryInfo(pier), partial, isOfVere: false, cancel);
            Directory.Move(partial, target);
            FolderSync.Flush(above);
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            throw FileFault.Writing(target, failed);
        }
        finally
        {
            if (Directory.Exists(partial))
                Directory.Delete(partial, recursive: true);
        }
    }

    /// <param name="from">The folder.</param>
    /// <param name="to">Its copy.</param>
    /// <param name="isOfVere">It is <c>.urb</c> or below: a link from there would make the copy write into the pier that was copied.</param>
    /// <param name="cancel">Ends it between two files.</param>
    private static void Copy(DirectoryInfo from, string to, bool isOfVere, CancellationToken cancel)
    {
        Directory.CreateDirectory(to, from.UnixFileMode);
        foreach (FileSystemInfo entry in from.EnumerateFileSystemInfos("*", new EnumerationOptions { AttributesToSkip = FileAttributes.None }))
        {
            cancel.ThrowIfCancellationRequested();
            string copy = Path.Combine(to, entry.Name);
            bool isIn = isOfVere || entry.Name == ".urb";
            if (entry.LinkTarget is { } link)
            {
                if (isIn)
                    throw new SeguroException(ErrorCode.Unsupported, $"{entry.FullName} is a link, and what writes into a copy of it would write into the pier itself", "Put what it leads to in its place, and repeat.");
                File.CreateSymbolicLink(copy, link);
            }
            else if (entry is DirectoryInfo folder)
            {
                Copy(folder, copy, isIn, cancel);
            }
            else if (!OfProcess.Contains(entry.Name) && FileKind.IsRegularOrMissing(entry.FullName))
            {
                File.Copy(entry.FullName, copy);
                LibC.SyncFile(copy);
            }
        }
        FolderSync.Flush(to);
    }
}
