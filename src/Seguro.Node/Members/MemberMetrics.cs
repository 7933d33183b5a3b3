using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Seguro.Core;

namespace Seguro.Node.Members;

/// <summary>What a member can be measured by: the meter <c>Seguro.Node</c>, every instrument tagged with the member, the ship and the cluster. One under way of each kind, so no two threads record the same.</summary>
sealed class MemberMetrics : IDisposable
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "Seguro.Node";

    private const int Remembered = 1 << 14;
    private readonly Meter _meter;
    private readonly TimeProvider _time;
    private readonly KeyValuePair<string, object?>[] _tags;
    private readonly Counter<long> _events;
    private readonly Counter<long> _drops;
    private readonly Histogram<double> _commit;
    private readonly Histogram<double> _release;
    private readonly (ulong Number, DateTimeOffset Heard)[] _heard = new (ulong, DateTimeOffset)[Remembered];
    private readonly ConcurrentDictionary<string, long> _dropped = new(StringComparer.Ordinal);
    private ulong _released;

    public MemberMetrics(string member, Ship ship, string cluster, TimeProvider time, Func<MemberStatus> status)
    {
        _time = time;
        KeyValuePair<string, object?>[] tags = [new("member", member), new("ship", ship.Name), new("cluster", cluster)];
        _tags = tags;
        _meter = new Meter(MeterName);
        _events = _meter.CreateCounter<long>("seguro.events", "{event}", "Events processed: computed on the master, applied on a replica.");
        _drops = _meter.CreateCounter<long>("seguro.drops", "{item}", "Ova, messages and effects that were dropped, by reason.");
        _commit = _meter.CreateHistogram<double>("seguro.commit.duration", "s", "From sending a group to the store to its answer.");
        _release = _meter.CreateHistogram<double>("seguro.release.duration", "s", "From an ovum's arrival at the master to the release of its event's effects.");
        _meter.CreateObservableGauge("seguro.head", () => new Measurement<long>((long)status().Durable.Number.Value, tags), "{event}", "The end of the local log.");
        _meter.CreateObservableGauge("seguro.lag", () => new Measurement<long>(Lag(status()), tags), "{event}", "Committed events that this member has not processed.");
        _meter.CreateObservableGauge("seguro.term", () => new Measurement<long>((long)status().Term.Value, tags), "{term}", "The highest term that the member knows.");
        _meter.CreateObservableGauge("seguro.role", () => new Measurement<int>((int)status().Role, tags), description: "0 rejoining, 1 replica, 2 candidate, 3 master, 4 stopped.");
        _meter.CreateObservableGauge("seguro.gated", () => new Measurement<int>(status().Gated, tags), "{event}", "Events that wait at the gate.");
        _meter.CreateObservableGauge("seguro.window", () => status().WindowUsed is { } used ? [new Measurement<long>(used, tags)] : Array.Empty<Measurement<long>>(), "By", "On the master: payload bytes of the store's window in use.");
        _meter.CreateObservableGauge("seguro.hindered", () => new Measurement<int>(status() is { Stopped: null, Hindrance: null } ? 0 : 1, tags), description: "1 where the member stands still, or is master and nothing goes on.");
        _meter.CreateObservableGauge("seguro.ingress", () => new Measurement<int>(status().Ingress, tags), "{ovum}", "Ova that wait, or were not yet seen in the log.");
    }

    public void Computed(MemberOutput.Poke poke, MemberInput.Poked poked)
    {
        int accepted = 0;
        for (int i = 0; i < poked.Computations.Count; i++)
        {
            if (poked.Computations[i] is not Computation.Accepted made)
                continue;
            accepted++;
            _heard[made.Number.Value % Remembered] = (made.Number.Value, poke.Ova[i].Now);
        }
        _events.Add(accepted, _tags);
    }

    public void Applied(int count) => _events.Add(count, _tags);

    public void Committed(TimeSpan duration) => _commit.Record(duration.TotalSeconds, _tags);

    public void Released(EventNumber last)
    {
        DateTimeOffset now = _time.GetUtcNow();
        ulong first = Math.Max(_released + 1, last.Value > Remembered ? last.Value - Remembered + 1 : 1);
        for (ulong number = first; number <= last.Value; number++)
        {
            (ulong there, DateTimeOffset heard) = _heard[number % Remembered];
            if (there == number)
                _release.Record(Math.Max(0, (now - heard).TotalSeconds), _tags);
        }
        _released = last.Value;
    }

    /// <summary>What was dropped so far, by reason.</summary>
    public IReadOnlyDictionary<string, long> Drops => _dropped;

    /// <summary>Something was dropped. From any thread.</summary>
    /// <param name="count">How many.</param>
    /// <param name="reason">Why; few and fixed.</param>
    public void Dropped(long count, string reason)
    {
        _drops.Add(count, [.. _tags, new KeyValuePair<string, object?>("reason", reason)]);
        _dropped.AddOrUpdate(reason, count, (_, before) => before + count);
    }

    /// <summary>The role changed: what was heard in the last one says nothing any more.</summary>
    public void Forget() => Array.Clear(_heard);

    public void Dispose() => _meter.Dispose();

    private static long Lag(MemberStatus status) =>
        status.Committed.Number > status.Processed.Number ? (long)(status.Committed.Number - status.Processed.Number) : 0;
}
