using Seguro.Core;

namespace Seguro.Vere.Guard;

/// <summary>
/// The table by which a ship is let go or refused (docs/operate.md, "Breach guard"): two that compute one ship, or one that computes it from before what its peers have seen, end in a breach.
/// Pure; what writes to the log meanwhile is kept off by the lease (<see cref="CustodyClaim"/>).
/// </summary>
public static class GuardRules
{
    /// <summary>Why it is refused; <see langword="null"/> where it may be done.</summary>
    /// <returns>An error with the exit code 3: what is missing or who else computes the ship, where, and the command for each way on.</returns>
    public static SeguroException? Refuse(GuardQuestion question)
    {
        ArgumentNullException.ThrowIfNull(question);
        return ByCustody(question) ?? ByHead(question);
    }

    private static SeguroException? ByCustody(GuardQuestion question) => question.Custody switch
    {
        null => null,
        { Kind: CustodyKind.Gated } gated => ByCluster(question, IsElsewhere(question, gated) ? gated.Store : null),
        { Kind: CustodyKind.Mirrored } mirrored => ByMirror(question, mirrored),
        { } none => ByPier(question, none),
    };

    /// <summary>A store that has no identity yet is none that a cluster ever named.</summary>
    private static bool IsElsewhere(GuardQuestion question, Custody gated) => gated.Store is { } own && question.Store != own;

    private static SeguroException? ByCluster(GuardQuestion question, StoreIdentity? elsewhere)
    {
        if (elsewhere is { } other)
        {
            return question.Act is GuardedAct.Take && question.Word.IsGiven ? null : Refusal(
                question,
                $"the log of {question.Ship} in {question.Url} is a copy: the cluster that computes the ship keeps its log in another store ({other})",
                "Go on with that cluster. Where it is to end and this log to take its place: stop its members for good, copy what it computed last"
                + $" (`seguro pier import MEMBER/data/pier --store {question.Url}`), and say so: {TakeCommand(question)}.");
        }
        return question.Act is GuardedAct.Restore
            ? Refusal(
                question,
                $"the log of {question.Ship} in {question.Url} is a cluster's: its members compute the ship, and no vere may",
                $"To go back to a plain pier, stop all members and give the ship back: `seguro custody release {At(question)}`; then restore again."
                + " To look into an earlier state: `seguro pier restore PIER --to EVENT`. A copy that nobody starts: `seguro pier export`.")
            : null;
    }

    private static SeguroException? ByMirror(GuardQuestion question, Custody mirrored)
    {
        string finish = $"Where that disk can be read: stop the ship there for good, and let the log get the rest: `seguro mirror PIER {At(question)} --once`. ";
        if (question.Act is GuardedAct.Release)
            return Refusal(question, $"the log of {question.Ship} in {question.Url} is a mirror's: there is nothing to give back, a plain pier runs already", "Nothing was changed.");
        if (question.Act is GuardedAct.Run || !question.Word.IsGiven)
        {
            return Refusal(
                question,
                $"the log of {question.Ship} in {question.Url} is a mirror's: a vere computes the ship, seen {mirrored.Sighting}, {(mirrored.IsRunning ? "running" : "stopped")} then;"
                + $" the log ends at event {question.Head}, and what was computed afterwards is not in it",
                $"{finish}Then say what no log can know, that the old machine never starts the ship again: {WordCommand(question)}, with `--disk lost` where the disk can't be read and you go on without what it has. "
                + "Two copies of a ship end in a breach.");
        }
        bool isBehind = mirrored.IsRunning || mirrored.Seen > question.Head;
        return question.Word.Disk is DiskFate.Read && isBehind
            ? Refusal(
                question,
                $"the log of {question.Ship} in {question.Url} can't have all that is on that disk: the mirror saw the pier last {mirrored.Sighting}, {(mirrored.IsRunning ? "and a vere ran" : "and the log ends before")}",
                $"{finish}Or go on without what it has: `--disk lost`.")
            : null;
    }

    private static SeguroException? ByPier(GuardQuestion question, Custody none)
    {
        bool isOut = none.Place.Length > 0;
        if (question.Act is GuardedAct.Release || (question.Act is GuardedAct.Restore && !isOut) || (question.Act is not GuardedAct.Run && question.Word.IsGiven))
            return null;
        return Refusal(
            question,
            $"{question.Ship} was given back to a plain pier {none.Sighting}: what it computed since is not in the log of {question.Url}, which ends at event {question.Head}",
            $"Let the ship run there. To bring it back: stop it for good, copy the pier (`seguro mirror PIER {At(question)} --once`), and say so: {WordCommand(question)}."
            + " Where it was never started, or is lost: the same with `--disk lost`.");
    }

    private static SeguroException? ByHead(GuardQuestion question)
    {
        if (question.Act is GuardedAct.Release)
            return null;
        IEnumerable<KnownHead> all = question.Custody is { Kind: CustodyKind.Mirrored } seen ? [.. question.Others, new KnownHead($"the pier {seen.Place}, seen by its mirror", seen.Seen)] : question.Others;
        KnownHead[] higher = [.. all.Where(known => known.Number > question.Head && known.Number > question.Word.GivesUp).OrderByDescending(static known => known.Number)];
        if (higher.Length == 0)
            return null;
        EventNumber highest = higher[0].Number;
        return new SeguroException(
            ErrorCode.NotAtHead,
            $"the log of {question.Ship} in {question.Url} ends at event {question.Head}, and later ones were computed: "
            + string.Join("; ", higher.Select(known => $"{known.Where} has {known.Number}")) + $"; {highest - question.Head} events are missing",
            $"Get them first: import or mirror from there (`seguro pier import PIER --store {question.Url}`, `seguro mirror PIER {At(question)} --once`). "
            + $"To go on without them, `--give-up {highest}`: the ship's peers may have seen what they said, and then it must be reset (a breach).");
    }

    private static string At(GuardQuestion question) => $"--store {question.Url} --ship {question.Ship}";

    private static string TakeCommand(GuardQuestion question) => $"`seguro custody take {At(question)} --machine-off --disk read`";

    private static string WordCommand(GuardQuestion question) => question.Act is GuardedAct.Restore ? $"`seguro pier restore PIER {At(question)} --machine-off --disk read`" : TakeCommand(question);

    private static SeguroException Refusal(GuardQuestion question, string what, string next) =>
        new(ErrorCode.OtherCustody, what, question.Act is GuardedAct.Run ? $"Nothing was started. {next}" : $"Nothing was made. {next}");
}
