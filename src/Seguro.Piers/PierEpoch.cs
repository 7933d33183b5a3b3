using System.Globalization;
using System.Text;
using Seguro.Core;

namespace Seguro.Piers;

/// <summary>An epoch of a pier on disk, or the whole of a flat log.</summary>
internal sealed class PierEpoch : IDisposable
{
    private const int LongestFormat = 6;
    private const int LongestVersion = 126;
    private const int AuditsOfLiveFile = 3;

    private PierEpoch(string folder, ulong start, int format, string vereVersion, LmdbFile file)
    {
        Folder = folder;
        Start = start;
        Format = format;
        VereVersion = vereVersion;
        File = file;
    }

    public string Folder { get; }

    public ulong Start { get; }

    public int Format { get; }

    public string VereVersion { get; }

    public LmdbFile File { get; }

    public EpochInfo Info { get; private set; } = new(default, 0, "", default, default, 0);

    /// <summary>A reader of one's own: a reader keeps its place.</summary>
    public EventReader NewReader(string table = PierMeta.Events) => new(File, table);

    /// <summary>The number in a folder's name, which is <c>0i</c> and the digits; <see langword="null"/> for any other name.</summary>
    public static ulong? StartOf(string name)
    {
        bool isEpoch = name.StartsWith("0i", StringComparison.Ordinal)
            && ulong.TryParse(name.AsSpan(2), NumberStyles.None, CultureInfo.InvariantCulture, out ulong start)
            && name == "0i" + start.ToString(CultureInfo.InvariantCulture);
        return isEpoch ? ulong.Parse(name.AsSpan(2), NumberStyles.None, CultureInfo.InvariantCulture) : null;
    }

    /// <summary>Opens the log of a flat pier.</summary>
    public static PierEpoch OpenFlat(string folder) => new(folder, 0, 0, "", LmdbFile.Open(Path.Combine(folder, "data.mdb")));

    /// <summary>Opens an epoch. It must have its <c>epoc.txt</c>.</summary>
    public static PierEpoch Open(string folder, ulong start)
    {
        string text = ReadText(Path.Combine(folder, "epoc.txt"), LongestFormat) ?? throw PierFault.NotAPier(folder, "its epoc.txt is missing or too long");
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int format))
            throw PierFault.NotAPier(folder, $"its epoc.txt says '{Printable(text)}', which is no number", "Restore the pier from a backup.");
        if (format is < 1 or > 2)
        {
            throw new SeguroException(
                ErrorCode.NewerSchema,
                $"the epoch {folder} is of format {format}; Seguro knows 1 (vere 3) and 2 (vere 4)",
                "Use a newer Seguro.");
        }
        string version = Printable(ReadText(Path.Combine(folder, "vere.txt"), LongestVersion) ?? "");
        return new PierEpoch(folder, start, format, version, LmdbFile.Open(Path.Combine(folder, "data.mdb")));
    }

    /// <summary>It has <c>epoc.txt</c>: vere takes an epoch without it for unfinished.</summary>
    public static bool IsFinished(string folder) => ReadText(Path.Combine(folder, "epoc.txt"), LongestFormat) is not null;

    /// <summary>Finds out which events are here, and checks the file's structure where nobody writes it meanwhile.</summary>
    public void Survey(bool isLive, int smallestEvent, PierCheck check)
    {
        EventSurvey? survey = null;
        for (int attempt = 0; survey is null && attempt < AuditsOfLiveFile; attempt++)
            survey = Audit(isLive, smallestEvent, check);
        if (survey is null) // written to all the time: then leaf by leaf
            NewReader().Survey(survey = new EventSurvey(File.Path, smallestEvent), check);
        EventNumber first = new(survey.Count > 0 ? survey.First : Start + 1);
        Info = new EpochInfo(new EventNumber(Start), Format, VereVersion, first, new EventNumber(first.Value + survey.Count - 1), survey.Bytes);
    }

    /// <summary>Looks at the pages; <see langword="null"/> where somebody wrote over them meanwhile.</summary>
    private EventSurvey? Audit(bool isLive, int smallestEvent, PierCheck check)
    {
        LmdbSnapshot snapshot = File.ReadSnapshot();
        EventSurvey survey = new(File.Path, smallestEvent);
        try
        {
            LmdbAudit.Check(File, snapshot, survey, check);
        }
        catch (SeguroException) when (isLive && !File.IsStillWhole(snapshot))
        {
            return null;
        }
        return !isLive || File.IsStillWhole(snapshot) ? survey : null;
    }

    /// <summary>A value of META; <see langword="null"/> where it is missing.</summary>
    public byte[]? ReadMeta(string key, int limit = PierMeta.LargestValue)
    {
        byte[]? value = null;
        NewReader().ReadTable(PierMeta.Table, (meta, page) => value = meta?.Get(Encoding.ASCII.GetBytes(key), page, limit));
        return value;
    }

    public void Dispose() => File.Dispose();

    private static string? ReadText(string path, int longest)
    {
        try
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            byte[] bytes = new byte[longest + 1];
            int size = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            return size > longest ? null : Encoding.ASCII.GetString(bytes, 0, size).TrimEnd();
        }
        catch (IOException)
        {
            return null;
        }
        catch (UnauthorizedAccessException refused)
        {
            throw new SeguroException(ErrorCode.FileAccess, $"{path} can't be read: {refused.Message}", "Check the file's permissions.", refused);
        }
    }

    private static string Printable(string text) => string.Concat(text.Where(static c => c is >= ' ' and <= '~'));
}
