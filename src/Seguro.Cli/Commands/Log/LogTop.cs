using System.Globalization;
using Seguro.Core;

namespace Seguro.Cli.Commands.Log;

/// <summary>Reads events once, and counts them by where they came from.</summary>
/// <param name="life">How many events at the beginning of the log are formulas.</param>
internal sealed class LogTop(ulong? life)
{
    private const string Unknown = "(no event of Urbit)";
    private const string NoPeer = "(no packet)";
    private const string NoAgent = "(says none)";
    private const string NoTime = "(no time)";
    private DateTimeOffset? _first;
    private DateTimeOffset? _last;

    public TopTable Wires { get; } = new();

    public TopTable Cards { get; } = new();

    public TopTable Peers { get; } = new();

    public TopTable Agents { get; } = new();

    public TopTable Hours { get; } = new();

    public TopTable Days { get; } = new();

    public ulong Events { get; private set; }

    public long Bytes { get; private set; }

    /// <summary>The bytes of events whose wire and card are known, the boot's formulas among them.</summary>
    public long Explained { get; private set; }

    /// <summary>From the earliest to the latest event with a time.</summary>
    public TimeSpan Span => _first is { } first && _last is { } last ? last - first : TimeSpan.Zero;

    /// <summary>Reads the events, each checked against its chain; of each, the beginning is kept while it is looked at.</summary>
    public async Task ReadAsync(EventLog log, LogState state, EventNumber from, EventNumber to, Action<long> report, CancellationToken cancel)
    {
        byte[] head = new byte[EventSource.Head];
        int kept = 0;
        await foreach (EventFragment piece in log.StreamAsync(state, from, to, cancel))
        {
            if (piece.Offset == 0)
                kept = 0;
            int more = (int)Math.Min(piece.Bytes.Length, head.Length - kept);
            piece.Bytes.Span[..more].CopyTo(head.AsSpan(kept));
            kept += more;
            if (!piece.IsLast)
                continue;
            Add(EventSource.Of(piece.Number, head.AsSpan(0, kept), piece.Size, life), piece.Size);
            report(Bytes);
        }
    }

    private void Add(EventSource? source, long size)
    {
        Events++;
        Bytes += size;
        if (source is not null)
            Explained += size;
        Wires.Add(source?.Wire ?? Unknown, size);
        Cards.Add(source?.Card ?? Unknown, size);
        Peers.Add(source is null ? Unknown : source.Peer ?? NoPeer, size);
        Agents.Add(source is null ? Unknown : source.Agent ?? NoAgent, size);
        DateTimeOffset? time = source?.Time;
        Hours.Add(time is { } hour ? hour.UtcDateTime.ToString("yyyy-MM-dd HH':00'", CultureInfo.InvariantCulture) : NoTime, size);
        Days.Add(time is { } day ? day.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) : NoTime, size);
        if (time is not { } at)
            return;
        _first = _first < at ? _first : at;
        _last = _last > at ? _last : at;
    }
}
