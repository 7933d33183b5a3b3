namespace Seguro.Piers;

/// <summary>
/// What can prove that a pier's log is not all that its ship computed. Each kind has a name, by which it can be taken knowingly (<c>--despite</c>).
/// </summary>
[Flags]
public enum EvidenceKinds
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary><c>snapshot</c>: a snapshot of vere's, of an event above the log's end.</summary>
    Snapshot = 1,

    /// <summary><c>patch</c>: a snapshot that was being saved, of an event above the log's end, or of one that can't be told.</summary>
    Patch = 2,

    /// <summary><c>state</c>: an exported state, <c>.urb/roc/N.jam</c>, of an event above the log's end.</summary>
    State = 4,

    /// <summary><c>epoch</c>: an epoch that has lost its events, or that begins above the log's end.</summary>
    Epoch = 8,

    /// <summary><c>two-logs</c>: a flat log and epochs, each with events: after a downgrade and an upgrade, or of two copies of a pier.</summary>
    TwoLogs = 16,

    /// <summary><c>beginning</c>: a log that begins later than its place says, and was not trimmed by Seguro.</summary>
    Beginning = 32,

    /// <summary><c>forensics</c>: a mark (<see cref="ForensicMark"/>): the pier was made of the first events of a longer log, to be looked into and never to be started.</summary>
    Forensics = 64,

    /// <summary>All of them.</summary>
    All = Snapshot | Patch | State | Epoch | TwoLogs | Beginning | Forensics,
}
