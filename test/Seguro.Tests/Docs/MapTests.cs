using System.Text.RegularExpressions;
using Seguro.Tests.Repository;

namespace Seguro.Tests.Docs;

/// <summary>The map in <c>docs/internals.md</c> ("Where things are") names every project and every folder, and none that is not there.</summary>
public sealed partial class MapTests
{
    private const string MirrorOfSource = "test/Seguro.Tests";

    private static readonly string[] Folders =
        [.. SourceFiles.All.SelectMany(static path => Above(path)).Distinct(StringComparer.Ordinal)];

    private static readonly string[] Projects =
        [.. SourceFiles.All.Where(static path => path.EndsWith(".csproj", StringComparison.Ordinal)).Select(static path => Path.GetDirectoryName(path)!)];

    [Fact]
    public void Every_project_is_on_the_map() => Assert.Equal(Projects.Order(StringComparer.Ordinal), Map().Keys.Order(StringComparer.Ordinal));

    [Fact]
    public void Every_folder_of_a_project_is_on_the_map()
    {
        Dictionary<string, string[]> map = Map();
        string[] mirrored = [.. Projects.Where(static project => project.StartsWith("src/", StringComparison.Ordinal)).Select(static project => project["src/Seguro.".Length..])];
        string[] missing = [.. Projects.SelectMany(project => Folders
            .Where(folder => Path.GetDirectoryName(folder) == project)
            .Where(folder => !map[project].Any(named => named.Split('/')[0] == Path.GetFileName(folder)))
            .Where(folder => project != MirrorOfSource || !mirrored.Contains(Path.GetFileName(folder))))];
        Assert.Empty(missing);
        Assert.True(map.Values.Sum(static named => named.Length) > 40, "the map names few folders: is it read rightly?");
    }

    [Fact]
    public void Every_folder_on_the_map_is_there() =>
        Assert.All(Map().SelectMany(static entry => entry.Value.Select(named => $"{entry.Key}/{named}")), static path => Assert.Contains(path, Folders));

    /// <summary>The folders that the map names (<c>Name/</c>), by project.</summary>
    private static Dictionary<string, string[]> Map()
    {
        string block = SourceFiles.Read("docs/internals.md").Split("## Where things are")[1].Split("```")[1];
        Dictionary<string, string[]> map = [];
        foreach (Match entry in Entry().Matches(block))
            map.Add(entry.Groups["project"].Value, [.. Folder().Matches(entry.Groups["text"].Value).Select(static match => match.Value.TrimEnd('/'))]);
        return map;
    }

    private static IEnumerable<string> Above(string path)
    {
        for (string? folder = Path.GetDirectoryName(path); !string.IsNullOrEmpty(folder); folder = Path.GetDirectoryName(folder))
            yield return folder;
    }

    [GeneratedRegex(@"^(?<project>(src|test|bench)/\S+)(?<text>.*(\n +.*)*)", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Entry();

    [GeneratedRegex(@"(?<=\s)([A-Z]\w*/)+(?=\s|$)", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Folder();
}
