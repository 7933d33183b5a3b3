using System.Diagnostics;
using Seguro.Core;

namespace Seguro.Node.Members;

/// <summary>
/// An event's way through this member, as spans of the source <see cref="SourceName"/>. A trace's id is made of the event's chain: all members that process the event add to one trace, and nothing is
/// sent along for it; whether it is sampled is decided by the id, so by all alike.
/// </summary>
/// <remarks>
/// On the master: <c>event</c>, from the ovum's arrival to the release of its effects, and below it <c>compute</c>, <c>log</c> (this disk),
/// <c>commit</c> (the store) and <c>gate</c> (what was waited for
/// after that: the replicas). On whoever follows: <c>log</c> and <c>process</c>. Where nobody listens it costs the look at a flag. For any thread.
/// </remarks>
sealed class EventTraces(TimeProvider time, KeyValuePair<string, object?>[] tags) : IDisposable
{
    /// <summary>The source's name.</summary>
    public const string SourceName = "Seguro.Node";

    private const int Remembered = 1 << 14;

    private readonly ActivitySource _source = new(SourceName);
    private readonly Lock _lock = new();
    private Way[]? _ways; // where somebody listens
    private ulong _released;

    private Way[] Ways => _ways ??= new Way[Remembered];

    /// <summary>The time, where somebody listens.</summary>
    public DateTime Now => _source.HasListeners() ? time.GetUtcNow().UtcDateTime : default;

    /// <summary>The master computed events.</summary>
    /// <param name="poke">What was asked.</param>
    /// <param name="poked">What came of it.</param>
    /// <param name="since"><see cref="Now"/> before it, as in the other calls.</param>
    public void Computed(MemberOutput.Poke poke, MemberInput.Poked poked, DateTime since)
    {
        if (since == default)
            return;
        lock (_lock)
        {
            for (int i = 0; i < poked.Computations.Count; i++)
            {
                if (poked.Computations[i] is Computation.Accepted made)
                    Ways[made.Number.Value % Remembered] = new Way { Number = made.Number.Value, Heard = poke.Ova[i].Now.UtcDateTime, Begun = since, Computed = Now };
            }
        }
    }

    /// <summary>Events are on this member's disk.</summary>
    public void Logged(IReadOnlyList<Event> events, DateTime since) => Each("log", events, events.Count, since);

    /// <summary>Events are in the store.</summary>
    public void Committed(IReadOnlyList<Event> events, DateTime since) => Each("commit", events, events.Count, since);

    /// <summary>The first <paramref name="count"/> of events were processed by a member that follows.</summary>
    public void Applied(IReadOnlyList<Event> events, int count, DateTime since) => Each("process", events, count, since);

    /// <summary>The effects of all events up to one have left.</summary>
    public void Released(EventNumber last)
    {
        lock (_lock)
        {
            DateTime now = Now;
            for (ulong number = Math.Max(_released + 1, last.Value > Remembered ? last.Value - Remembered + 1 : 1); now != default && number <= last.Value; number++)
            {
                ref Way way = ref Ways[number % Remembered];
                if (way.Number != number || way.Span is not { } span)
                    continue;
                Add("gate", span.Context, number, way.Committed == default ? now : way.Committed, now);
                span.SetEndTime(now).Stop();
                way = default;
            }
            _released = last.Value;
        }
    }

    /// <summary>The role changed: what was under way is not told of.</summary>
    public void Forget()
    {
        lock (_lock)
            _ways = null;
    }

    /// <inheritdoc/>
    public void Dispose() => _source.Dispose();

    private void Each(string name, IReadOnlyList<Event> events, int count, DateTime since)
    {
        if (since == default)
            return;
        lock (_lock)
        {
            DateTime now = Now;
            for (int i = 0; i < count; i++)
            {
                ref Way way = ref Ways[events[i].Number.Value % Remembered];
                ActivityContext trace = new(TraceOf(events[i].Chain), default, ActivityTraceFlags.None);
                if (way.Number == events[i].Number.Value)
                {
                    Open(ref way, trace);
                    trace = way.Span?.Context ?? trace;
                    if (name == "commit")
                        way.Committed = now;
                }
                Add(name, trace, events[i].Number.Value, since, now);
            }
        }
    }

    // The chain, and so the trace, is known only once the event is logged or committed, whichever comes first.
    private void Open(ref Way way, ActivityContext trace)
    {
        if (way.IsOpen)
            return;
        way.IsOpen = true;
        way.Span = Start("event", ActivityKind.Server, trace, way.Number, way.Heard);
        Add("compute", way.Span?.Context ?? trace, way.Number, way.Begun, way.Computed);
    }

    private void Add(string name, ActivityContext parent, ulong number, DateTime since, DateTime until) => Start(name, ActivityKind.Internal, parent, number, since)?.SetEndTime(until).Stop();

    private Activity? Start(string name, ActivityKind kind, ActivityContext parent, ulong number, DateTime since)
    {
        Activity? around = Activity.Current;
        Activity? span = _source.StartActivity(name, kind, parent, startTime: new DateTimeOffset(since));
        Activity.Current = around;
        if (span is null)
            return null;
        foreach ((string key, object? value) in tags)
            span.SetTag(key, value);
        return span.SetTag("event", (long)number);
    }

    private static ActivityTraceId TraceOf(Chain chain)
    {
        Span<byte> bytes = stackalloc byte[Chain.Size];
        chain.CopyTo(bytes);
        return ActivityTraceId.CreateFromBytes(bytes[..16]);
    }

    private struct Way
    {
        public ulong Number;
        public DateTime Heard;
        public DateTime Begun;
        public DateTime Computed;
        public DateTime Committed;
        public bool IsOpen;
        public Activity? Span;
    }
}
