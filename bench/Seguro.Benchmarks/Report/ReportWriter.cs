using System.Globalization;
using System.Text;

namespace Seguro.Benchmarks;

/// <summary>Writes what a result says for people: <c>tables.md</c>, and an SVG for each plot that it has the figures for.</summary>
internal static class ReportWriter
{
    /// <summary>The name of the file with the tables; it shows the plots.</summary>
    public const string FileName = "tables.md";

    /// <summary>Writes all into a folder.</summary>
    /// <returns>The names of the files.</returns>
    public static IReadOnlyList<string> Write(BenchmarkResult result, string folder)
    {
        Directory.CreateDirectory(folder);
        IReadOnlyList<ReportPlot> plots = ReportPlots.Of(result);
        foreach (ReportPlot plot in plots)
            File.WriteAllText(Path.Combine(folder, plot.FileName), PlotDrawing.ToSvg(plot));
        File.WriteAllText(Path.Combine(folder, FileName), Tables(result, plots));
        return [FileName, .. plots.Select(static plot => plot.FileName)];
    }

    /// <summary>All tables.</summary>
    public static string Tables(BenchmarkResult result, IReadOnlyList<ReportPlot> plots)
    {
        StringBuilder text = new("# Results of `seguro bench`\n\n");
        text.Append("Made by the command below; do not edit. Seguro and what it is compared with took turns in the same run, on one machine, so that **the ratios carry over**, and the absolute figures only to a machine like it.\n\n");
        text.Append(CultureInfo.InvariantCulture, $"```\n{result.Command}\n```\n\n");
        MarkdownTable machine = new("", "");
        machine.Add("began", result.Began.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture));
        machine.Add("took", string.Create(CultureInfo.InvariantCulture, $"{result.Took.TotalMinutes:0.0} minutes"));
        foreach ((string name, string value) in result.Machine)
            machine.Add(name, value);
        machine.Add("load before (1, 5, 15 minutes)", result.LoadBefore);
        machine.Add("load after", result.LoadAfter);
        text.Append("## The machine\n\n").Append(machine);
        text.Append("\n## The bars\n\n").Append(Bars.Of(result));
        foreach (IGrouping<string, Measurement> part in result.Measurements.GroupBy(static one => one.Part))
        {
            text.Append(CultureInfo.InvariantCulture, $"\n## {char.ToUpperInvariant(part.Key[0])}{part.Key[1..]}\n\n");
            if (BenchmarkParts.Choices.FirstOrDefault(choice => choice.Name == part.Key).Description is { } description)
                text.Append(CultureInfo.InvariantCulture, $"{description}\n\n");
            text.Append(ReportTables.Of([.. part]));
            foreach (ReportPlot plot in plots.Where(plot => plot.Part == part.Key))
                text.Append(CultureInfo.InvariantCulture, $"\n![{plot.Title}]({plot.FileName})\n");
        }
        List(text, "Notes", result.Notes);
        List(text, "What failed", result.Failures);
        return text.ToString();
    }

    private static void List(StringBuilder text, string title, IReadOnlyCollection<string> lines)
    {
        if (lines.Count == 0)
            return;
        text.Append(CultureInfo.InvariantCulture, $"\n## {title}\n\n");
        foreach (string line in lines)
            text.Append("* ").Append(line).Append('\n');
    }
}
