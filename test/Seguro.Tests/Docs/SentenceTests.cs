using System.Text.RegularExpressions;
using Seguro.Tests.Repository;

namespace Seguro.Tests.Docs;

/// <summary>A sentence of the documentation stands on a line of its own: a change of one is then a change of one line, and what was changed is what a reader sees.</summary>
public sealed partial class SentenceTests
{
    [Fact]
    public void No_line_ends_within_a_sentence()
    {
        List<string> wrong = [];
        foreach (string page in SourceFiles.All.Where(static path => path is "CONTRIBUTING.md" || (path.StartsWith("docs/", StringComparison.Ordinal) && path.EndsWith(".md", StringComparison.Ordinal))))
        {
            string[] lines = SourceFiles.Read(page).Split('\n');
            bool isCode = false;
            for (int i = 0; i + 1 < lines.Length; i++)
            {
                isCode ^= lines[i].TrimStart().StartsWith("```", StringComparison.Ordinal);
                if (!isCode && IsText(lines[i]) && IsText(lines[i + 1]) && !Item().IsMatch(lines[i + 1]) && !End().IsMatch(lines[i]))
                    wrong.Add($"{page}:{i + 1}: …{lines[i][^Math.Min(40, lines[i].Length)..]}");
            }
        }
        Assert.Empty(wrong);
    }

    /// <summary>Not empty, and no row of a table, heading, quotation, code.</summary>
    private static bool IsText(string line) =>
        line.AsSpan().TrimStart() is [not ('|' or '#' or '>' or '<' or '`'), ..] && !line.StartsWith("    ", StringComparison.Ordinal);

    [GeneratedRegex(@"^\s*([*+-]|\d+\.)\s", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Item();

    [GeneratedRegex(@"[.!?…:][)\]*""”’`]*\s*$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex End();
}
