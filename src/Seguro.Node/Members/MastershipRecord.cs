using System.Globalization;
using Seguro.Core;

namespace Seguro.Node.Members;

/// <summary>
/// What a member's folder says of masterships: the file <c>term</c>, one line, <c>17 master</c> or <c>17 replica</c>. The number is the highest term that the member knew. After
/// <c>replica</c> its local log has nothing but what is committed; after <c>master</c> it may end with what only this member had.
/// </summary>
/// <remarks>It decides nothing while the cluster lives: the store does. It is for <c>seguro cluster recover</c>, when the store is lost. Durable when a write returns.</remarks>
/// <param name="Term">The highest term known.</param>
/// <param name="WasMaster">The local log may be ahead of the cluster's.</param>
public sealed record MastershipRecord(Term Term, bool WasMaster)
{
    /// <summary>The file's name.</summary>
    public const string FileName = "term";

    private const int LongestText = 64;

    /// <summary>Reads a folder's record; <see langword="null"/> where there is none, or it is not what a member writes there.</summary>
    public static MastershipRecord? Read(string folder)
    {
        try
        {
            using FileStream file = File.OpenRead(Path.Combine(folder, FileName));
            Span<byte> bytes = stackalloc byte[LongestText];
            int length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            string[] words = System.Text.Encoding.ASCII.GetString(bytes[..length]).Trim().Split(' ');
            return words is [var number, "master" or "replica"] && ulong.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out ulong term)
                ? new MastershipRecord(new Term(term), words[1] == "master")
                : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Writes it over the one before: always as many bytes, within one sector, so that no half of it can be there.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.FileAccess"/>.</exception>
    public void Write(string folder)
    {
        string path = Path.Combine(folder, FileName);
        try
        {
            using FileStream file = new(path, FileMode.OpenOrCreate, FileAccess.Write);
            file.Write(System.Text.Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Term.Value,20} {(WasMaster ? "master" : "replica"),-7}\n")));
            file.Flush(flushToDisk: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new SeguroException(ErrorCode.FileAccess, $"the record of the term, {path}, can't be written: {error.Message}", "Look at the disk and its permissions, then start the member again.", error);
        }
    }
}
