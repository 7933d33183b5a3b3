using Microsoft.Extensions.Logging;
using Seguro.Core;

namespace Seguro.Node.Members;

/// <summary>Says how far a ship's replay is: when it begins, every ten seconds while it gets on, and when it ends. For one thread.</summary>
sealed class ReplayNotice(TimeProvider time, ILogger log)
{
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(10);
    private EventNumber _end;
    private EventNumber _said;
    private long _saidAt;

    /// <summary>What there is to say of a ship that replays; <see langword="null"/> of one that does not.</summary>
    public static string? Describe(MemberStatus status) => status.Replaying == EventNumber.None
        ? null
        : $"{status.Name}'s ship is replaying event {status.Processed.Number.Next} of {status.Replaying}; it does not stand for mastership before that is done.";

    /// <summary>Looks at how the member stands.</summary>
    public void See(MemberStatus status)
    {
        if (Describe(status) is { } text)
        {
            if (_end != EventNumber.None && (status.Processed.Number == _said || time.GetElapsedTime(_saidAt) < Between))
                return;
            log.LogInformation("{Replay}", text);
            (_end, _said, _saidAt) = (status.Replaying, status.Processed.Number, time.GetTimestamp());
        }
        else if (_end != EventNumber.None && status.Processed.Number >= _end)
        {
            log.LogInformation("{Member}'s ship has replayed the events up to {Last}.", status.Name, _end);
            _end = EventNumber.None;
        }
    }
}
