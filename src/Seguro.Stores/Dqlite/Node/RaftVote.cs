using System.Buffers.Binary;

namespace Seguro.Stores.Dqlite;

/// <summary>What a node's raft remembers of elections: its term, and whom it voted for in it. A node that forgets that could vote twice.</summary>
/// <remarks>
/// Format, from libraft 0.15.0, <c>src/uv_metadata.c</c>: two files of 32 bytes, all little-endian: u64 format 1, u64 version, u64 term, u64 vote (0: none). Version n is written over
/// <c>metadata1</c> where n is odd, over <c>metadata2</c> where it is even; the one with the higher version counts. libraft takes one that is not whole for one that was never written.
/// </remarks>
/// <param name="Version">How often it was written.</param>
/// <param name="Term">The term.</param>
/// <param name="VotedFor">The node that got the vote in it; 0: none.</param>
readonly record struct RaftVote(ulong Version, ulong Term, ulong VotedFor)
{
    private const int Size = 4 * sizeof(ulong);
    private const ulong Format = 1;

    private static readonly string[] Files = ["metadata1", "metadata2"];

    /// <summary>The name is that of one of the two files.</summary>
    public static bool IsFile(string name) => Files.Contains(name);

    /// <summary>Reads the record of a folder; <see langword="null"/> where there is none.</summary>
    /// <exception cref="Seguro.Core.SeguroException"><see cref="Seguro.Core.ErrorCode.LostDisk"/>: it is not whole.</exception>
    public static RaftVote? Read(string folder)
    {
        RaftVote? newest = null;
        RaftVote? older = null;
        for (int i = 0; i < Files.Length; i++)
        {
            string path = Path.Combine(folder, Files[i]);
            if (!File.Exists(path))
                continue;
            byte[] bytes = File.ReadAllBytes(path);
            if (bytes.Length != Size || Word(bytes, 0) != Format)
                throw NodeFolder.Lost($"{path}, where the node keeps its vote, is not whole: {(bytes.Length == Size ? "it begins with other bytes than libraft writes" : $"it has {bytes.Length} of {Size} bytes")}", folder);
            RaftVote vote = new(Word(bytes, 1), Word(bytes, 2), Word(bytes, 3));
            if (vote.Version == 0 || (int)((vote.Version + 1) % 2) != i)
                throw NodeFolder.Lost($"{path}, where the node keeps its vote, says version {vote.Version}, which does not belong there", folder);
            if (newest is { } one && one.Version > vote.Version)
                older = vote;
            else
                (newest, older) = (vote, newest);
        }
        if (newest is not { } last)
            return null;
        bool follows = older is { } before
            ? before.Version + 1 == last.Version && before.Term <= last.Term
            : last.Version == 1;
        return follows ? last : throw NodeFolder.Lost(
            $"metadata1 and metadata2 in {folder}, where the node keeps its vote, do not belong together: {(older is null ? "one of them is missing" : $"versions {older.Value.Version} and {last.Version}, terms {older.Value.Term} and {last.Term}")}", folder);
    }

    /// <summary>Reads the record beside a dqlite that runs, and may be writing it; <see langword="null"/> where it can't be read just now.</summary>
    public static RaftVote? TryRead(string folder)
    {
        try
        {
            return Read(folder);
        }
        catch (Exception error) when (error is Core.SeguroException or IOException)
        {
            return null;
        }
    }

    private static ulong Word(byte[] bytes, int index) => BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(index * sizeof(ulong)));
}
