using System.Text.RegularExpressions;
using Seguro.Testing;

namespace Seguro.Tests.Docs;

/// <summary>What the documentation points to is there.</summary>
public sealed partial class LinkTests
{
    [Fact]
    public void Every_link_within_the_documentation_leads_somewhere()
    {
        string root = SharedData.Repository;
        List<string> broken = [];
        int links = 0;
        foreach (string page in Directory.EnumerateFiles(Path.Combine(root, "docs"), "*.md", SearchOption.AllDirectories).Append(Path.Combine(root, "README.md")))
        {
            foreach (Match link in Link().Matches(File.ReadAllText(page)))
            {
                string[] parts = link.Groups["target"].Value.Split('#', 2);
                if (parts[0].Contains(':', StringComparison.Ordinal))
                    continue; // another machine's
                links++;
                string target = parts[0].Length == 0 ? page : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(page)!, parts[0]));
                bool leads = Path.Exists(target) && (parts.Length == 1 || AnchorsOf(target).Contains(parts[1]));
                if (!leads)
                    broken.Add($"{Path.GetRelativePath(root, page)}: {link.Groups["target"].Value}");
            }
        }
        Assert.Empty(broken);
        Assert.True(links > 50, $"only {links} links were found");
    }

    /// <summary>The anchors that a page's headings get: small letters, no punctuation, a hyphen for each blank.</summary>
    private static HashSet<string> AnchorsOf(string page) =>
        [.. Heading().Matches(File.ReadAllText(page)).Select(static heading => Punctuation().Replace(heading.Groups["text"].Value.Trim().ToLowerInvariant(), "").Replace(' ', '-'))];

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)\)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Link();

    [GeneratedRegex(@"^#+ (?<text>.*)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\w\- ]", RegexOptions.None, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Punctuation();
}
