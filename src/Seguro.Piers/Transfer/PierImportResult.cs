using Seguro.Core;

namespace Seguro.Piers.Transfer;

/// <summary>What an import did.</summary>
/// <param name="Events">Events that it appended.</param>
/// <param name="Bytes">Their payload bytes.</param>
/// <param name="AlreadyThere">Events of the pier that the log had, compared and found the same.</param>
/// <param name="Head">The log's head afterwards.</param>
/// <param name="StoreAhead">Events that the log has and the pier has not: the pier is behind.</param>
/// <param name="Elapsed">How long it took.</param>
public sealed record PierImportResult(ulong Events, long Bytes, ulong AlreadyThere, Position Head, ulong StoreAhead, TimeSpan Elapsed)
{
    /// <summary>The log had all of the pier's events already.</summary>
    public bool NothingToDo => Events == 0;
}
