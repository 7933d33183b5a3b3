using Microsoft.Extensions.Time.Testing;
using Seguro.Node.Access;
using Seguro.Node.Admin;

namespace Seguro.Tests.Node.Access;

public sealed class RefusedConnectionsTests
{
    [Fact]
    public void Refusals_are_counted_by_door_told_at_most_every_ten_minutes_and_warned_of_for_an_hour()
    {
        FakeTimeProvider time = new();
        List<string> notices = [];
        using RefusedConnections refused = new(new CollectingLog(notices), time);
        Assert.Empty(refused.Warnings);
        refused.Note(RefusedConnections.Links, "it expired");
        refused.Note(RefusedConnections.Links, "it is not a member");
        refused.Note(RefusedConnections.Dqlite, "10.0.0.9:5: no certificate", count: 3);
        Assert.Equal([("admin", 0L), ("dqlite", 3L), ("links", 2L)], refused.Counts.OrderBy(static door => door.Key).Select(static door => (door.Key, door.Value)));
        Assert.Equal(["Refused at links: 1; the last: it expired.", "Refused at dqlite: 3; the last: 10.0.0.9:5: no certificate."], notices);
        Assert.Contains("Refused at links: 2; the last: it is not a member.", refused.Warnings);
        time.Advance(TimeSpan.FromMinutes(11));
        refused.Note(RefusedConnections.Links, "it is not a member");
        Assert.Equal("Refused at links: 3; the last: it is not a member.", notices[^1]);
        time.Advance(TimeSpan.FromMinutes(55));
        Assert.Equal(["Refused at links: 3; the last: it is not a member."], refused.Warnings);
        time.Advance(TimeSpan.FromMinutes(6));
        Assert.Empty(refused.Warnings);
        Assert.Equal(3, refused.Counts["links"]);
    }

    [Fact]
    public void The_metric_says_whose_doors_they_are()
    {
        string member = $"m{Guid.NewGuid()}";
        using PrometheusText metrics = new("Seguro.Access");
        using RefusedConnections refused = new(new CollectingLog([]), new FakeTimeProvider(), new KeyValuePair<string, object?>("member", member));
        refused.Note(RefusedConnections.Links, "it expired");
        Assert.Contains($"seguro_refused_total{{member=\"{member}\",door=\"links\"}} 1\n", metrics.Write(), StringComparison.Ordinal);
    }
}
