using System.Diagnostics;
using Seguro.Testing;

namespace Seguro.Tests.Nouns;

/// <summary>Independent implementations from npm, installed below <c>artifacts</c>, run by node. Where they are not to be had, what they gave is checked in.</summary>
internal static class NpmPackages
{
    private static readonly Lock Installing = new();

    /// <summary>Runs a script of the tests with these packages; its lines. Skips the test where node or npm can't do it.</summary>
    /// <param name="script">The script's path.</param>
    /// <param name="packages">The packages, each with its version.</param>
    /// <param name="arguments">What the script is given.</param>
    public static async Task<string[]> RunAsync(string script, string[] packages, params string[] arguments)
    {
        string modules = Path.Combine(SharedData.Repository, "artifacts", "npm");
        Directory.CreateDirectory(modules);
        string error = "";
        lock (Installing)
        {
            string[] missing = [.. packages.Where(package => !Directory.Exists(Path.Combine(modules, "node_modules", package[..package.LastIndexOf('@')])))];
            if (missing.Length > 0)
                (_, error) = Run("npm", modules, ["install", "--no-save", "--no-audit", "--no-fund", "--prefix", modules, .. packages]).GetAwaiter().GetResult();
        }
        string copy = Path.Combine(modules, Path.GetFileName(script));
        File.Copy(script, copy, overwrite: true);
        (string? output, string nodeError) = error.Length > 0 ? (null, error) : await Run("node", modules, [copy, .. arguments]);
        if (output is null)
        {
            string why = $"node with {string.Join(", ", packages)} is not to be had: {nodeError}";
            Assert.Skip(why);
        }
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private static async Task<(string? Output, string Error)> Run(string program, string folder, string[] arguments)
    {
        ProcessStartInfo start = new(program, arguments) { WorkingDirectory = folder, UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        try
        {
            using Process process = Process.Start(start)!;
            Task<string> error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            return process.ExitCode == 0 ? (output, "") : (null, await error);
        }
        catch (System.ComponentModel.Win32Exception absent)
        {
            return (null, absent.Message);
        }
    }
}
