using System.Xml.Linq;
using Seguro.Benchmarks;
using Seguro.Testing;

namespace Seguro.Tests.Benchmarks;

/// <summary>The tables and plots of a result.</summary>
public sealed class ReportTests
{
    private const int MostBytes = 100_000;

    private static readonly BenchmarkResult Sample = SampleResult.With(
        SampleResult.Append("lmdb", Measurement.Seguro, 0.30), SampleResult.Append("lmdb", Measurement.Bare, 0.20),
        SampleResult.Append("dqlite", Measurement.Seguro, 1.5), SampleResult.Append("dqlite", Measurement.Bare, 1.4), SampleResult.Append("dqlite", "go-dqlite", 1.6),
        SampleResult.Append("dqlite", Measurement.Seguro, 3, group: 100), SampleResult.Append("dqlite", Measurement.Bare, 2, group: 100), SampleResult.Append("dqlite", "go-dqlite", 2, group: 100),
        SampleResult.Takeover("dqlite", 900), Long(1000, 1), Long(100_000, 2), Long(1_000_000, 2.5));

    [Fact]
    public void Every_table_is_whole()
    {
        string[] lines = ReportWriter.Tables(Sample, ReportPlots.Of(Sample)).Split('\n');

        int tables = 0;
        for (int i = 0; i < lines.Length; i++)
        {
            if (!lines[i].StartsWith('|') || (i > 0 && lines[i - 1].StartsWith('|')))
                continue;
            tables++;
            int columns = Columns(lines[i]);
            Assert.Matches(@"^(\|---:?)+\|$", lines[i + 1]);
            for (int row = i; lines[row].StartsWith('|'); row++)
                Assert.Equal(columns, Columns(lines[row]));
        }
        Assert.Equal(5, tables); // machine, bars, append, takeover, length
        Assert.Contains("| processor | one \\| two |", lines);
        Assert.Contains("* a note", lines);

        static int Columns(string line) => line.Replace("\\|", "").Count(static letter => letter == '|') - 1;
    }

    [Fact]
    public void A_row_compares_a_pair()
    {
        string table = ReportTables.Of([SampleResult.Append("lmdb", Measurement.Seguro, 0.30), SampleResult.Append("lmdb", Measurement.Bare, 0.20)]);

        string[] cells = [.. table.Split('\n')[2].Trim('|').Split('|').Select(static cell => cell.Trim())];
        string[] headers = [.. table.Split('\n')[0].Trim('|').Split('|').Select(static cell => cell.Trim())];
        Assert.Equal("1.50", cells[headers.IndexOf("ratio of p50")]);
        Assert.Equal("0.67", cells[headers.IndexOf("ratio of events/s")]);
        Assert.Equal("bare", cells[headers.IndexOf("beside")]);
        Assert.DoesNotContain("ratio of MB/s", headers); // nobody measured it
    }

    [Fact]
    public void What_was_done_with_several_parameters_is_one_below_the_other()
    {
        string[] lines = ReportTables.Of([Long(1000, 1), Long(100_000, 2)]).Split('\n');

        Assert.StartsWith("| workload | events | store |", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("| append one | 1,000 | sqlite | 1.05", lines[2], StringComparison.Ordinal);
        Assert.StartsWith("| append one | 100,000 | sqlite | 2.1", lines[3], StringComparison.Ordinal);
    }

    [Fact]
    public void Plots_are_small_documents_that_name_their_lines()
    {
        using TemporaryFolder folder = new();

        IReadOnlyList<string> files = ReportWriter.Write(Sample, folder.Path);

        ReportPlot[] plots = [.. ReportPlots.Of(Sample)];
        Assert.Equal(["latency-distribution.svg", "throughput-group.svg", "takeover.svg", "length-append-one.svg"], plots.Select(static plot => plot.FileName));
        Assert.Equal([ReportWriter.FileName, .. plots.Select(static plot => plot.FileName)], files);
        string tables = File.ReadAllText(folder[ReportWriter.FileName]);
        foreach (ReportPlot plot in plots)
        {
            Assert.InRange(new FileInfo(folder[plot.FileName]).Length, 1000, MostBytes);
            Assert.Contains($"]({plot.FileName})", tables, StringComparison.Ordinal);
            XElement root = XDocument.Load(folder[plot.FileName]).Root!;
            Assert.Equal("svg", root.Name.LocalName);
            string[] texts = [.. root.Descendants().Where(static element => element.Name.LocalName == "text").Select(static element => element.Value)];
            Assert.All((string[])[plot.Title, plot.X.Label, plot.Y.Label, .. plot.Series.Select(static series => series.Name)], text => Assert.Contains(text, texts));
        }
    }

    [Fact]
    public void The_bare_databases_lines_are_dashed_and_no_others()
    {
        ReportPlot plot = ReportPlots.Of(Sample)[0];

        Assert.Equal(0, Dashes([.. plot.Series.Where(static series => series.Stroke == PlotStroke.Solid)]));
        Assert.NotEqual(0, Dashes([.. plot.Series.Where(static series => series.Stroke == PlotStroke.Dashed)]));

        int Dashes(PlotSeries[] series) => XDocument.Parse(PlotDrawing.ToSvg(plot with { Series = series })).Descendants()
            .Count(static element => element.Attribute("stroke-dasharray") is not null);
    }

    [Fact]
    public void A_plot_is_the_same_each_time()
    {
        // What is checked in changes only when the figures do.
        ReportPlot plot = ReportPlots.Of(Sample)[0];

        Assert.Equal(PlotDrawing.ToSvg(plot), PlotDrawing.ToSvg(plot));
    }

    private static Measurement Long(double events, double milliseconds) => new()
    {
        Part = "length",
        Workload = "append one",
        Subject = "sqlite",
        Contestant = Measurement.Seguro,
        Parameters = new Dictionary<string, double> { [Parameter.Events] = events, [Parameter.Bytes] = 500 },
        Latency = SampleResult.Latency(milliseconds),
    };
}
