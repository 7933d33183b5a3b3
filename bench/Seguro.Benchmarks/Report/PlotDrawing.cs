using System.Globalization;
using System.Xml.Linq;
using ScottPlot;
using ScottPlot.AxisPanels;
using ScottPlot.Plottables;
using ScottPlot.TickGenerators;

namespace Seguro.Benchmarks;

/// <summary>Draws plots as SVG whose text is text: black on white, thin lines, a colour for each database.</summary>
internal static class PlotDrawing
{
    private const int Width = 860;
    private const int Height = 480;
    private const float FontSize = 13;
    private const double LeastGap = 0.03; // of the axis
    private const string DashedMark = "1.51";
    private const string DottedMark = "1.52";
    private const string Families = "Helvetica, Arial, 'Liberation Sans', sans-serif";

    // Skia writes no dashes into an SVG: lines that are to have them are told by their width.
    private static readonly float DashedWidth = float.Parse(DashedMark, CultureInfo.InvariantCulture);
    private static readonly float DottedWidth = float.Parse(DottedMark, CultureInfo.InvariantCulture);

    // Told apart by people who see colours differently (Okabe and Ito's palette).
    private static readonly Dictionary<string, Color> Colours = new()
    {
        ["postgresql"] = Color.FromHex("#0072B2"),
        ["dqlite"] = Color.FromHex("#D55E00"),
        ["etcd"] = Color.FromHex("#009E73"),
        ["lmdb"] = Color.FromHex("#000000"),
        ["sqlite"] = Color.FromHex("#CC79A7"),
        ["rocksdb"] = Color.FromHex("#E69F00"),
    };

    private static readonly Color[] Others = [Color.FromHex("#56B4E9"), Color.FromHex("#7F7F7F"), Color.FromHex("#8C564B"), Color.FromHex("#9467BD"), Color.FromHex("#BCBD22")];

    /// <summary>The plot as a document.</summary>
    public static string ToSvg(ReportPlot plot)
    {
        PlotFont.Use();
        using Plot drawing = new();
        drawing.FigureBackground.Color = drawing.DataBackground.Color = Colors.White;
        foreach (PlotSeries series in plot.Series)
            Add(drawing, plot, series);
        (double X, double Y)[] places = [.. plot.Series.SelectMany(static series => series.Points).Select(point => (plot.X.Place(point.X), plot.Y.Place(point.Y)))];
        (double left, double right) = Range(plot.X, [.. places.Select(static place => place.X)]);
        (double bottom, double top) = Range(plot.Y, [.. places.Select(static place => place.Y)]);
        drawing.Axes.SetLimits(left, right, bottom, top);
        Divide(drawing.Axes.Bottom, plot.X, left, right);
        Divide(drawing.Axes.Left, plot.Y, bottom, top);
        drawing.Axes.Top.FrameLineStyle.Width = drawing.Axes.Right.FrameLineStyle.Width = 0;
        drawing.Grid.MajorLineColor = Color.FromHex("#E3E3E3");
        drawing.Axes.Title.Label.Text = plot.Title;
        drawing.Axes.Title.Label.FontSize = FontSize + 2;
        drawing.Axes.Title.Label.Bold = false;
        drawing.Legend.OutlineWidth = 0;
        drawing.Legend.ShadowColor = Colors.Transparent;
        drawing.Legend.FontSize = FontSize;
        drawing.ShowLegend(Edge.Right);
        return Tidy(drawing.GetSvgXml(Width, Height), plot.Title);
    }

    private static void Add(Plot drawing, ReportPlot plot, PlotSeries series)
    {
        Scatter line = drawing.Add.Scatter(
            (double[])[.. series.Points.Select(point => plot.X.Place(point.X))], (double[])[.. series.Points.Select(point => plot.Y.Place(point.Y))], ColourOf(series.Subject, plot));
        line.LegendText = series.Name;
        line.LineWidth = series.Stroke switch { PlotStroke.Thin => 1, PlotStroke.Dashed => DashedWidth, PlotStroke.Dotted => DottedWidth, _ => 2 };
        line.MarkerSize = plot.X.Scale == PlotScale.Percentile || series.Stroke == PlotStroke.Thin ? 0 : 5;
    }

    private static Color ColourOf(string subject, ReportPlot plot)
    {
        if (Colours.TryGetValue(subject, out Color colour))
            return colour;
        string[] others = [.. plot.Series.Select(static series => series.Subject).Distinct().Where(static other => !Colours.ContainsKey(other))];
        return Others[Array.IndexOf(others, subject) % Others.Length];
    }

