using System.Text.RegularExpressions;
using Seguro.Tests.Repository;

namespace Seguro.Tests.Docs;

/// <summary>A sentence of the documentation stands on a line of its own: a change of one is then a change of one line, and what was changed is what a reader sees.</summary>
public sealed partial class SentenceTests
{
    private static IEnumerable<string> Pages =>
        SourceFiles.All.Where(static path => path is "CONTRIBUTING.md" or "README.md" || (path.StartsWith("docs/", StringComparison.Ordinal) && path.EndsWith(".md", StringComparison.Ordinal)));

    [Fact]
    public void No_sentence_begins_within_a_line()
    {
        List<string> wrong = [];
        // What the verbs say of themselves, and the tables of measurements, are generated.
        foreach (string page in Pages.Where(static page => page is not "docs/reference.md" && !page.StartsWith("docs/performance/", StringComparison.Ordinal)))
        {
            bool isCode = false;
            foreach ((int number, string line) in SourceFiles.Read(page).Split('\n').Index())
            {
                isCode ^= line.TrimStart().StartsWith("```", StringComparison.Ordinal);
                if (!isCode && IsText(line) && Next().IsMatch(Code().Replace(Item().Replace(line, ""), "x")))
                    wrong.Add($"{page}:{number + 1}: {line[..Math.Min(60, line.Length)]}…");
            }
        }
        Assert.Empty(wrong);
    }

    [Fact]
    public void No_line_ends_within_a_sentence()
    {
        List<string> wrong = [];
        foreach (string page in Pages)
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

    [GeneratedRegex("`[^`]*`", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Code();

    // A word in small letters, a figure or a bracket ends a sentence, a capital begins one; so names with initials, and bold words that lead in, are none.
    [GeneratedRegex(@"[\p{Ll}\d)\]""][.!?] \p{Lu}", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Next();

    [GeneratedRegex(@"[.!?…:][)\]*""”’`]*\s*$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex End();
}
