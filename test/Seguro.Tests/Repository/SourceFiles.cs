using System.Diagnostics;
using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Repository;

/// <summary>The files of the repository that git tracks, or would.</summary>
internal static class SourceFiles
{
    /// <summary>The paths below the repository's root that are tracked, or new and not ignored.</summary>
    public static IReadOnlyList<string> All { get; } = List();

    /// <summary>The C# sources.</summary>
    public static IEnumerable<string> CSharp => All.Where(static path => path.EndsWith(".cs", StringComparison.Ordinal));

    /// <summary>The whole text of a file.</summary>
    public static string Read(string path) => File.ReadAllText(Path.Combine(SharedData.Repository, path));

    private static List<string> List()
    {
        using Process git = Process.Start(new ProcessStartInfo("git", ["ls-files", "--cached", "--others", "--exclude-standard"])
        {
            WorkingDirectory = SharedData.Repository,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        })!;
        List<string> files = [];
        while (git.StandardOutput.ReadLine() is { } line)
        {
            if (File.Exists(Path.Combine(SharedData.Repository, line)))
                files.Add(line);
        }
        git.WaitForExit();
        Assert.Equal(0, git.ExitCode);
        return files;
    }
}
