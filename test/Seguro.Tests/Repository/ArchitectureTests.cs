using System.Xml.Linq;
using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Repository;

/// <summary>
/// References point one way: {Core, Files, Nouns, Identity} ← {Stores, Piers, Nock, Balancer, Harbor} ← Vere ← Node ← Cli; Sdk and Native stand
/// beside Vere, HarborService beside Node; tests and benchmarks stand beside.
/// Why each is there that seems not to fit is in docs/internals.md.
/// </summary>
public sealed class ArchitectureTests
{
    private static readonly Dictionary<string, string[]> MayReference = new()
    {
        ["Seguro.Core"] = [],
        ["Seguro.Files"] = ["Seguro.Core"],
        ["Seguro.Nouns"] = ["Seguro.Core"],
        ["Seguro.Identity"] = ["Seguro.Core", "Seguro.Files"],
        ["Seguro.Balancer"] = ["Seguro.Core", "Seguro.Files"],
        ["Seguro.Nock"] = ["Seguro.Core", "Seguro.Files", "Seguro.Nouns"],
        ["Seguro.Piers"] = ["Seguro.Core", "Seguro.Files", "Seguro.Nouns"],
        ["Seguro.Stores"] = ["Seguro.Core", "Seguro.Files", "Seguro.Identity", "Seguro.Piers"],
        ["Seguro.Harbor"] = ["Seguro.Core", "Seguro.Files", "Seguro.Nouns", "Seguro.Piers", "Seguro.Stores"],
        ["Seguro.HarborService"] = ["Seguro.Core", "Seguro.Files", "Seguro.Harbor", "Seguro.Identity"],
        ["Seguro.Sdk"] = ["Seguro.Core", "Seguro.Files", "Seguro.Identity", "Seguro.Nouns", "Seguro.Piers", "Seguro.Stores"],
        ["Seguro.Native"] = ["Seguro.Core", "Seguro.Files", "Seguro.Identity", "Seguro.Nouns", "Seguro.Piers", "Seguro.Sdk", "Seguro.Stores"],
        ["Seguro.Vere"] = ["Seguro.Core", "Seguro.Nouns", "Seguro.Piers", "Seguro.Stores"],
        ["Seguro.Node"] = [.. BelowNode],
        ["Seguro.CommandLine"] = ["Seguro.Balancer", "Seguro.Core", "Seguro.Files"],
        ["Seguro.BalancerProgram"] = ["Seguro.Balancer", "Seguro.CommandLine", "Seguro.Core", "Seguro.Files"],
        ["Seguro.Cli"] = [.. BelowNode, "Seguro.CommandLine", "Seguro.HarborService", "Seguro.Node"],
    };

    private static string[] BelowNode =>
        ["Seguro.Balancer", "Seguro.Core", "Seguro.Files", "Seguro.Harbor", "Seguro.Identity", "Seguro.Nock", "Seguro.Nouns", "Seguro.Piers", "Seguro.Stores", "Seguro.Vere"];

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
    public void What_faces_the_internet_is_the_class_library_and_Seguros_own()
    {
        XElement balancer = Load("src/Seguro.Balancer/Seguro.Balancer.csproj");
        Assert.Empty(balancer.Descendants("PackageReference"));
        Assert.Empty(balancer.Descendants("FrameworkReference"));
        IEnumerable<string?> assemblies = typeof(Seguro.Balancer.UdpBalancer).Assembly.GetReferencedAssemblies().Select(static assembly => assembly.Name);
        // The one assembly of the class library with another name: it holds the exception that starting a process throws.
        Assert.All(
            assemblies,
            static name => Assert.True(name!.StartsWith("System.", StringComparison.Ordinal) || name == "Microsoft.Win32.Primitives" || MayReference["Seguro.Balancer"].Contains(name), name));
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
