using System.Globalization;
using Seguro.Core;

namespace Seguro.Cli.Demo.Probes;

/// <summary>
/// What a client was told, and the comparison of that with the log: every answer names the event that its datagram became, so that a lost event, an answer of an event that never
/// was, and an answer that came too early show.
/// </summary>
/// <remarks>Threading: <see cref="Note"/> may be called from any thread, as <see cref="ShipProbe"/> does; the counts may be read at any time.</remarks>
public sealed class AnswerLedger
{
    private readonly Lock _lock = new();
    private readonly Dictionary<long, ProbeAnswer> _answers = [];
    private long _repeats;
    private long _outOfOrder;
    private ulong _lastEvent;

    /// <summary>Takes an answer; give this to the probe.</summary>
    public void Note(ProbeAnswer answer)
    {
        lock (_lock)
        {
            if (!_answers.TryAdd(answer.Sequence, answer))
            {
                _repeats++;
                return;
            }
            if (answer.Events <= _lastEvent)
                _outOfOrder++;
            _lastEvent = answer.Events;
        }
    }

    /// <summary>Compares all answers so far with a log that is verified as it is read.</summary>
    /// <param name="probe">Whose answers they are.</param>
    /// <param name="log">The final log of the ship.</param>
    /// <param name="life">How many events the ship's boot has: answers count from there.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="SeguroException">The log can't be read, or is damaged.</exception>
    public async Task<AnswerAudit> CompareAsync(ShipProbe probe, EventLog log, ulong life, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(probe);
        ArgumentNullException.ThrowIfNull(log);
        LogState state = await log.ReadStateAsync(cancel);
        Dictionary<ulong, long> asked = [];
        await foreach (Event read in log.ReadAsync(state, state.First, state.Head.Number, cancel))
        {
            if (read.Number.Value > life && HeardDatagram.In(read.Payload.Span) is { } datagram && probe.TryFind(datagram, out long sequence))
                asked[read.Number.Value - life] = sequence;
        }
        HashSet<long> inLog = [.. asked.Values];
        lock (_lock)
        {
            ProbeAnswer[] lost = [.. _answers.Values.Where(answer => !inLog.Contains(answer.Sequence))];
            ProbeAnswer[] phantoms = [.. _answers.Values.Where(answer => !asked.TryGetValue(answer.Events, out long sequence) || sequence != answer.Sequence)];
            ProbeAnswer[] wrong = [.. lost.Union(phantoms).OrderBy(static answer => answer.Sequence)];
            string evidence = wrong.Length == 0 ? "" : $"{Describe(wrong[0], life)} … {Describe(wrong[^1], life)}";
            return new AnswerAudit(_answers.Count, lost.Length, phantoms.Length, _repeats, _outOfOrder, state.Head.Position, evidence);
        }
    }

    private static string Describe(ProbeAnswer answer, ulong life) => string.Create(
        CultureInfo.InvariantCulture, $"question {answer.Sequence} was answered as event {life + answer.Events} at {answer.At.TotalSeconds:0.000} s");
}
