using System.Globalization;
using Seguro.Core;
using Seguro.Files;

namespace Seguro.Stores.Dqlite;

/// <summary>
/// What Seguro notes of a node's vote and of its log's end, in a file of its own with a checksum: libraft's record of the vote has none, and of a segment that is missing at the end nothing tells.
/// </summary>
/// <remarks>
/// The file <c>seguro-record</c>: <c>vote VERSION TERM NODE</c> and <c>log TERM INDEX</c>, each as far as it was known. It is noted within two
/// seconds, so what is on the disk may be newer, never older: votes are only
/// added, and of two ends of one log the later has the higher term or number, since what is cut off a log is followed by entries of a higher term.
/// (Should a machine die just between the two, in libraft's hands a matter of milliseconds, the node is refused without need.)
/// </remarks>
/// <param name="Vote">The vote.</param>
/// <param name="End">The log's end.</param>
readonly record struct NodeRecord(RaftVote? Vote, RaftEnd? End)
{
    /// <summary>The file's name.</summary>
    public const string File = "seguro-record";

    /// <summary>Reads the record of a folder; <see langword="null"/> where there is none: an older Seguro made it, or the node never ran.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.Corrupt"/>.</exception>
    public static NodeRecord? Read(string folder)
    {
        string path = Path.Combine(folder, File);
        string next = $"Nothing tells any more what this node may have forgotten: treat it like one that lost its disk. {NodeFolder.Replace(folder)}";
        if (SealedFile.Read(path, takesUnsealed: false, next) is not { } text)
            return null;
        RaftVote? vote = null;
        RaftEnd? end = null;
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] words = line.Split(' ');
            ulong[] numbers = [.. words.Skip(1).Select(static word => ulong.Parse(word, NumberStyles.None, CultureInfo.InvariantCulture))];
            if (words[0] == "vote" && numbers.Length == 3)
                vote = new RaftVote(numbers[0], numbers[1], numbers[2]);
            else if (words[0] == "log" && numbers.Length == 2)
                end = new RaftEnd(numbers[0], numbers[1]);
        }
        return new NodeRecord(vote, end);
    }

    /// <summary>Refuses a vote and a log that are not, or not any more, what they were.</summary>
    /// <param name="vote">The vote on the disk.</param>
    /// <param name="end">The log's end on the disk.</param>
    /// <param name="folder">The folder, for messages.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.LostDisk"/>.</exception>
    public void Check(RaftVote? vote, RaftEnd? end, string folder)
    {
        if (Vote is { } noted && (vote is not { } is1 || is1.Version < noted.Version))
            throw NodeFolder.Lost($"the record of the node's vote in {folder} is older than it was: version {vote?.Version ?? 0}, and {noted.Version} was noted", folder);
        if (Vote is { } same && vote is { } is2 && is2.Version == same.Version && is2 != same)
            throw NodeFolder.Lost($"the record of the node's vote in {folder} was changed: it says term {is2.Term} and node {is2.VotedFor}, and term {same.Term} and node {same.VotedFor} were noted", folder);
        if (Vote is { } before && vote is { } after && after.Term < before.Term)
            throw NodeFolder.Lost($"the record of the node's vote in {folder} says term {after.Term}, and {before.Term} was noted", folder);
        if (End is { } far && (end is not { } near || near < far))
            throw NodeFolder.Lost($"the node's log in {folder} ends with {end?.ToString() ?? "nothing"}, and it had {far}: its last segment is gone, or it is an older copy", folder);
    }

    /// <summary>Writes it. Durable when it returns.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.FileAccess"/>.</exception>
    public void Write(string folder)
    {
        string text = "";
        if (Vote is { } vote)
            text += string.Create(CultureInfo.InvariantCulture, $"vote {vote.Version} {vote.Term} {vote.VotedFor}\n");
        if (End is { } end)
            text += string.Create(CultureInfo.InvariantCulture, $"log {end.Term} {end.Index}\n");
        SealedFile.Write(Path.Combine(folder, File), text);
    }
}
