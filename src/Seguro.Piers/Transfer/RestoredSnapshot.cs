using System.Globalization;
using Seguro.Core;
using Seguro.Files;

namespace Seguro.Piers.Transfer;

/// <summary>A snapshot of vere's, or a state that vere exported, which can go into a pier that is restored; or why it can't.</summary>
/// <param name="Path">Where it lies: <c>image.bin</c>, <c>south.bin</c>, <c>N.jam</c>.</param>
/// <param name="Event">The event after which it stands.</param>
/// <param name="IsState">It is an exported state: <c>urbit queu</c> loads it, on any vere.</param>
/// <param name="Problem">Why it can't be used; <see langword="null"/> where it can.</param>
public sealed record RestoredSnapshot(string Path, EventNumber Event, bool IsState, string? Problem)
{
    private const string Live = ".urb/chk";
    private static readonly string[] Folders = ["", Live, ".urb/roc", ".urb/bhk"];

    /// <summary>Finds what there is, the best first: what can be used, the newest; of the same event, a snapshot before a state.</summary>
    /// <param name="where">A snapshot's file; or a folder: with snapshots, or a pier.</param>
    /// <param name="vereVersion">The runtime that is to open the pier.</param>
    /// <param name="baseNumber">The number before the first event of the pier.</param>
    /// <param name="last">Its last event.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.NotFound"/>, <see cref="ErrorCode.FileAccess"/>, <see cref="ErrorCode.BadValue"/>.</exception>
    public static IReadOnlyList<RestoredSnapshot> Find(string where, string vereVersion, EventNumber baseNumber, EventNumber last)
    {
        ArgumentException.ThrowIfNullOrEmpty(where);
        PierLayout layout = LogFormat.Of(vereVersion).Layout;
        VereVersion vere = VereVersion.Parse(vereVersion)!.Value;
        return [.. Candidates(where)
            .Select(found => found with { Problem = found.Problem ?? WhatIsWrong(found, layout, vere, baseNumber, last) })
            .OrderBy(static found => found.Problem is not null)
            .ThenByDescending(static found => found.Event)
            .ThenBy(static found => found.IsState)];
    }

    /// <summary>Puts it into a pier that is being made.</summary>
    /// <param name="writer">The pier.</param>
    /// <param name="baseNumber">The number before its first event: a snapshot of just that one is its epoch's as well.</param>
    public void AddTo(PierWriter writer, EventNumber baseNumber)
    {
        ArgumentNullException.ThrowIfNull(writer);
        if (IsState)
        {
            Copy(writer, Path, $".urb/roc/{Event}.jam");
            return;
        }
        string folder = System.IO.Path.GetDirectoryName(Path)!;
        string[] names = System.IO.Path.GetFileName(Path) == "image.bin" ? ["image.bin"] : ["north.bin", "south.bin"];
        foreach (string name in names)
        {
            Copy(writer, System.IO.Path.Combine(folder, name), $"{Live}/{name}");
            if (Event == baseNumber && baseNumber != EventNumber.None)
                Copy(writer, System.IO.Path.Combine(folder, name), $".urb/log/0i{baseNumber}/{name}");
        }
    }

    private static void Copy(PierWriter writer, string from, string to)
    {
        try
        {
            using FileStream source = new(from, FileMode.Open, FileAccess.Read, FileShare.Read);
            writer.AddFile(to, source);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw FileFault.Reading(from, refused);
        }
    }

    private static IEnumerable<RestoredSnapshot> Candidates(string where)
    {
        if (Presence.IsFile(where))
        {
            string folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(where))!;
            string name = System.IO.Path.GetFileName(where);
            RestoredSnapshot[] named = [.. InFolder(folder).Where(found => System.IO.Path.GetFileName(found.Path) == name)];
            return named.Length > 0
                ? named
                : throw new SeguroException(ErrorCode.BadValue, $"{where} is no snapshot of vere's that was ever saved, nor a state named by its event", "Name image.bin, south.bin, N.jam, or the folder or pier in which they are.");
        }
        if (!Presence.IsFolder(where))
            throw new SeguroException(ErrorCode.NotFound, $"{where} is not there", "Check the path.");
        string log = PierFiles.LogOf(where);
        if (Presence.IsFolder(log))
            ForeignFormat.RefuseByFiles(where, []);
        IEnumerable<string> epochs = Presence.IsFolder(log) ? EpochFormat.FindEpochs(log).Select(static epoch => epoch.Folder) : [];
        return Folders.Select(folder => System.IO.Path.Combine(System.IO.Path.GetFullPath(where), folder)).Concat(epochs).Where(Presence.IsFolder).SelectMany(InFolder).ToList();
    }

    private static IEnumerable<RestoredSnapshot> InFolder(string folder)
    {
        bool isBeingSaved = Presence.IsFile(System.IO.Path.Combine(folder, "control.bin")) || Presence.IsFile(System.IO.Path.Combine(folder, "memory.bin"));
        foreach (LoomImage image in LoomImage.ReadFolder(folder, ""))
        {
            string? problem = isBeingSaved ? "another one was being saved over it (control.bin, memory.bin)"
                : image.IsWide ? "its words have 64 bits"
                : image.File == "south.bin" && !Presence.IsFile(System.IO.Path.Combine(folder, "north.bin")) ? "its other half, north.bin, is not there"
                : null;
            yield return new RestoredSnapshot(System.IO.Path.Combine(folder, image.File), image.Event, IsState: false, problem) { Layout = image.Layout };
        }
        foreach (string file in Directory.EnumerateFiles(folder, "*.jam"))
        {
            if (ulong.TryParse(System.IO.Path.GetFileNameWithoutExtension(file), NumberStyles.None, CultureInfo.InvariantCulture, out ulong number))
                yield return new RestoredSnapshot(file, new EventNumber(number), IsState: true, null);
        }
    }

    /// <summary>The version of its layout; 0 for an exported state, which has none.</summary>
    public ulong Layout { get; init; }

    private static string? WhatIsWrong(RestoredSnapshot found, PierLayout layout, VereVersion vere, EventNumber baseNumber, EventNumber last)
    {
        if (found.Event > last)
            return $"it is of event {found.Event}, and the pier ends at {last}";
        if (found.Event < baseNumber)
            return $"it is of event {found.Event}, and the pier begins after {baseNumber}";
        // Each generation takes the layouts before its own, but 4 wants one file where there were two.
        (ulong least, ulong most) = layout switch
        {
            PierLayout.EpochsV4 => (LoomImage.NewestLayout, LoomImage.NewestLayout),
            PierLayout.EpochsV3 => (1UL, LoomImage.NewestLayout - 1),
            _ => (1UL, (ulong)vere.Major),
        };
        return found.IsState || (found.Layout >= least && found.Layout <= most) ? null : $"its layout is {found.Layout}, and vere {vere} takes {(least == most ? $"{most}" : $"{least} to {most}")}";
    }
}
