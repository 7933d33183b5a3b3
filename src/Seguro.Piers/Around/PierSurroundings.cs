using System.Globalization;
using Seguro.Core;

namespace Seguro.Piers;

/// <summary>What lies around a pier's log and tells how far its ship has come: snapshots, a snapshot being saved, exported states.</summary>
/// <remarks>
/// A ship that runs only ever saves what its log has. So this is looked at before the log's end is: what it says is then not above the end that is found, unless the log is short.
/// </remarks>
/// <param name="Images">The snapshots.</param>
/// <param name="Patch">The one that is being saved.</param>
/// <param name="States">The exported states, <c>.urb/roc/N.jam</c>, by their events.</param>
internal sealed record PierSurroundings(IReadOnlyList<LoomImage> Images, LoomPatch? Patch, IReadOnlyList<EventNumber> States)
{
    private const string StateFolder = ".urb/roc";

    /// <summary>Looks around.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.FileAccess"/>.</exception>
    public static PierSurroundings Look(string pier)
    {
        List<string> folders = [LoomPatch.Folder, ".urb/bhk"];
        foreach (string epoch in Directory.EnumerateDirectories(PierFiles.LogOf(pier)))
        {
            if (PierEpoch.StartOf(Path.GetFileName(epoch)) is not null)
                folders.Add(Path.GetRelativePath(pier, epoch));
        }
        return new PierSurroundings([.. folders.SelectMany(folder => LoomImage.ReadFolder(pier, folder))], LoomPatch.Find(pier), [.. FindStates(pier)]);
    }

    /// <summary>What of it proves that there were events above the log's end.</summary>
    /// <param name="pier">The pier.</param>
    /// <param name="last">The log's end.</param>
    public IEnumerable<PierEvidence> Above(string pier, EventNumber last)
    {
        foreach (LoomImage image in Images.Where(image => image.Event > last))
        {
            yield return new PierEvidence(
                EvidenceKinds.Snapshot, image.File, image.Event, $"{image.File} is the state after event {image.Event}, and the log ends at {last}");
        }
        foreach (EventNumber state in States.Where(state => state > last))
        {
            string file = $"{StateFolder}/{state}.jam";
            yield return new PierEvidence(EvidenceKinds.State, file, state, $"{file} is the state after event {state}, and the log ends at {last}");
        }
        string control = $"{LoomPatch.Folder}/control.bin";
        if (Patch is { Event: { } saved } && saved > last)
        {
            yield return new PierEvidence(
                EvidenceKinds.Patch, control, saved, $"a snapshot of the state after event {saved} was being saved ({control}), and the log ends at {last}");
        }
        else if (Patch is { Event: null } && !IsBeingSaved(pier))
        {
            yield return new PierEvidence(
                EvidenceKinds.Patch, control, null, $"a snapshot was being saved ({control}), and of which event can't be told: the ship's own vere applies it or drops it when it starts");
        }
    }

    /// <summary>A vere that runs may be in the middle of it.</summary>
    private static bool IsBeingSaved(string pier) => PierLock.Inspect(pier) is { IsHeld: true } hold && hold.ProcessId != Environment.ProcessId;

    private static IEnumerable<EventNumber> FindStates(string pier)
    {
        string folder = Path.Combine(pier, StateFolder);
        if (!Presence.IsFolder(folder))
            yield break;
        foreach (string file in Directory.EnumerateFiles(folder, "*.jam"))
        {
            string name = Path.GetFileNameWithoutExtension(file);
            if (ulong.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number) && name == number.ToString(CultureInfo.InvariantCulture))
                yield return new EventNumber(number);
        }
    }
}
