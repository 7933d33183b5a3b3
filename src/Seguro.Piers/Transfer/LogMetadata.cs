using Seguro.Core;

namespace Seguro.Piers.Transfer;

/// <summary>Sets a value of a log's metadata, as whoever brings events into a log needs it.</summary>
public static class LogMetadata
{
    /// <summary>Sets a value where it now is <paramref name="expected"/>, and repeats the call while its outcome is unknown. Durable when it returns.</summary>
    /// <param name="log">The log.</param>
    /// <param name="term">The caller's term.</param>
    /// <param name="key">One of <see cref="MetadataKey"/>.</param>
    /// <param name="expected">What is there; <see langword="null"/>: nothing.</param>
    /// <param name="value">What is to be there. Where it is already, nothing is written.</param>
    /// <param name="cancel">Ends it; the value may be set all the same.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.Fenced"/>, <see cref="ErrorCode.Conflict"/>, <see cref="ErrorCode.OutcomeUnknown"/>; what the store throws.</exception>
    public static async ValueTask SetAsync(
        EventLog log, Term term, string key, ReadOnlyMemory<byte>? expected, ReadOnlyMemory<byte> value, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(log);
        if (expected is { } now && now.Span.SequenceEqual(value.Span))
            return;
        WriteOutcome outcome = await log.Stored.SetMetadataAsync(term, key, expected, value, cancel);
        for (int attempt = 1; attempt < EventLog.Attempts && outcome is WriteOutcome.Unknown; attempt++)
            outcome = await log.Stored.SetMetadataAsync(term, key, expected, value, cancel);
        if (outcome is WriteOutcome.Committed)
            return;
        throw outcome switch
        {
            WriteOutcome.Fenced fenced => new SeguroException(
                ErrorCode.Fenced, $"term {term} is not the current one: {fenced.Current} writes the log of {log.Ship}", "Find out who does; then run the command again."),
            WriteOutcome.Unknown unknown => new SeguroException(
                ErrorCode.OutcomeUnknown, $"{log.Capabilities.Engine} did not say whether it committed the metadata '{key}': {unknown.Cause}", "See that the database is well; then run the command again."),
            _ => new SeguroException(
                ErrorCode.Conflict, $"somebody else set the metadata '{key}' of {log.Ship} meanwhile", "Find out who does; then run the command again."),
        };
    }

    /// <summary>The value under a key; <see langword="null"/> where there is none.</summary>
    public static ReadOnlyMemory<byte>? Find(IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata, string key)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        return metadata.TryGetValue(key, out ReadOnlyMemory<byte> value) ? value : (ReadOnlyMemory<byte>?)null; // a bare null would be an empty value
    }
}
