using System.Text.Json;
using System.Text.RegularExpressions;
using Seguro.Tests.Repository;

namespace Seguro.Tests.Docs;

/// <summary>Alert rules and dashboard name only metrics that the program has, as Prometheus sees them.</summary>
public sealed partial class MonitoringTests
{
    private const string Alerts = "eng/monitoring/seguro-alerts.yml";
    private const string Dashboard = "eng/monitoring/seguro-dashboard.json";

    private static readonly HashSet<string> Known = [
        .. SourceFiles.CSharp.Where(static path => path.StartsWith("src/", StringComparison.Ordinal))
        .SelectMany(static path => Instrument().Matches(SourceFiles.Read(path)).SelectMany(NamesOf)
        .Concat(Written().Matches(SourceFiles.Read(path)).Select(static match => match.Groups["name"].Value)))];

    [Theory]
    [InlineData(Alerts, 10)]
    [InlineData(Dashboard, 15)]
    public void Each_metric_exists(string file, int atLeast)
    {
        string[] named = [.. Metric().Matches(SourceFiles.Read(file)).Select(static match => match.Value).Distinct()];
        Assert.InRange(named.Length, atLeast, 100);
        Assert.All(named, static name => Assert.Contains(name, Known));
    }

    [Fact]
    public void Each_alert_says_what_is_wrong_how_bad_it_is_and_what_to_do()
    {
        string text = SourceFiles.Read(Alerts);
        int alerts = Count("- alert: ");
        Assert.InRange(alerts, 10, 100);
        Assert.All((string[])["expr: ", "labels: {severity: ", "summary: ", "next: "], part => Assert.Equal(alerts, Count(part)));

        int Count(string part) => text.Split(part).Length - 1;
    }

    [Fact]
    public void The_dashboards_panels_do_not_overlap_and_each_asks_for_something()
    {
        using JsonDocument document = JsonDocument.Parse(SourceFiles.Read(Dashboard));
        HashSet<(int X, int Y)> taken = [];
        HashSet<int> ids = [];
        foreach (JsonElement panel in document.RootElement.GetProperty("panels").EnumerateArray())
        {
            Assert.True(ids.Add(panel.GetProperty("id").GetInt32()));
            Assert.NotEmpty(panel.GetProperty("targets").EnumerateArray());
            JsonElement place = panel.GetProperty("gridPos");
            for (int x = 0; x < place.GetProperty("w").GetInt32(); x++)
            {
                for (int y = 0; y < place.GetProperty("h").GetInt32(); y++)
                    Assert.True(taken.Add((place.GetProperty("x").GetInt32() + x, place.GetProperty("y").GetInt32() + y)), panel.GetProperty("title").GetString());
            }
        }
        Assert.True(taken.All(static at => at.X < 24));
    }

    private static IEnumerable<string> NamesOf(Match match)
    {
        string name = match.Groups["name"].Value.Replace('.', '_');
        string kind = match.Groups["kind"].Value;
        if (kind == "Counter")
            return [name + "_total"];
        return kind == "Histogram" ? [name + "_seconds_bucket", name + "_seconds_sum", name + "_seconds_count"] : [name, name + "_seconds"];
    }

    [GeneratedRegex("""\b(?:Create(?:Observable)?)?(?<kind>Counter|Histogram|Gauge|UpDownCounter)(?:<\w+>)?\(\s*"(?<name>seguro\.[^"]+)""", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Instrument();

    /// <summary>What is written for node exporters, as text.</summary>
    [GeneratedRegex("# TYPE (?<name>seguro_[a-z_]+) ", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Written();

    [GeneratedRegex("""\bseguro_[a-z_]+""", RegexOptions.None, 1000)]
    private static partial Regex Metric();
}
