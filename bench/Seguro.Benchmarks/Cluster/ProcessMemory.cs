using System.Globalization;

namespace Seguro.Benchmarks;

/// <summary>The resident memory of a process, in megabytes (<c>/proc/PID/status</c>).</summary>
/// <param name="Name">What it is.</param>
/// <param name="Id">Its number.</param>
/// <param name="Own">Its own: heap, stacks, and shared memory that is no file.</param>
/// <param name="Files">Pages of mapped files, which the kernel can take back.</param>
/// <param name="Peak">The most that was resident, files included.</param>
internal sealed record ProcessMemory(string Name, int Id, double Own, double Files, double Peak)
{
    /// <summary>Looks at a process.</summary>
    public static ProcessMemory Read(string name, int id)
    {
        Dictionary<string, double> fields = File.ReadLines($"/proc/{id}/status")
            .Where(static line => line.EndsWith("kB", StringComparison.Ordinal))
            .Select(static line => line.Split(':'))
            .ToDictionary(static pair => pair[0], static pair => double.Parse(pair[1].Trim()[..^3], CultureInfo.InvariantCulture) * 1024 / 1e6, StringComparer.Ordinal);
        return new ProcessMemory(name, id, fields["RssAnon"] + fields["RssShmem"], fields["RssFile"], fields["VmHWM"]);
    }

    /// <summary>Looks at the processes that a process started.</summary>
    public static IEnumerable<ProcessMemory> ReadChildren(string name, int parent) => ChildrenOf(parent).Select(child => Read(name, child));

    /// <summary>The processes that a process started.</summary>
    public static IEnumerable<int> ChildrenOf(int parent) =>
        Directory.EnumerateDirectories($"/proc/{parent}/task")
            .SelectMany(static task => File.ReadAllText(Path.Combine(task, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Select(static child => int.Parse(child, CultureInfo.InvariantCulture));
}
