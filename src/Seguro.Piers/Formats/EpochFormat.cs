using System.Globalization;
using Seguro.Core;

namespace Seguro.Piers;

/// <summary>
/// Epochs, folders <c>.urb/log/0iN</c> with an environment each (vere-facts.md §1.3); META at the top as well. The two formats differ in
/// <c>epoc.txt</c>, and in the snapshots that go with them.
/// </summary>
internal sealed class EpochFormat : LogFormat
{
    private readonly int _number;

    private EpochFormat(int number, PierLayout layout, VereVersion first, VereVersion last)
    {
        _number = number;
        Layout = layout;
        First = first;
        Last = last;
    }

    /// <summary>vere 3.0 to 3.5, which refuses a 2.</summary>
    public static EpochFormat One { get; } = new(1, PierLayout.EpochsV3, new VereVersion(3, 0), new VereVersion(3, 5));

    /// <summary>vere 4.0 and later.</summary>
    public static EpochFormat Two { get; } = new(2, PierLayout.EpochsV4, new VereVersion(4, 0), VereVersion.Newest);

    public override PierLayout Layout { get; }

    public override byte MetaVersion => 3;

    public override VereVersion First { get; }

    public override VereVersion Last { get; }

    /// <summary>The folders of epochs, by their numbers.</summary>
    public static List<(ulong Start, string Folder)> FindEpochs(string log)
    {
        List<(ulong Start, string Folder)> found = [];
        foreach (string folder in Directory.EnumerateDirectories(log))
        {
            if (PierEpoch.StartOf(Path.GetFileName(folder)) is { } start)
                found.Add((start, folder));
        }
        found.Sort();
        return found;
    }

    public override bool Is(LogMarks marks) => marks.MetaVersion is not 1 && marks.EpochFormat == _number.ToString(CultureInfo.InvariantCulture);

    public override IReadOnlyList<PierEpoch> Open(string log)
    {
        List<PierEpoch> epochs = [];
        try
        {
            foreach ((ulong start, string folder) in FindOpened(log))
                epochs.Add(PierEpoch.Open(folder, start));
            return epochs;
        }
        catch
        {
            foreach (PierEpoch epoch in epochs)
                epoch.Dispose();
            throw;
        }
    }

    /// <summary>The epochs that are opened.</summary>
    /// <remarks>As vere does, a newest one that was never finished is passed over, once; but not one that has events.</remarks>
    public static IReadOnlyList<(ulong Start, string Folder)> FindOpened(string log)
    {
        List<(ulong Start, string Folder)> found = FindEpochs(log);
        return [.. found.Where(epoch => HasLog(epoch.Folder) && !(found.Count > 1 && epoch == found[^1] && IsVoid(epoch.Folder)))];
    }

    public override string Begin(string log, EventNumber baseNumber, string vereVersion)
    {
        string epoch = Path.Combine(log, $"0i{baseNumber}");
        Directory.CreateDirectory(epoch, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        WriteText(Path.Combine(epoch, "epoc.txt"), _number.ToString(CultureInfo.InvariantCulture));
        WriteText(Path.Combine(epoch, "vere.txt"), vereVersion);
        return epoch;
    }

    private static void WriteText(string path, string text)
    {
        File.WriteAllText(path, text);
        LibC.SyncFile(path);
    }

    private static bool HasLog(string folder) => Presence.IsFile(LmdbEnvironment.FileOf(folder));

    private static bool IsVoid(string folder)
    {
        using PierEpoch epoch = PierEpoch.OpenFlat(folder);
        if (epoch.NewReader().FindEnds() is null)
            return !PierEpoch.IsFinished(folder) || epoch.ReadMeta(PierMeta.Who) is null;
        return PierEpoch.IsFinished(folder)
            ? false
            : throw PierFault.NotAPier(folder, "it holds events, but its epoc.txt is missing: vere would delete it", "Restore epoc.txt (2 for vere 4, 1 for vere 3) or the pier from a backup before vere is started.");
    }
}
