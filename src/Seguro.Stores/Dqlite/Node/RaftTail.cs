using Microsoft.Win32.SafeHandles;

namespace Seguro.Stores.Dqlite;

/// <summary>Follows, beside a running dqlite, where its log certainly ends on the disk, without reading what was read before. For one thread at a time.</summary>
/// <remarks>
/// libraft writes one batch after the other; so of all batches but the last it is certain that they are written. The last one counts when nothing came behind it from one look to the next.
/// </remarks>
sealed class RaftTail(string folder)
{
    private string? _segment;
    private long _offset;
    private ulong _entries;
    private ulong _term;
    private (string Path, ulong Term)? _closed;
    private (RaftEnd End, string Where) _last;

    /// <summary>Where the log ends now, as far as it is certain; <see langword="null"/> where nothing is, or the files were just being renamed.</summary>
    public RaftEnd? Look()
    {
        try
        {
            RaftFiles files = RaftFiles.List(folder);
            RaftEnd? certain = files.Snapshot;
            if (files.Closed is [.., var closed])
                certain = Later(certain, new RaftEnd(TermOf(closed.Path), closed.Last));
            ulong index = Math.Max(files.Snapshot?.Index ?? 0, files.Closed is [.., var newest] ? newest.Last : 0);
            foreach ((_, string path) in files.Open)
            {
                (RaftEnd before, RaftEnd all) = Walk(path, index);
                if (all.Index == index)
                    break;
                bool isStill = _last == (all, path);
                _last = (all, path);
                if (isStill)
                    certain = Later(certain, all);
                else if (before.Index > index)
                    certain = Later(certain, before);
                index = all.Index;
            }
            return certain;
        }
        catch (Exception error) when (error is IOException or Core.SeguroException)
        {
            return null; // a segment was closed, or removed, between its name and its bytes
        }
    }

    private static RaftEnd? Later(RaftEnd? one, RaftEnd other) => one is { } known && known > other ? known : other;

    /// <summary>The ends before the last batch of an open segment, and after it.</summary>
    private (RaftEnd Before, RaftEnd All) Walk(string path, ulong index)
    {
        if (_segment != path)
            (_segment, _offset, _entries, _term) = (path, RaftSegment.FirstBatch, 0, 0);
        using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        // From the last batch that was seen before, which may not be the last any more.
        long offset = _offset;
        ulong entries = _entries;
        ulong term = _term;
        while (RaftSegment.ReadBatch(file, offset) is { } batch)
        {
            (_offset, _entries, _term) = (offset, entries, term);
            offset += batch.Length;
            entries += batch.Entries;
            term = batch.Term;
        }
        return (new RaftEnd(_term, index + _entries), new RaftEnd(term, index + entries));
    }

    private ulong TermOf(string path)
    {
        if (_closed is { } known && known.Path == path)
            return known.Term;
        ulong term = RaftSegment.Check(path).Term;
        _closed = (path, term);
        return term;
    }
}
