using Seguro.Core;

namespace Seguro.Testing;

/// <summary>The writes of a model store, each as one step on a log's data, with the planted bugs beside the rules that they break.</summary>
internal static class LogModel
{
    public static WriteOutcome Append(ModelDatabase database, ModelLogData log, Append append)
    {
        ModelBug bug = database.Options.Bug;
        CheckWindow(database, append, bug is ModelBug.WindowBeforeRepeat);
        WriteOutcome? decided = LogRules.Decide(Lenient(log.State, append.Term, bug is ModelBug.LowerTermAccepted), append);
        bool ignored = (bug is ModelBug.HeadNotChecked && decided is WriteOutcome.Conflict)
            || (bug is ModelBug.RepeatConflicts && decided is WriteOutcome.Committed);
        if (ignored && decided is WriteOutcome.Committed)
            return new WriteOutcome.Conflict(log.State);
        if (decided is not null && !ignored)
            return decided;
        CheckWindow(database, append, bug is not ModelBug.WindowBeforeRepeat);
        int written = 0;
        foreach (NewEvent added in append.Events)
        {
            if (bug is ModelBug.GroupTorn && append.Events.Count > 1 && written++ >= append.Events.Count / 2)
                break;
            log.Put(added.Number, 0, added.Bytes);
            log.Events[added.Number.Value] = (added.Size, added.Chain);
        }
        LogState after = LogRules.After(log.State, append);
        log.Become(bug is ModelBug.BytesNotCounted ? after with { Bytes = log.State.Bytes } : after);
        return WriteOutcome.Committed.Instance;
    }

    public static WriteOutcome Stage(ModelDatabase database, ModelLogData log, Stage stage)
    {
        if (LogRules.Decide(Lenient(log.State, stage.Term, database.Options.Bug is ModelBug.LowerTermAccepted), stage) is { } decided)
            return decided;
        for (int i = 0; i < stage.Fragments.Count; i++)
            log.Put(stage.Number, stage.FirstIndex + i, stage.Fragments[i]);
        return WriteOutcome.Committed.Instance;
    }

    public static WriteOutcome Trim(ModelDatabase database, ModelLogData log, Term term, EventNumber first)
    {
        LogState state = log.State;
        if (LogRules.DecideTrim(Lenient(state, term, database.Options.Bug is ModelBug.LowerTermAccepted), term, first) is { } decided)
            return decided;
        Position moved = new(first.Previous, first.Previous == state.Head.Number ? state.Head.Chain : log.Events[first.Value - 1].Chain);
        ulong below = database.Options.Bug is ModelBug.TrimOffByOne ? first.Value + 1 : first.Value;
        long bytes = log.DropBelow(below);
        log.Become(state with { Base = moved, Bytes = state.Bytes - bytes });
        return WriteOutcome.Committed.Instance;
    }

    public static WriteOutcome SetMetadata(
        ModelDatabase database, ModelLogData log, Term term, string key, ReadOnlyMemory<byte>? expected, ReadOnlyMemory<byte> value)
    {
        ModelBug bug = database.Options.Bug;
        ReadOnlyMemory<byte>? current = log.Metadata.TryGetValue(key, out byte[]? now) ? new ReadOnlyMemory<byte>(now) : (ReadOnlyMemory<byte>?)null;
        LogState state = Lenient(log.State, term, bug is ModelBug.MetadataNotFenced);
        WriteOutcome? decided = LogRules.DecideMetadata(state, term, current, expected, value);
        if (decided is not null && !(bug is ModelBug.MetadataNotCompared && decided is WriteOutcome.Conflict))
            return decided;
        log.Metadata[key] = value.ToArray();
        return WriteOutcome.Committed.Instance;
    }

    public static LeaseOutcome Campaign(ModelDatabase database, ModelLogData log, Lease expected, string candidate, TimeSpan duration)
    {
        ModelBug bug = database.Options.Bug;
        Lease current = log.State.Lease;
        (Lease Lease, bool Won) decided = LeaseRules.Campaign(current, bug is ModelBug.CampaignNotCompared ? current : expected, candidate, duration);
        if (bug is ModelBug.CampaignNotRepeatable && current != expected)
            return new LeaseOutcome.Lost(current);
        LeaseOutcome outcome = Move(log, decided);
        if (decided.Won && decided.Lease != current && bug is not ModelBug.StagedSurvivesCampaign)
            log.DropStaged();
        return outcome;
    }

    public static LeaseOutcome Resign(ModelDatabase database, ModelLogData log, Lease held)
    {
        (Lease Lease, bool Resigned) decided = LeaseRules.Resign(log.State.Lease, held);
        if (database.Options.Bug is ModelBug.TermFalls && decided.Resigned)
            decided.Lease = decided.Lease with { Term = new Term(decided.Lease.Term.Value - 1) };
        return Move(log, decided);
    }

    public static LeaseOutcome Move(ModelLogData log, (Lease Lease, bool Done) decided)
    {
        if (!decided.Done)
            return new LeaseOutcome.Lost(decided.Lease);
        log.Become(log.State with { Lease = decided.Lease });
        return new LeaseOutcome.Done(decided.Lease);
    }

    private static void CheckWindow(ModelDatabase database, Append append, bool now)
    {
        if (now && database.Options.Window is { } window && database.Bytes + append.Size > window)
        {
            throw new SeguroException(
                ErrorCode.TooLarge, $"{append.Size:N0} bytes more would pass the window of {window:N0} bytes", "Nothing was written. Trim the log.");
        }
    }

    /// <summary>The state as a store sees it that takes lower terms for current ones.</summary>
    private static LogState Lenient(LogState state, Term term, bool lenient) =>
        lenient && term < state.Lease.Term ? state with { Lease = state.Lease with { Term = term } } : state;
}
