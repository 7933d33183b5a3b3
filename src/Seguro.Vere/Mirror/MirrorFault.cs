using Seguro.Core;
using Seguro.Piers;
using Seguro.Piers.Transfer;

namespace Seguro.Vere.Mirror;

/// <summary>What may be wrong between a pier and its mirror, in words for the ship's owner; and which errors may pass.</summary>
internal static class MirrorFault
{
    /// <summary>The store may come back, or had said otherwise only because an outcome was unknown: looking again tells.</summary>
    public static bool IsOfStore(ErrorCode code) => code is ErrorCode.StoreUnavailable or ErrorCode.OutcomeUnknown or ErrorCode.DiskFull or ErrorCode.AccessDenied or ErrorCode.Conflict;

    /// <summary>The pier may be moved, copied, rolled, chopped or brought up to date at this moment.</summary>
    public static bool IsOfPier(ErrorCode code) => code is ErrorCode.NotFound or ErrorCode.FileAccess or ErrorCode.NotAPier or ErrorCode.Corrupt or ErrorCode.Gap or ErrorCode.ShortLog
        or ErrorCode.BadEvent or ErrorCode.BeyondHead or ErrorCode.Trimmed;

    public static SeguroException LeaseLost(Ship ship) => new(
        ErrorCode.StoreUnavailable, $"the lease of {ship} was not renewed in time", "See that the database is well.");

    public static SeguroException WentBack(string pier, EventNumber last, EventLog log, EventNumber head) => new(
        ErrorCode.WentBack,
        $"the pier {pier} ends with event {last}, and the log of {log.Ship} in {log.Capabilities.Engine}, which has the same events up to there, goes on to event {head}: an older copy of the pier lies there",
        $"Nothing was written; both are as they were. Do not run the ship from this pier: what it would compute after event {last} was computed before. "
        + "Put the newer pier back, or make one of the log with `seguro pier restore`. To keep this history instead, mirror it into a store that has no log of the ship.");

    public static SeguroException Diverged(string pier, EventLog log, string difference) => new(
        ErrorCode.Diverged,
        $"the pier {pier} and the log of {log.Ship} in {log.Capabilities.Engine} are not the same history: {difference}",
        "Nothing was written; both are as they were. One of them is of another copy of the ship: find out which one ran last, and never run both. "
        + "To mirror this pier all the same, use a store that has no log of the ship.");

    public static SeguroException Replaced(EventLog log, SeguroException fenced) => new(
        ErrorCode.Fenced,
        $"another writer took the place of this mirror of {log.Ship} in {log.Capabilities.Engine}: {fenced.Message}",
        "One mirror of a ship is enough: end the one that should not be. The log is as both left it; nothing of it was lost.",
        fenced);

    public static SeguroException Gap(PierInfo pier, EventLog log, EventNumber head) => new(
        ErrorCode.Gap,
        $"the log of {log.Ship} in {log.Capabilities.Engine} ends with event {head}, and the pier {pier.Path} begins with event {pier.First}: the epochs between were chopped off",
        "Nothing was written. Import a backup of the pier that has the events between, then mirror again; or mirror into a store that has no log of the ship.");

    public static SeguroException Foreign(string pier, Ship found, Ship wanted) => new(
        ErrorCode.ForeignShip, $"the pier {pier} belongs to {found}, not to {wanted}", "Nothing was written. Check the pier's path and --ship.");

    public static SeguroException Gated(EventLog log) => new(
        ErrorCode.OtherCustody,
        $"the log of {log.Ship} in {log.Capabilities.Engine} is a cluster's: its master computes the ship, and no vere may",
        "Nothing was written. If a vere runs the ship as well, stop it: two that compute one ship end in a breach. To mirror a pier, use a store that has no log of the ship.");

    public static SeguroException HalfImported(EventLog log, ImportMark mark) => new(
        ErrorCode.HalfImported,
        $"the log of {log.Ship} in {log.Capabilities.Engine} is half imported: the import, which goes up to event {mark.Through}, did not end",
        "Nothing was written. Run the same `seguro pier import` again, with --live where the ship runs; then mirror.");

    public static SeguroException Differs(string pier, EventLog log, EventDifference difference) => Diverged(pier, log, $"the first difference is {difference}");
}
