using System.Text;
using Seguro.Core;

namespace Seguro.Piers;

/// <summary>
/// The file <c>.urb/seguro.forensics</c>: the pier was made of the first events of a longer log, on purpose, to be looked into. Seguro never starts it, and takes its log for
/// the ship's only by name (<c>--despite forensics</c>). vere does not know the file.
/// </summary>
public static class ForensicMark
{
    /// <summary>The file, relative to the pier.</summary>
    public const string File = ".urb/seguro.forensics";

    /// <summary>What the mark says.</summary>
    /// <param name="ship">The ship.</param>
    /// <param name="last">The pier's last event.</param>
    /// <param name="head">The end of the log that it was made of.</param>
    public static byte[] Write(Ship ship, EventNumber last, Position head) => Encoding.UTF8.GetBytes(
        $"""
        This pier holds the events of {ship} up to {last} only; the log that it was made of goes on to {head}.
        It is for looking into. A ship that is started from it goes back in time: its peers notice, and it must be reset.

        """);

    /// <summary>The mark, where there is one.</summary>
    internal static IEnumerable<PierEvidence> Find(string pier)
    {
        if (Presence.IsFile(Path.Combine(pier, File)))
            yield return new PierEvidence(EvidenceKinds.Forensics, File, null, $"it was made for forensics, of the first events of a longer log ({File})");
    }
}
