namespace Seguro.Core;

/// <summary>What a master knows of a replica, and what it has sent to it.</summary>
internal sealed class ReplicaProgress(string name)
{
    private readonly Queue<EventNumber> _underWay = new();

    public string Name { get; } = name;

    /// <summary>The end of what was sent; null while the replica is too far behind to be pushed to, or was not heard yet.</summary>
    public Position? Cursor { get; set; }

    public EventNumber Received { get; private set; }

    public EventNumber Durable { get; private set; }

    public EventNumber Processed { get; private set; }

    public string? Stopped { get; private set; }

    public TimeSpan? LastHeard { get; private set; }

    public TimeSpan LastSent { get; set; } = TimeSpan.MinValue;

    public EventNumber CommittedSent { get; set; }

    public TimeSpan PausedUntil { get; set; }

    /// <summary>How many pushes with events have not been answered.</summary>
    public int UnderWay => _underWay.Count;

    public bool IsHealthy(TimeSpan now, TimeSpan patience) => Stopped is null && LastHeard is { } heard && now - heard <= patience;

    public void Sent(EventNumber end) => _underWay.Enqueue(end);

    public void Rewind(Position? cursor)
    {
        Cursor = cursor;
        _underWay.Clear();
    }

    public void Hear(MemberMessage.Ack ack, TimeSpan now)
    {
        LastHeard = now;
        Received = ack.Received.Number;
        Durable = ack.Durable.Number;
        Processed = ack.Processed.Number;
        Stopped = ack.Stopped;
        while (_underWay.TryPeek(out EventNumber end) && end <= Received)
            _underWay.Dequeue();
    }

    public void Stop(string reason) => Stopped = reason;

    public ReplicaStatus Describe(TimeSpan now, TimeSpan patience) => new(Name, IsHealthy(now, patience), Received, Durable, Processed, Stopped);
}
