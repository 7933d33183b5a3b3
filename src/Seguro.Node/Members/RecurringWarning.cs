using Microsoft.Extensions.Logging;

namespace Seguro.Node.Members;

/// <summary>Says the first of something that may come by the thousand, and then once a minute how many came since, with the newest. From any thread.</summary>
sealed class RecurringWarning(TimeProvider time, ILogger log)
{
    private static readonly TimeSpan Between = TimeSpan.FromMinutes(1);
    private readonly Lock _gate = new();
    private readonly Dictionary<string, (long SaidAt, long Since)> _kinds = [];

    /// <summary>It happened.</summary>
    /// <param name="kind">What; few and fixed.</param>
    /// <param name="text">A full sentence about this one.</param>
    public void Note(string kind, string text)
    {
        long since;
        lock (_gate)
        {
            bool isKnown = _kinds.TryGetValue(kind, out (long SaidAt, long Since) entry);
            since = entry.Since + 1;
            if (isKnown && time.GetElapsedTime(entry.SaidAt) < Between)
            {
                _kinds[kind] = (entry.SaidAt, since);
                return;
            }
            _kinds[kind] = (time.GetTimestamp(), 0);
        }
        if (since == 1)
            log.LogWarning("{Warning}", text);
        else
            log.LogWarning("{Warning} ({Count} of this kind since it was said last.)", text, since);
    }
}
