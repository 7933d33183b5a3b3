using System.Xml.Linq;
using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Repository;

/// <summary>References point one way: Core ← Urbit ← Stores ← Node ← Cli; tests and benchmarks stand beside.</summary>
public sealed class ArchitectureTests
{
    private static readonly Dictionary<string, string[]> MayReference = new()
    {
        ["Seguro.Core"] = [],
        ["Seguro.Urbit"] = ["Seguro.Core"],
        ["Seguro.Stores"] = ["Seguro.Core", "Seguro.Urbit"],
        ["Seguro.Node"] = ["Seguro.Core", "Seguro.Urbit", "Seguro.Stores"],
        ["Seguro.Cli"] = ["Seguro.Core", "Seguro.Urbit", "Seguro.Stores", "Seguro.Node"],
    };

    private static IEnumerable<string> Projects => SourceFiles.All.Where(static path => path.EndsWith(".csproj", StringComparison.Ordinal));

    [Fact]
    public void References_point_one_way()
    {
        List<string> wrong = [];
        foreach (string project in Projects.Where(static path => path.StartsWith("src/", StringComparison.Ordinal)))
        {
            string name = Path.GetFileNameWithoutExtension(project);
            Assert.True(MayReference.TryGetValue(name, out string[]? allowed), $"{name} has no place in the architecture yet: give it one in this test");
            wrong.AddRange(References(project).Where(reference => !allowed.Contains(reference)).Select(reference => $"{name} → {reference}"));
        }
        Assert.Empty(wrong);
    }

    [Fact]
    public void Core_references_nothing_but_analyzers()
    {
        XElement core = Load("src/Seguro.Core/Seguro.Core.csproj");
        Assert.All(core.Descendants("PackageReference"), static package => Assert.Equal("all", (string?)package.Attribute("PrivateAssets")));
        IEnumerable<string?> assemblies = typeof(Seguro.Core.Event).Assembly.GetReferencedAssemblies().Select(static assembly => assembly.Name);
        Assert.All(assemblies, static name => Assert.StartsWith("System.", name, StringComparison.Ordinal));
    }

    [Fact]
    public void Nothing_of_the_product_knows_the_tests() =>
        Assert.All(
            Projects.Where(static path => path.StartsWith("src/", StringComparison.Ordinal)),
            static project => Assert.DoesNotContain(References(project), static reference => reference.Contains("Test", StringComparison.Ordinal)));

    [Fact]
    public void Every_project_is_in_the_solution()
    {
        string solution = SourceFiles.Read("Seguro.slnx");
        Assert.All(Projects, project => Assert.Contains($"\"{project}\"", solution, StringComparison.Ordinal));
    }

    [Fact]
    public void Versions_of_packages_are_in_one_place() =>
        Assert.All(
            Projects.SelectMany(static project => Load(project).Descendants("PackageReference")),
            static package => Assert.Null(package.Attribute("Version")));

    private static IEnumerable<string> References(string project) =>
        Load(project).Descendants("ProjectReference").Select(static reference => Path.GetFileNameWithoutExtension(((string)reference.Attribute("Include")!).Replace('\\', '/')));

    private static XElement Load(string project) => XElement.Load(Path.Combine(SharedData.Repository, project));
}
