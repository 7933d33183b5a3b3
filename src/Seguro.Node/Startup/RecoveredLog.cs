using Seguro.Core;

namespace Seguro.Node.Startup;

/// <summary>What becomes of a surviving log in a recovery.</summary>
/// <param name="Log">The log.</param>
/// <param name="Kept">Up to here its events are in the cluster's log; what follows is not.</param>
public sealed record RecoveredLog(SurvivingLog Log, EventNumber Kept)
{
    /// <summary>How many verified events of it are not kept.</summary>
    public ulong Dropped => Log.Head is { } head ? head.Number - Kept : 0;

    /// <summary>A sentence for people, without the folder's name.</summary>
    public string Description => Log switch
    {
        { Problem: { } problem } => $"can't be used: {problem}{(Log.Claims > 0 ? $"; it says that it ends at event {Log.Claims}" : "")}",
        _ when Dropped > 0 => $"verified up to {Log.Head}; from event {Kept.Next} on it has others than the cluster's: its {Dropped} events up to {Log.Claims} are not kept, and go to quarantine when its member starts",
        _ => $"verified up to {Log.Head}; all of it is kept",
    };
}
