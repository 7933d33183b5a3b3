using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Seguro.Core;
using Seguro.Files;

namespace Seguro.Node.Members;

/// <summary>
/// What a member's folder says for certain of the cluster (<see cref="Evidence"/>): the file <c>term</c>, one line of words: the highest term known, <c>master</c> or <c>replica</c>, the last
/// event of the local log that was confirmed and its chain, the newest accepted loss, the watermark of released effects, the end of what no cluster's
/// gate has seen (<c>-</c>: not known), and a checksum (the first four bytes of the SHA-256 of what stands before it, in hexadecimal).
/// </summary>
/// <remarks>
/// <para>After <c>replica</c> the local log has nothing but what is committed, and the file does not follow each event; after <c>master</c> it may end with what only this member had.</para>
/// <para>
/// At a start it is compared with the store: one that knows less has lost what it confirmed. <c>seguro cluster recover</c> goes by it, when the store
/// is lost. Durable when a write returns.
/// </para>
/// <para>The form of before, <c>17 master</c> and a line's end, is read: it tells the term.</para>
/// </remarks>
public static class EvidenceFile
{
    /// <summary>The file's name.</summary>
    public const string Name = "term";

    private const int Length = 224; // within one sector, and always as many: no half of it can be there

    /// <summary>Reads a folder's record; <see langword="null"/> where there is none.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.Corrupt"/>: it is not what a member writes there; <see cref="ErrorCode.FileAccess"/>: it can't be read.</exception>
    public static Evidence? Read(string folder)
    {
        string path = Path.Combine(folder, Name);
        byte[] bytes;
        try
        {
            using FileStream file = File.OpenRead(path);
            bytes = new byte[Length];
            int length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            bytes = bytes[..length];
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new SeguroException(ErrorCode.FileAccess, $"the record of what this member knows, {path}, can't be read: {error.Message}", "Look at the disk and its permissions, then start the member again.", error);
        }
        return Parse(Encoding.ASCII.GetString(bytes)) ?? throw new SeguroException(
            ErrorCode.Corrupt,
            $"the record of what this member knows, {path}, is damaged: it is not what a member writes there",
            "Where the other members are well, move this member's data folder away: it comes back as a new replica. Where they are not, move only this file away: the member can't tell then whether the store went back in time.");
    }

    /// <summary>Writes it over the one before.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.FileAccess"/>.</exception>
    public static void Write(string folder, Evidence known)
    {
        string path = Path.Combine(folder, Name);
        string words = string.Create(
            CultureInfo.InvariantCulture, $"{known.Term.Value} {(known.MayBeAhead ? "master" : "replica")} {known.Committed.Number.Value} {known.Committed.Chain} {known.Accepted.Value} {known.Released.Value} {known.History?.ToString() ?? "-"} ");
        string line = $"{words}{Sum(words)}".PadRight(Length - 1) + "\n";
        try
        {
            bool isNew = !File.Exists(path);
            // In place: a member writes it some times a second, and a rename would cost two flushes more each time.
            using (FileStream file = new(path, FileMode.OpenOrCreate, FileAccess.Write))
            {
                file.Write(Encoding.ASCII.GetBytes(line));
                file.SetLength(Length);
                file.Flush(flushToDisk: true);
            }
            if (isNew)
                FolderSync.Flush(folder);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new SeguroException(ErrorCode.FileAccess, $"the record of what this member knows, {path}, can't be written: {error.Message}", "Look at the disk and its permissions, then start the member again.", error);
        }
    }

    private static Evidence? Parse(string text)
    {
        string[] words = text.Trim().Split(' ');
        if (words.Length < 2 || !IsNumber(words[0], out ulong term) || words[1] is not ("master" or "replica"))
            return null;
        bool wasMaster = words[1] == "master";
        if (words.Length == 2 && text.EndsWith('\n'))
            return new Evidence(new Term(term), Position.Origin, wasMaster, Term.None);
        if (words.Length != 8 || !IsNumber(words[2], out ulong number) || !Chain.TryParse(words[3], out Chain chain) || !IsNumber(words[4], out ulong accepted)
            || !IsNumber(words[5], out ulong released))
            return null;
        EventNumber? history = null;
        if (words[6] != "-")
        {
            if (!IsNumber(words[6], out ulong last))
                return null;
            history = new EventNumber(last);
        }
        return Sum(string.Join(' ', words[..7]) + " ") == words[7]
            ? new Evidence(new Term(term), new Position(new EventNumber(number), chain), wasMaster, new Term(accepted), new EventNumber(released), history)
            : null;
    }

    private static bool IsNumber(string word, out ulong number) => ulong.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    private static string Sum(string words) => Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(words)).AsSpan(0, 4));
}
