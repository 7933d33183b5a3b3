using Seguro.Core;

namespace Seguro.Piers;

/// <summary>A thing in a pier that proves that its log is not all that the ship computed.</summary>
/// <param name="Kind">Which: one of the kinds.</param>
/// <param name="File">Where it lies, relative to the pier.</param>
/// <param name="Event">The event that must have been, where that can be told.</param>
/// <param name="What">What it is, and what it proves, for people.</param>
public sealed record PierEvidence(EvidenceKinds Kind, string File, EventNumber? Event, string What)
{
    private static readonly (string Name, EvidenceKinds Kind)[] Names =
    [
        ("snapshot", EvidenceKinds.Snapshot),
        ("patch", EvidenceKinds.Patch),
        ("state", EvidenceKinds.State),
        ("epoch", EvidenceKinds.Epoch),
        ("two-logs", EvidenceKinds.TwoLogs),
        ("beginning", EvidenceKinds.Beginning),
        ("forensics", EvidenceKinds.Forensics),
    ];

    /// <summary>The kind's name.</summary>
    public string Name => NameOf(Kind);

    /// <summary>The names of all kinds.</summary>
    public static IEnumerable<string> KnownNames => Names.Select(static known => known.Name);

    /// <summary>The kinds that names stand for.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.BadValue"/>: there is no such kind.</exception>
    public static EvidenceKinds Parse(IEnumerable<string> names)
    {
        ArgumentNullException.ThrowIfNull(names);
        EvidenceKinds kinds = EvidenceKinds.None;
        foreach (string name in names)
        {
            EvidenceKinds kind = Names.FirstOrDefault(known => known.Name == name).Kind;
            kinds |= kind is EvidenceKinds.None
                ? throw new SeguroException(ErrorCode.BadValue, $"'{name}' is no kind of evidence", $"Name one or more of {string.Join(", ", KnownNames)}.")
                : kind;
        }
        return kinds;
    }

    /// <summary>Refuses a log in spite of whose evidence nobody asked for it.</summary>
    /// <param name="path">The pier.</param>
    /// <param name="evidence">All that was found.</param>
    /// <param name="despite">What is taken knowingly.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.ShortLog"/>.</exception>
    internal static void Refuse(string path, IReadOnlyList<PierEvidence> evidence, EvidenceKinds despite)
    {
        PierEvidence[] against = [.. evidence.Where(one => (one.Kind & ~despite) != EvidenceKinds.None)];
        if (against.Length == 0)
            return;
        throw new SeguroException(
            ErrorCode.ShortLog,
            $"the log in the pier {path} is not all that the ship computed: {string.Join("; ", against.Select(static one => one.What))}",
            "Look for a copy of the pier, a backup or a store that has the missing events: a ship that goes on from a short log loses them, and its peers notice. "
            + $"To take the log as it is: --despite {string.Join(',', evidence.Select(static one => one.Name).Distinct())}.");
    }

    private static string NameOf(EvidenceKinds kind) => Names.Single(known => known.Kind == kind).Name;
}
