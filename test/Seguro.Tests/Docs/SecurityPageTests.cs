using System.Text.RegularExpressions;
using Seguro.Tests.Repository;

namespace Seguro.Tests.Docs;

/// <summary>Each promise of docs/security.md has its test, and the test is there.</summary>
public sealed partial class SecurityPageTests
{
    [Fact]
    public void Every_promise_names_tests_that_exist()
    {
        Dictionary<string, string> classes = SourceFiles.CSharp
            .Where(static path => path.EndsWith("Tests.cs", StringComparison.Ordinal))
            .GroupBy(static path => Path.GetFileNameWithoutExtension(path))
            .ToDictionary(static same => same.Key, static same => string.Concat(same.Select(SourceFiles.Read)));
        string[] promises = [.. SourceFiles.Read("docs/security.md").Split("## The promises, and their tests")[1].Split("\n## ")[0].Split('\n')
            .Where(static line => line.StartsWith("| ", StringComparison.Ordinal) && !line.StartsWith("| promise |", StringComparison.Ordinal))];
        Assert.True(promises.Length > 20, $"only {promises.Length} promises were found");
        List<string> wrong = [];
        foreach (string promise in promises)
        {
            MatchCollection tests = Test().Matches(promise);
            if (tests.Count == 0)
                wrong.Add($"no test: {promise}");
            wrong.AddRange(tests
                .Where(test => !classes.TryGetValue(test.Groups["class"].Value, out string? source) || !source.Contains($" {test.Groups["name"].Value}(", StringComparison.Ordinal))
                .Select(static test => test.Value));
        }
        Assert.Empty(wrong);
    }

    [GeneratedRegex(@"`(?<class>\w+Tests)\.(?<name>\w+)`", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Test();
}
