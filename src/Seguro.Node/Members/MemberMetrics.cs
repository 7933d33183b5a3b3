using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Seguro.Core;

namespace Seguro.Node.Members;

/// <summary>
/// What a member can be measured by: the meter <c>Seguro.Node</c>, every instrument tagged with the member, the ship and the cluster. One under way
/// of each kind, so no two threads record the same.
/// </summary>
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
    private (ulong Number, DateTimeOffset Heard)[] _heard = []; // made by a ship that does something
    private readonly ConcurrentDictionary<string, long> _dropped = new(StringComparer.Ordinal);
    private ulong _released;

    public MemberMetrics(string member, Ship ship, string cluster, TimeProvider time, long? window, Func<MemberStatus> status)
    {
        _time = time;
        KeyValuePair<string, object?>[] tags = LabelsOf(member, ship, cluster);
        _tags = tags;
        Traces = new EventTraces(time, tags);
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
        _meter.CreateObservableGauge("seguro.window.size", () => window is { } size && status().WindowUsed is not null ? [new Measurement<long>(size, tags)] : Array.Empty<Measurement<long>>(), "By", "On the master: payload bytes that the store's window has room for.");
        _meter.CreateObservableGauge("seguro.hindered", () => new Measurement<int>(status() is { Stopped: null, Hindrance: null } ? 0 : 1, tags), description: "1 where the member stands still, or is master and nothing goes on.");
        _meter.CreateObservableGauge("seguro.ingress", () => new Measurement<int>(status().Ingress, tags), "{ovum}", "Ova that wait, or were not yet seen in the log.");
    }

    /// <summary>The ways of single events, with the same labels.</summary>
    public EventTraces Traces { get; }

    /// <summary>What each metric of a member is labelled with.</summary>
    public static KeyValuePair<string, object?>[] LabelsOf(string member, Ship ship, string cluster) => [new("member", member), new("ship", ship.Name), new("cluster", cluster), new("node", member)];

    /// <summary>What a member with a ship of a vere is measured by besides.</summary>
    public void Add(Func<OwnShip> ship, Func<MemberStatus> status)
    {
        _meter.CreateObservableGauge("seguro.standby.level", () => new Measurement<int>((int)ship().At, _tags), description: "What this member does with a vere ship's events as a replica: 0 recorded, 1 replayed, 2 computed, 3 hot.");
        _meter.CreateObservableGauge(
            "seguro.standby.lag.events",
            () => new Measurement<long>(status() is var now && ship().Hot is var hot && hot > EventNumber.None && now.Committed.Number > hot ? (long)(now.Committed.Number - hot) : 0, _tags),
            "{event}",
            "Committed events that the worker that stands by, or the Nock machine (computed), has not computed.");
        _meter.CreateObservableGauge("seguro.standby.lag.seconds", () => new Measurement<double>(ship().BehindFor.TotalSeconds, _tags), "s", "For how long a replica has not been at the committed end.");
        _meter.CreateObservableGauge("seguro.standby.memory", () => new Measurement<long>(ship().Memory, _tags), "By", "Resident memory of the worker that stands by and of the king that waits.");
    }

    /// <summary>The stages of takeovers.</summary>
    public TakeoverStages NewStages() => new(
        _time, _meter.CreateHistogram<double>("seguro.takeover.stage.duration", "s", "A stage of a takeover of a vere ship, by its name: fence, missing, clock, king, event."), _tags);

    public void Computed(MemberOutput.Poke poke, MemberInput.Poked poked)
    {
        int accepted = 0;
        if (_heard.Length == 0)
            _heard = new (ulong, DateTimeOffset)[Remembered];
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
        for (ulong number = first; number <= last.Value && _heard.Length > 0; number++)
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
    public void Forget()
    {
        Array.Clear(_heard);
        Traces.Forget();
    }

    public void Dispose()
    {
        _meter.Dispose();
        Traces.Dispose();
    }

    private static long Lag(MemberStatus status) =>
        status.Committed.Number > status.Processed.Number ? (long)(status.Committed.Number - status.Processed.Number) : 0;
}
