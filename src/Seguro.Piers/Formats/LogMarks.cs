using Seguro.Core;

namespace Seguro.Piers;

/// <summary>What a log's format is recognized by.</summary>
/// <param name="MetaVersion">META's <c>version</c> at the top; <see langword="null"/> where there is no META there.</param>
/// <param name="EpochFormat">What the newest opened epoch's <c>epoc.txt</c> says; <see langword="null"/> where there is no epoch, or no such file.</param>
internal sealed record LogMarks(ulong? MetaVersion, string? EpochFormat)
{
    /// <summary>Reads the marks.</summary>
    /// <param name="pier">The pier.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.NotAPier"/>: META is none that a vere since 1.0 leaves; <see cref="ErrorCode.Corrupt"/>.</exception>
    public static LogMarks Read(string pier)
    {
        string log = PierFiles.LogOf(pier);
        ulong? version = ReadVersion(pier, log);
        IReadOnlyList<(ulong Start, string Folder)> epochs = version == 1 ? [] : Piers.EpochFormat.FindOpened(log);
        return new LogMarks(version, epochs.Count == 0 ? null : PierEpoch.ReadFormat(epochs[^1].Folder));
    }

    private static ulong? ReadVersion(string pier, string log)
    {
        if (!Presence.IsFile(LmdbEnvironment.FileOf(log)))
            return null;
        using PierEpoch top = PierEpoch.OpenFlat(log);
        byte[]? value = top.ReadMeta(PierMeta.Version);
        if (value is null && top.ReadMeta(PierMeta.OldFake, 1 << 10) is not null)
            throw PierFault.NotAPier(pier, "its log is of a vere before 1.0, whose events are encoded otherwise", "Start it once with vere 1.x, which brings it up to date; then try again.");
        if (value is null && top.ReadMeta(PierMeta.Who) is not null)
            throw PierFault.NotAPier(pier, "its META has no version", "Restore .urb/log/data.mdb from a backup: vere can't open it like this either.");
        if (value is null)
            return null;
        return PierMeta.Decode(value) switch
        {
            { } number when number == 2 => throw PierFault.NotAPier(pier, "its migration to epochs by vere 3 was not finished", "Start it once with vere 3, which finishes that; then try again."),
            { } number when number > 0 && number <= ulong.MaxValue => (ulong)number,
            _ => throw PierFault.NotAPier(pier, "its META has a version that never was"),
        };
    }
}
