using System.Text;

namespace Seguro.Benchmarks;

/// <summary>A table in Markdown; a column without a single cell is left out, and one of numbers is aligned to the right.</summary>
/// <param name="headers">Over the columns.</param>
internal sealed class MarkdownTable(params IReadOnlyList<string> headers)
{
    private readonly List<string[]> _rows = [];

    public int Count => _rows.Count;

    /// <summary>Adds a row: a cell a column, empty where there is nothing to say.</summary>
    public void Add(params IReadOnlyList<string?> cells)
    {
        if (cells.Count != headers.Count)
            throw new ArgumentException($"{cells.Count} cells for {headers.Count} columns", nameof(cells));
        _rows.Add([.. cells.Select(static cell => (cell ?? "").ReplaceLineEndings(" ").Replace("|", "\\|"))]);
    }

    public override string ToString()
    {
        int[] shown = [.. Enumerable.Range(0, headers.Count).Where(column => _rows.Exists(row => row[column].Length > 0))];
        StringBuilder text = new();
        Line(shown.Select(column => headers[column]));
        text.Append('|').AppendJoin('|', shown.Select(column => _rows.TrueForAll(row => row[column].Length == 0 || IsNumber(row[column])) ? "---:" : "---")).Append("|\n");
        foreach (string[] row in _rows)
            Line(shown.Select(column => row[column]));
        return text.ToString();

        void Line(IEnumerable<string> cells) => text.Append("| ").AppendJoin(" | ", cells).Append(" |\n");
    }

    private static bool IsNumber(string cell) => cell.TrimStart('-').All(static letter => char.IsAsciiDigit(letter) || letter is '.' or ',');
}
