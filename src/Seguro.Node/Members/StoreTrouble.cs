using Microsoft.Extensions.Logging;
using Seguro.Core;

namespace Seguro.Node.Members;

/// <summary>What is wrong with the store at the moment, for people: logged when it changes, and once a minute while it lasts. From any thread.</summary>
sealed class StoreTrouble(TimeProvider time, ILogger log)
{
    private static readonly TimeSpan Reminder = TimeSpan.FromMinutes(1);
    private readonly Lock _gate = new();
    private string? _current;
    private string? _logged;
    private long _loggedAt;

    /// <summary>A full sentence; <see langword="null"/> where all is well.</summary>
    public string? Current => Volatile.Read(ref _current);

    /// <summary>Is it a failure of the store, or of waiting for it, rather than a mistake of this program?</summary>
    public static bool IsOne(Exception failed) => failed is SeguroException or OperationCanceledException;

    /// <summary>Notes a failure.</summary>
    /// <returns>The cause, for an answer.</returns>
    public string Note(string what, Exception failed)
    {
        if (failed is not SeguroException cause)
            return "the store did not answer in time";
        string text = $"Could not {what}: {cause.Message} ({cause.CodeText}). {cause.NextStep}";
        lock (_gate)
        {
            _current = text;
            if (text == _logged && time.GetElapsedTime(_loggedAt) < Reminder)
                return cause.Message;
            (_logged, _loggedAt) = (text, time.GetTimestamp());
        }
        log.LogWarning("{Trouble}", text);
        return cause.Message;
    }

    /// <summary>The store did what it was asked for.</summary>
    public void Clear() => Volatile.Write(ref _current, null);
}