    private static (double From, double To) Range(PlotAxis axis, double[] places)
    {
        double[] all = [.. places, .. axis.Ticks?.Select(axis.Place) ?? []];
        (double least, double most) = (all.Min(), all.Max());
        if (axis.Scale == PlotScale.Percentile)
            return (0, most);
        if (axis.Scale == PlotScale.Linear)
        {
            double room = most > least ? (most - least) * 0.04 : 1;
            return (least >= 0 && least < most / 2 ? 0 : least - room, most + room);
        }
        double margin = Math.Max((most - least) * 0.04, 0.03);
        // One mark of the scale at the least.
        return Math.Floor(most + margin) > Math.Floor(least - margin) ? (least - margin, most + margin) : (Math.Floor(least - margin), Math.Ceiling(most + margin));
    }

    private static void Divide(IAxis axis, PlotAxis meant, double from, double to)
    {
        if (axis is AxisBase labelled)
        {
            labelled.LabelText = meant.Label;
            labelled.LabelFontSize = FontSize + 1;
            labelled.LabelBold = false;
        }
        axis.TickLabelStyle.FontSize = FontSize;
        if (meant.Scale == PlotScale.Linear && meant.Ticks is null)
            return;
        NumericManual ticks = new();
        if (meant.Ticks is { } chosen)
        {
            // A label that would stand on the one before it is left out; its point is there.
            double last = double.NegativeInfinity;
            foreach (double value in chosen.Where(value => meant.Place(value) - last > (to - from) * LeastGap))
                ticks.AddMajor(last = meant.Place(value), Figure.Count(value));
        }
        else if (meant.Scale == PlotScale.Percentile)
        {
            foreach (double value in (double[])[0, 50, 90, 99, 99.9, 99.99, 99.999])
                ticks.AddMajor(meant.Place(value), string.Create(CultureInfo.InvariantCulture, $"{value} %"));
        }
        else
        {
            for (int power = (int)Math.Floor(from); power <= Math.Ceiling(to); power++)
            {
                ticks.AddMajor(power, LabelOf(power));
                for (int part = 2; part < 10; part++)
                {
                    // Where less than two powers are shown, marks between them are named too.
                    if (to - from < 2 && part is 2 or 5)
                        ticks.AddMajor(power + Math.Log10(part), LabelOf(power + Math.Log10(part)));
                    else
                        ticks.AddMinor(power + Math.Log10(part));
                }
            }
        }
        axis.TickGenerator = ticks;
    }

    private static string LabelOf(double power) => Math.Pow(10, power) switch
    {
        >= 999_999.5 and var value => string.Create(CultureInfo.InvariantCulture, $"{Math.Round(value / 1e6, 3):#,0.###} M"),
        var value => string.Create(CultureInfo.InvariantCulture, $"{Math.Round(value, 6):#,0.######}"),
    };

    /// <summary>Skia places each letter for itself, in the font that it was given; here a text gets its place, its width, and a font that readers have, and lines get their dashes.</summary>
    private static string Tidy(string svg, string title)
    {
        XDocument document = XDocument.Parse(svg);
        XElement root = document.Root!;
        XNamespace space = root.Name.Namespace;
        root.SetAttributeValue("viewBox", $"0 0 {Width} {Height}");
        root.AddFirst(new XElement(space + "title", title));
        foreach (XElement text in root.Descendants(space + "text"))
        {
            string content = text.Value.Trim();
            double size = double.Parse(text.Attribute("font-size")!.Value, CultureInfo.InvariantCulture);
            text.Value = content;
            text.SetAttributeValue("font-family", Families);
            text.SetAttributeValue("textLength", Math.Round(PlotFont.WidthOf(content, size), 1).ToString(CultureInfo.InvariantCulture));
            text.SetAttributeValue("lengthAdjust", "spacingAndGlyphs");
            foreach (string place in (string[])["x", "y"])
                text.SetAttributeValue(place, text.Attribute(place)!.Value.Split(',')[0].Trim());
        }
        // Skia counts them through the life of the process; here they begin anew, so that a plot changes only with its figures.
        int number = 0;
        foreach (XAttribute id in root.Descendants().Attributes("id"))
        {
            string old = id.Value;
            id.Value = $"c{++number}";
            foreach (XAttribute use in root.Descendants().Attributes("clip-path").Where(use => use.Value == $"url(#{old})"))
                use.Value = $"url(#{id.Value})";
        }
        foreach (XElement line in root.Descendants(space + "path"))
        {
            if (line.Attribute("stroke-width")?.Value is DashedMark or DottedMark)
                line.SetAttributeValue("stroke-dasharray", line.Attribute("stroke-width")!.Value == DashedMark ? "6 3" : "1.5 3");
        }
        return document.ToString() + "\n";
    }
}
