using Seguro.Core;

namespace Seguro.Node.Startup;

/// <summary>Which of the surviving logs is to be the cluster's, what of each is kept, and in which term the cluster goes on. Made of logs that were read to their ends.</summary>
/// <remarks>
/// <para>Of logs of which one is the beginning of the other, the longer one is taken: whatever of it was never committed contradicts nothing, and its effects may be out.</para>
/// <para>Of logs that differ, one has what was never committed, and the members' records say which (see <see cref="Evidence"/>): a replica's log has nothing but what is
/// committed, so a master's that contradicts it was ahead. Of two masters', that of the older term was: the newer one had begun with all that was committed before. Where the records
/// do not say, the user must.</para>
/// </remarks>
public sealed class RecoveryPlan
{
    /// <summary>How many terms are passed over: there may have been masters of whom no surviving member heard.</summary>
    public const ulong Margin = 256;

    private RecoveryPlan(SurvivingLog best, IReadOnlyList<RecoveredLog> logs)
    {
        Best = best;
        Logs = logs;
        Head = best.Head!.Value;
        ulong known = logs.Max(static log => log.Log.Record?.Term.Value ?? 0);
        Term = known == 0 ? Term.None : new Term(known + Margin);
        Certain = logs.Where(log => log.Log.Record is { MayBeAhead: false } && log.Log.Head is { } head && log.Kept == head.Number).Select(static log => log.Kept).DefaultIfEmpty().Max();
        Effects = new ClusterSettings(
            null, null,
            logs.Select(static log => log.Log.Record?.Released ?? EventNumber.None).Where(released => released <= Head.Number).DefaultIfEmpty().Max(),
            History: logs.Select(static log => log.Log.Record?.History).Where(history => history <= Head.Number).DefaultIfEmpty().Max());
        Lost = logs.Max(static log => log.Log.Problem is null ? 0 : log.Log.Claims) is var claimed && claimed > Head.Number.Value ? claimed - Head.Number.Value : 0;
    }

    /// <summary>The log that is taken.</summary>
    public SurvivingLog Best { get; }

    /// <summary>Where it ends.</summary>
    public Position Head { get; }

    /// <summary>Up to here the cluster's log had these events for certain; above it, only a master had them. 0 where the records do not tell.</summary>
    public EventNumber Certain { get; }

    /// <summary>What the members knew of effects: which are out, and which were another runtime's affair.</summary>
    public ClusterSettings Effects { get; }

    /// <summary>How many events a log claims to have beyond <see cref="Head"/> that can't be used.</summary>
    public ulong Lost { get; }

    /// <summary>Terms go on above this one; <see cref="Term.None"/> where no member recorded one: they begin again.</summary>
    public Term Term { get; }

    /// <summary>What becomes of each log, in the order given.</summary>
    public IReadOnlyList<RecoveredLog> Logs { get; }

    /// <summary>Chooses.</summary>
    /// <param name="logs">The logs.</param>
    /// <param name="chosen">The folder of the log that the user wants; <see langword="null"/> to be told.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.Corrupt"/>: none can be used; <see cref="ErrorCode.Diverged"/>: they differ, and nothing says which is right.</exception>
    public static async Task<RecoveryPlan> MakeAsync(IReadOnlyList<SurvivingLog> logs, string? chosen, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(logs);
        SurvivingLog best = chosen is null ? await BestAsync(logs, cancel) : Chosen(logs, chosen);
        List<RecoveredLog> fates = [];
        foreach (SurvivingLog log in logs)
            fates.Add(new RecoveredLog(log, log == best ? best.Head!.Value.Number : await best.FindCommonAsync(log, cancel) ?? EventNumber.None));
        return new RecoveryPlan(best, fates);
    }

    private static SurvivingLog Chosen(IReadOnlyList<SurvivingLog> logs, string chosen)
    {
        SurvivingLog? log = logs.FirstOrDefault(log => log.Folder == chosen);
        return log?.Head is not null ? log : throw new SeguroException(ErrorCode.Corrupt, $"the log in {chosen} can't be used: {log?.Problem ?? "it was not read"}", "Choose another folder.");
    }

    private static async Task<SurvivingLog> BestAsync(IReadOnlyList<SurvivingLog> logs, CancellationToken cancel)
    {
        List<SurvivingLog> left = [.. logs.Where(static log => log.Head is not null)];
        if (left.Count == 0)
            throw new SeguroException(ErrorCode.Corrupt, $"none of the {logs.Count} logs can be used: {string.Join("; ", logs.Select(static log => $"{log.Folder}: {log.Problem}"))}", "Find another member's data folder, or a backup, and name it with --log.");
        List<(SurvivingLog One, SurvivingLog Other)> differing = [];
        for (int i = 0; i < left.Count; i++)
        {
            for (int j = i + 1; j < left.Count; j++)
            {
                ulong shorter = Math.Min(left[i].Claims, left[j].Claims);
                if ((await left[i].FindCommonAsync(left[j], cancel))?.Value != shorter)
                    differing.Add((left[i], left[j]));
            }
        }
        foreach ((SurvivingLog one, SurvivingLog other) in differing)
        {
            if (WasAhead(one, other))
                left.Remove(one);
            else if (WasAhead(other, one))
                left.Remove(other);
        }
        foreach ((SurvivingLog one, SurvivingLog other) in differing)
        {
            if (left.Contains(one) && left.Contains(other))
            {
                throw new SeguroException(
                    ErrorCode.Diverged, $"the logs in {one.Folder} (up to {one.Claims}) and {other.Folder} (up to {other.Claims}) have different events: one ends with what its member computed and the cluster never got",
                    "A member that was replica at the end has only what was committed: name its folder with --choose.");
            }
        }
        return left.MaxBy(static log => log.Head!.Value.Number)!;
    }

    /// <summary>Of two logs that differ, this one ends with what was never committed.</summary>
    private static bool WasAhead(SurvivingLog one, SurvivingLog other) =>
        one.Record is { MayBeAhead: true } mine && other.Record is { } theirs && (!theirs.MayBeAhead || theirs.Term > mine.Term);
}
