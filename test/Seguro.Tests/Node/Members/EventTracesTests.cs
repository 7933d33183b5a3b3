using System.Collections.Concurrent;
using System.Diagnostics;
using Seguro.Node.Members;
using Xunit;

namespace Seguro.Tests.Node.Members;

/// <summary>All members tell of an event in one trace, though nothing of it is sent between them.</summary>
public sealed class EventTracesTests
{
    private const string Cluster = "traced";

    [Fact]
    public async Task An_event_is_one_trace_of_all_members()
    {
        ConcurrentBag<Activity> spans = [];
        using ActivityListener listener = new()
        {
            ShouldListenTo = static source => source.Name == EventTraces.SourceName,
            Sample = static (ref _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = span =>
            {
                if (Tag(span, "cluster") == Cluster)
                    spans.Add(span);
            },
        };
        ActivitySource.AddActivityListener(listener);
        await using HostCluster cluster = await HostCluster.StartAsync(2, change: static options => options with { Cluster = Cluster });
        string master = (await cluster.AwaitMasterAsync()).Name;
        await cluster.AskAsync("where am I?");
        // The datagram's event is the only one that nobody but the master knew first, and has effects; whatever others there are have traces of their own.
        await cluster.UntilAsync(() => Whole(master).Any());
        IGrouping<ActivityTraceId, Activity> trace = Whole(master).First();
        Activity root = trace.Single(static span => span.DisplayName == "event");
        Assert.Equal(default, root.ParentSpanId);
        Assert.Single(trace.Select(static span => span.GetTagItem("event")).Distinct());
        Assert.All(trace.Where(static span => span.DisplayName is "compute" or "commit" or "gate"), span => Assert.Equal((root.SpanId, master), (span.ParentSpanId, Tag(span, "member"))));
        Assert.All(trace, span => Assert.True(span.Duration >= TimeSpan.Zero && (span == root || Tag(span, "member") != master || span.StartTimeUtc >= root.StartTimeUtc)));

        IEnumerable<IGrouping<ActivityTraceId, Activity>> Whole(string from) => spans.GroupBy(static span => span.TraceId).Where(trace =>
            trace.Where(span => Tag(span, "member") == from).Select(static span => span.DisplayName).Order(StringComparer.Ordinal).SequenceEqual(["commit", "compute", "event", "gate", "log"])
            && HostCluster.Names.Where(name => name != from).All(name =>
                trace.Where(span => Tag(span, "member") == name).Select(static span => span.DisplayName).Order(StringComparer.Ordinal).SequenceEqual(["log", "process"])));
    }

    private static string? Tag(Activity span, string key) => span.GetTagItem(key) as string;
}
