using System.Diagnostics;
using Seguro.Testing;
using Seguro.Urbit.Nouns;
using Xunit;

namespace Seguro.Tests.Urbit.Nouns;

/// <summary>
/// Comparison with the independent implementation of npm's <c>@urbit/nockjs</c>: with what it gave when this was written, and, where node and npm
/// are there, with the package itself on other random nouns. In CI (the variable <c>CI</c> is set) they must be there.
/// </summary>
public class NockjsTests
{
    private const string Package = "@urbit/nockjs@1.6.0";
    private static readonly string Folder = Path.Combine(SharedData.Repository, "test", "Seguro.Tests", "Urbit", "Nouns");

    [Fact]
    public void Agrees_with_what_nockjs_gave() => Compare(File.ReadAllLines(Path.Combine(Folder, "nockjs-1.6.0.txt")), 150);

    [Fact]
    public async Task Agrees_with_nockjs_itself()
    {
        string modules = Path.Combine(SharedData.Repository, "artifacts", "npm");
        Directory.CreateDirectory(modules);
        string error = "";
        if (!Directory.Exists(Path.Combine(modules, "node_modules", "@urbit", "nockjs")))
            (_, error) = await Run("npm", modules, "install", "--no-save", "--no-audit", "--no-fund", "--prefix", modules, Package);
        string script = Path.Combine(modules, "nockjs-nouns.mjs");
        File.Copy(Path.Combine(Folder, "nockjs-nouns.mjs"), script, overwrite: true);
        int seed = Random.Shared.Next();
        (string? output, string nodeError) = error.Length > 0 ? (null, error) : await Run("node", modules, script, "3000", seed.ToString());
        if (output is null)
        {
            string why = $"node with {Package} is not to be had: {nodeError}";
            Assert.Skip(why);
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        Compare(output.Split('\n', StringSplitOptions.RemoveEmptyEntries), 3000);
    }

    private static void Compare(string[] lines, int count)
    {
        Assert.Equal(count, lines.Length);
        foreach (string line in lines)
        {
            string hex = line[9..];
            Noun noun = Cue.From(Convert.FromHexString(hex));
            Assert.Equal(line[..8], noun.Mug.ToString("x8"));
            Assert.Equal(hex, Convert.ToHexStringLower(Jam.ToBytes(noun)));
            if (noun is Cell cell)
                Assert.Equal(hex, Convert.ToHexStringLower(Jam.ToBytes(new Cell(Cue.From(Jam.ToBytes(cell.Head)), Cue.From(Jam.ToBytes(cell.Tail))))));
        }
    }

    private static async Task<(string? Output, string Error)> Run(string program, string folder, params string[] arguments)
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
