using Seguro.Core;
using Seguro.Files;

namespace Seguro.Stores.Dqlite;

/// <summary>
/// A node's folder: locked for one process, marked with whose it is, and checked before and after dqlite reads it.
/// A node that lost what it acknowledged must never come back under its old number: it could vote for a leader that lacks it too.
/// </summary>
sealed class NodeFolder : IDisposable
{
    /// <summary>What to do about a node that lost its disk.</summary>
    public static string Replace(string folder) =>
        $"The node must not come back under its number: it could vote twice. `seguro member replace -c seguro.json` gives the member a number that was never used and moves {folder} away (by hand: members:NAME:id in its own seguro.json); "
        + "then start it: the old number leaves the cluster, the data comes from the others.";

    private const string LockFile = "seguro-node.lock";
    private readonly FileStream _lock;

    private NodeFolder(string path, FileStream held)
    {
        Path = path;
        _lock = held;
    }

    public string Path { get; }

    /// <summary>What the node has on the disk, checked, as it is noted.</summary>
    public NodeRecord Recorded { get; private set; }

    /// <summary>Locks the folder, checks that it is this node's, and marks an empty one.</summary>
    /// <exception cref="SeguroException">
    /// <see cref="ErrorCode.LostDisk"/>, <see cref="ErrorCode.ForeignDatabase"/>, <see cref="ErrorCode.ProcessFailed"/> (in use),
    /// <see cref="ErrorCode.NotFound"/> (node 1 without its data and without leave to form a cluster), <see cref="ErrorCode.FileAccess"/>.
    /// </exception>
    public static NodeFolder Open(DqliteNodeOptions options)
    {
        string path = System.IO.Path.GetFullPath(options.Folder);
        NodeMarker? marker;
        try
        {
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            marker = NodeMarker.Read(path);
            if (marker is null)
                RefuseForeignFiles(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw FileFault.Writing(path, error);
        }
        NodeFolder folder = new(path, Lock(path));
        try
        {
            folder.CheckMarker(options, marker);
            return folder;
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Once there is data, notes that there must be from now on. A node that waits to be let into a cluster has none: dqlite writes nothing
    /// before the first message from a leader.
    /// </summary>
    /// <returns>It is noted.</returns>
    /// <exception cref="SeguroException"><see cref="ErrorCode.FileAccess"/>.</exception>
    public bool MarkStarted()
    {
        if (!HasData())
            return false;
        if (NodeMarker.Read(Path) is { Started: false } marker)
            (marker with { Started = true }).Write(Path);
        return true;
    }

    /// <summary>The folder has no node's marker: no node was ever started there.</summary>
    public static bool IsFresh(string path) => NodeMarker.Read(path) is null;

    /// <summary>Refuses files that dqlite put aside because it could not read them; it goes on without them in silence.</summary>
    public void RefuseCorruptFiles()
    {
        if (Directory.EnumerateFiles(Path, "corrupt-*").FirstOrDefault() is { } corrupt)
            throw Lost($"dqlite found a part of its log unreadable and put it aside as {corrupt}", Path);
    }

    /// <summary>A node that lost what it had.</summary>
    public static SeguroException Lost(string what, string folder, Exception? cause = null) => new(ErrorCode.LostDisk, what, Replace(folder), cause);

    public void Dispose() => _lock.Dispose();

    private void CheckMarker(DqliteNodeOptions options, NodeMarker? marker)
    {
        if (marker is null)
        {
            if (options.MustExist)
                throw Lost($"{Path} is empty, but node {options.Id} ran there", Path);
            if (options is { Id: 1, Bootstrap: false })
                throw NoData();
            new NodeMarker
            {
                Format = NodeMarker.CurrentFormat,
                Cluster = options.Cluster,
                Id = options.Id,
                Address = options.Address.ToString(),
                Started = false,
            }.Write(Path);
            return;
        }
        if (marker.Cluster != options.Cluster)
            throw new SeguroException(ErrorCode.ForeignDatabase, $"{Path} holds a node of the cluster '{marker.Cluster}', not of '{options.Cluster}'", "Point at the folder of this cluster's node.");
        if (marker.Id != options.Id || marker.Address != options.Address.ToString())
            throw Lost($"{Path} holds node {marker.Id} at {marker.Address}, not node {options.Id} at {options.Address}", Path);
        RefuseCorruptFiles();
        if (marker.Started && !HasLog())
            throw Lost($"{Path} says that node {marker.Id} ran here, but its data is gone", Path);
        if (!marker.Started && options is { Id: 1, Bootstrap: false } && !HasData())
            throw NoData();
        CheckRaft();

        SeguroException NoData() => new(ErrorCode.NotFound, $"{Path} has no data of node 1",
            "If the cluster is new, say that node 1 may form it (bootstrap). If it is not, node 1 lost its disk: " + Replace(Path));
    }

    /// <summary>The vote and the log are whole, and what they were when they were last noted.</summary>
    private void CheckRaft()
    {
        NodeRecord? noted = NodeRecord.Read(Path);
        RaftEnd? end = RaftFiles.List(Path).Check();
        RaftVote? vote = RaftVote.Read(Path);
        if (end is { } last && vote is not { } known)
            throw Lost($"{Path} has a log that ends with {last}, and no record of the node's vote (metadata1, metadata2)", Path);
        if (end is { } newest && vote is { } older && older.Term < newest.Term)
            throw Lost($"the record of the node's vote in {Path} is of term {older.Term}, and its log has {newest}: the record is an older copy", Path);
        noted?.Check(vote, end, Path);
        Recorded = new NodeRecord(vote, end);
        if (vote is not null && Recorded != noted)
            Recorded.Write(Path);
    }

    private bool HasData() => HasLog() && Directory.EnumerateFiles(Path).Any(static file => RaftVote.IsFile(System.IO.Path.GetFileName(file)));

    private bool HasLog() => Directory.EnumerateFiles(Path).Any(static file =>
        System.IO.Path.GetFileName(file) is var name && (name.StartsWith("snapshot-", StringComparison.Ordinal) || (RaftSegment.IsSegment(name) && RaftSegment.HasEntries(file))));

    private static void RefuseForeignFiles(string path)
    {
        foreach (string entry in Directory.EnumerateFileSystemEntries(path))
        {
            // lost+found is what a new disk has; the others are what is left of a first start that broke off.
            if (System.IO.Path.GetFileName(entry) is "lost+found" or LockFile or NodeMarker.File + DurableFile.TemporarySuffix)
                continue;
            throw new SeguroException(ErrorCode.ForeignDatabase, $"{path} is not the folder of a node: it has no {NodeMarker.File}, but it has {System.IO.Path.GetFileName(entry)}",
                "Point at the node's own folder, or at an empty one.");
        }
    }

    private static FileStream Lock(string path)
    {
        try
        {
            // FileShare.None is flock(2): it ends with the process, however that ends.
            return new FileStream(System.IO.Path.Combine(path, LockFile), new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.ReadWrite,
                Share = FileShare.None,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new SeguroException(ErrorCode.ProcessFailed, $"{path} is in use by another process, or can't be locked: {error.Message}", "End the other process, or wait until it has ended.", error);
        }
    }
}
