using Seguro.Core;

namespace Seguro.Piers;

/// <summary>What may be wrong with a pier, in words for its owner.</summary>
internal static class PierFault
{
    public static SeguroException NotAPier(string path, string why, string? nextStep = null) => new(
        ErrorCode.NotAPier, $"{path} is not a pier that can be read: {why}", nextStep ?? "Give the folder that vere made for the ship: the one with .urb in it.");

    public static SeguroException Gap(string path, EventNumber missing, EventNumber found) => new(
        ErrorCode.Gap,
        missing.Next < found ? $"events {missing} to {found.Previous} are missing in {path}" : $"event {missing} is missing in {path}",
        "A log with a hole can't be replayed: restore the pier from a backup, or export it from a store anew.");

    public static SeguroException Holes(string path, EventNumber first, EventNumber last, ulong count) => new(
        ErrorCode.Gap,
        $"{path} holds {count} events, which are not all from {first} to {last}",
        "A log with a hole can't be replayed: restore the pier from a backup, or export it from a store anew.");

    public static SeguroException Locked(string path, PierHold hold) => new(
        ErrorCode.PierLocked,
        hold.ProcessId is { } holder ? $"the pier {path} is held by process {holder}" : $"the pier {path} is held by another process",
        "Stop the ship first, or read it as it runs with --live.");

    public static SeguroException OutsideOfLog(PierInfo info, EventNumber number) => number < info.First
        ? new(ErrorCode.Trimmed, $"event {number} is not in the pier {info.Path}: its first is {info.First}", "Its older epochs were chopped off; a backup may have them.")
        : new(ErrorCode.BeyondHead, $"event {number} is not in the pier {info.Path}: its last is {info.Last}", "Ask for an event that exists.");
}
