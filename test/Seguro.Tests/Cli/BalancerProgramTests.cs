using System.CommandLine;
using System.Diagnostics;
using Seguro.CommandLine;
using Seguro.Testing;
using Seguro.Tests.Balancer;

namespace Seguro.Tests.Cli;

/// <summary><c>seguro-balancer</c>: the balancer as a program of its own, which brings nothing along that what faces the internet has no use for.</summary>
public sealed class BalancerProgramTests
{
    private const string Name = "seguro-balancer";
    private static readonly string[] Allowed = [Name, "Seguro.CommandLine", "Seguro.Balancer", "Seguro.Core", "Seguro.Files", "System.CommandLine"];

    private static string Folder { get; } = Path.GetFullPath(Path.Combine(
        AppContext.BaseDirectory.TrimEnd('/'), "..", "..", "Seguro.BalancerProgram", Path.GetFileName(AppContext.BaseDirectory.TrimEnd('/'))));

    [Fact(Timeout = 60_000)]
    public async Task It_loads_the_class_library_and_what_a_balancer_needs()
    {
        Assert.Equal(Allowed.Order(StringComparer.Ordinal), Directory.GetFiles(Folder, "*.dll").Select(static path => Path.GetFileNameWithoutExtension(path)).Order(StringComparer.Ordinal));

        using TemporaryFolder folder = new();
        File.WriteAllText(folder["key"], BalancerBed.Ring.ToSecretText());
        File.SetUnixFileMode(folder["key"], UnixFileMode.UserRead | UnixFileMode.UserWrite);
        using Process balancer = Start("--listen", "127.0.0.1:0", "--inside", "127.0.0.1:0", "--http", "127.0.0.1:0", "--key-file", folder["key"]);
        using Watchdog watchdog = new();
        watchdog.Process(balancer.Id);
        Assert.Contains("come in at 127.0.0.1:", await balancer.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        string[] loaded = [.. File.ReadLines($"/proc/{balancer.Id}/maps").Select(static line => line[(line.LastIndexOf(' ') + 1)..]).Where(static path => path.EndsWith(".dll", StringComparison.Ordinal)).Distinct()];
        await Tool.SignalAsync("TERM", [balancer.Id]);
        string rest = await balancer.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await balancer.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(0, balancer.ExitCode);
        Assert.Contains("members 0, term 0; dropped: none", rest, StringComparison.Ordinal);
        Assert.Contains(loaded, static path => path.EndsWith("/Seguro.Balancer.dll", StringComparison.Ordinal));
        Assert.All(loaded, path => Assert.True(
            Path.GetDirectoryName(path) == Folder || path.Contains("/Microsoft.NETCore.App/", StringComparison.Ordinal), $"{path} is neither the balancer's nor the class library"));
    }

    [Fact]
    public void It_takes_what_the_verb_takes()
    {
        Command verb = BalancerCommand.Create(PlainTerminal.OfProcess());
        RootCommand program = BalancerCommand.CreateRoot(PlainTerminal.OfProcess());
        Assert.Superset(verb.Options.ToHashSet(), program.Options.ToHashSet());
        Assert.Equal(verb.Description, program.Description);
    }

    [Theory(Timeout = 60_000)]
    [InlineData(2, "error SG2000 --listen is missing")]
    [InlineData(2, "Try: seguro-balancer --help", "--lisen", "127.0.0.1:1")]
    [InlineData(2, "SG2003", "--listen", "here", "--nftables", "--json")]
    [InlineData(0, "Usage:\n  seguro-balancer [options]", "--help")]
    [InlineData(0, "udp dport 13337 jump copies", "--nftables", "--listen", "10.0.0.9:13337", "--members", "10.0.0.1:1")]
    public async Task It_ends_as_the_verb_does(int code, string said, params string[] args)
    {
        using Process balancer = Start(args);
        Task<string> errors = balancer.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = await balancer.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await balancer.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(code, balancer.ExitCode);
        Assert.Contains(said, output + await errors, StringComparison.Ordinal);
    }

    private static Process Start(params string[] args) =>
        Process.Start(new ProcessStartInfo(Path.Combine(Folder, Name), args) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false })!;
}
