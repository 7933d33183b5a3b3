using System.Text;
using ScottPlot;
using SkiaSharp;

namespace Seguro.Benchmarks;

/// <summary>
/// A font without shapes, made here: it has the widths of Helvetica's letters (Adobe's Core 14 font metrics; Arial and Liberation Sans have the
/// same), and a box for each. Plots are SVG with text as text, so that only widths are needed to
/// lay them out; with it they come out the same on every machine, also on one that has no fonts at all, where Skia would leave all text out.
/// </summary>
/// <remarks>A TrueType file (https://learn.microsoft.com/typography/opentype/spec/otff) with the tables that FreeType needs.</remarks>
internal sealed class PlotFont : IFontResolver
{
    /// <summary>Its name in ScottPlot.</summary>
    public const string Name = "Seguro plot";

    private const int UnitsPerEm = 1000;
    private const int BoxHeight = 718; // of a capital
    private const int Ascent = 905;
    private const int Descent = -212;
    private const char First = ' ';
    private const int OtherWidth = 556;

    // Of the characters from the space to the tilde.
    private static readonly int[] Widths =
    [
        278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
        1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
        333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
    ];

    private static readonly (int Code, int Width)[] Glyphs =
        [(0, OtherWidth), .. Widths.Select(static (width, index) => (First + index, width)), .. "µ×–−≤≥→·…".Select(static other => ((int)other, OtherWidth))];

    private static readonly Lazy<SKTypeface> Typeface = new(static () => SKTypeface.FromData(SKData.CreateCopy(Make())) ?? throw new InvalidOperationException("Skia does not take the plots' font."));

    /// <summary>Makes it the font of all plots.</summary>
    public static void Use()
    {
        if (Fonts.Default == Name)
            return;
        Fonts.FontResolvers.Insert(0, new PlotFont());
        Fonts.Default = Fonts.Sans = Name;
    }

    /// <summary>How wide a text of this size is.</summary>
    public static double WidthOf(string text, double size) => text.Sum(WidthOf) * size / UnitsPerEm;

    /// <inheritdoc/>
    public SKTypeface? CreateTypeface(string fontName, FontWeight weight, FontSlant slant, FontSpacing spacing) => fontName == Name ? Typeface.Value : null;

    /// <inheritdoc/>
    public SKTypeface? CreateTypeface(string fontName, bool bold, bool italic) => fontName == Name ? Typeface.Value : null;

    private static int WidthOf(char letter) => letter - First is >= 0 and var index && index < Widths.Length ? Widths[index] : OtherWidth;

    private static byte[] Make()
    {
        Table glyf = new(), loca = new(), hmtx = new();
        foreach ((int code, int width) in Glyphs)
        {
            loca.Long(glyf.Length);
            hmtx.Short(width, 0);
            if (code > First)
                Box(glyf, width);
        }
        loca.Long(glyf.Length);
        int last = Glyphs.Length;
        Table head = new Table().Long(0x10000, 0x10000, 0, 0x5F0F3CF5).Short(3, UnitsPerEm).Long(0, 0, 0, 0).Short(0, Descent, 1015, BoxHeight, 0, 6, 2, 1, 0);
        Table hhea = new Table().Long(0x10000).Short(Ascent, Descent, 33, 1015, 0, 0, 1015, 1, 0, 0, 0, 0, 0, 0, 0, last);
        Table maxp = new Table().Long(0x10000).Short(last, 4, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0);
        (int Code, int Glyph)[] codes = [.. Glyphs.Select(static (glyph, index) => (glyph.Code, index)).Skip(1).OrderBy(static pair => pair.Code)];
        Table cmap = new Table().Short(0, 1, 3, 10).Long(12).Short(12, 0).Long(16 + (12 * codes.Length), 0, codes.Length);
        foreach ((int code, int glyph) in codes)
            cmap.Long(code, code, glyph);
        byte[] family = Encoding.BigEndianUnicode.GetBytes(Name);
        Table name = new Table().Short(0, 1, 18, 3, 1, 0x409, 1, family.Length, 0).Bytes(family);
        Table post = new Table().Long(0x30000, 0).Short(-100, 50).Long(0, 0, 0, 0, 0);
        return File(("cmap", cmap), ("glyf", glyf), ("head", head), ("hhea", hhea), ("hmtx", hmtx), ("loca", loca), ("maxp", maxp), ("name", name), ("post", post));
    }

    // One contour of four points on the curve, each given by its distance from the one before.
    private static void Box(Table glyf, int width) => glyf
        .Short(1, 0, 0, width, BoxHeight).Short(3, 0).Bytes([1, 1, 1, 1]).Short(0, 0, width, 0).Short(0, BoxHeight, 0, -BoxHeight).Align();

    private static byte[] File(params (string Tag, Table Content)[] tables)
    {
        Table file = new Table().Long(0x10000).Short(tables.Length, 128, 3, (tables.Length * 16) - 128);
        int at = 12 + (16 * tables.Length);
        foreach ((string tag, Table content) in tables)
        {
            file.Bytes(Encoding.ASCII.GetBytes(tag)).Long(0, at, content.Length);
            at += (content.Length + 3) / 4 * 4;
        }
        foreach ((_, Table content) in tables)
            file.Bytes(content.ToArray()).Align();
        return file.ToArray();
    }

    /// <summary>Big-endian numbers in a row.</summary>
    private sealed class Table
    {
        private readonly List<byte> _bytes = [];

        public int Length => _bytes.Count;

        public Table Short(params ReadOnlySpan<int> values)
        {
            foreach (int value in values)
                _bytes.AddRange([(byte)(value >> 8), (byte)value]);
            return this;
        }

        public Table Long(params ReadOnlySpan<int> values)
        {
            foreach (int value in values)
                Short(value >> 16, value);
            return this;
        }

        public Table Bytes(ReadOnlySpan<byte> bytes)
        {
            _bytes.AddRange(bytes);
            return this;
        }

        public void Align()
        {
            while (_bytes.Count % 4 != 0)
                _bytes.Add(0);
        }

        public byte[] ToArray() => [.. _bytes];
    }
}
