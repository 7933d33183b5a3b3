namespace Seguro.Piers.Transfer;

/// <summary>Counts what a step has done and reports it, not more often than a person could want to know.</summary>
sealed class TransferMeter(IProgress<TransferProgress>? progress, TransferStep step, ulong totalEvents, long totalBytes)
{
    private const ulong ReportEveryEvents = 1024;
    private const long ReportEveryBytes = 4 << 20;

    private ulong _reportedEvents;
    private long _reportedBytes;

    public ulong Events { get; private set; }

    public long Bytes { get; private set; }

    public void Add(ulong events, long bytes)
    {
        Events += events;
        Bytes += bytes;
        if (Events - _reportedEvents >= ReportEveryEvents || Bytes - _reportedBytes >= ReportEveryBytes)
            Report();
    }

    public void Report()
    {
        _reportedEvents = Events;
        _reportedBytes = Bytes;
        progress?.Report(new TransferProgress(step, Events, totalEvents, Bytes, totalBytes));
    }
}
